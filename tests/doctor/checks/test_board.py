"""What is put on a Pi: profiles, overlays that are missing, drivers a new kernel left behind."""

from pathlib import Path

import pytest

from edgevoice.config import Config
from edgevoice.doctor.checks.board import board
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Told
from tests.doctor.boards import Board, levels, only

PI = {"proc/device-tree/model": "Raspberry Pi Zero 2 W Rev 1.0\0"}
V2 = "respeaker-2mic-v2_0"
FIRMWARE = "boot/firmware/config.txt"
COMPILED = f"boot/firmware/overlays/{V2}.dtbo"
KERNEL = {"proc/sys/kernel/osrelease": "6.12.25+rpt-rpi-v8\n"}
XVF = {
    "sys/bus/usb/devices/1-1/idVendor": "2886\n",
    "sys/bus/usb/devices/1-1/idProduct": "001a\n",
}


def look(made: Board, profile: str = "none") -> list[Finding]:
    return list(board(made.machine, Config(board=profile)))


def test_a_pi_with_nothing_on_it(tmp_path: Path) -> None:
    found = look(Board(tmp_path, PI))
    assert levels(found) == {"board": "ok", "profile": "ok"}
    assert found[0].text == "Raspberry Pi Zero 2 W Rev 1.0"


def test_a_system_of_32_bits_is_no_good(tmp_path: Path) -> None:
    made = Board(tmp_path, PI, says={"getconf LONG_BIT": Told(0, "32\n")})
    assert only(look(made), "board").level == "fail"


def test_a_board_that_was_found_and_is_not_configured(tmp_path: Path) -> None:
    made = Board(tmp_path, XVF)
    assert only(look(made, "xvf3800"), "profile").level == "ok"
    found = only(look(made), "profile")
    assert (found.level, found.todo) == ("warn", "sudo edgevoice board use xvf3800")


def test_a_board_that_is_configured_and_not_there(tmp_path: Path) -> None:
    found = only(look(Board(tmp_path), "xvf3800"), "profile")
    assert found.level == "warn" and "nothing of that board" in found.text


@pytest.mark.parametrize(
    ("config", "has_file", "has_card", "level", "remedy"),
    [
        ("dtparam=spi=on\n", True, False, "fail", "sudo edgevoice board overlay --write"),
        (f"dtparam=spi=on\ndtoverlay={V2}\n", True, False, "fail", "sudo reboot"),
        (f"dtparam=spi=on\ndtoverlay={V2}\n", False, False, "fail", "board overlay --write"),
        (f"dtparam=spi=on\ndtoverlay={V2}\n", True, True, "ok", ""),
    ],
)
def test_an_overlay(
    tmp_path: Path, config: str, has_file: bool, has_card: bool, level: str, remedy: str
) -> None:
    made = Board(tmp_path, {**PI, FIRMWARE: config, **({COMPILED: ""} if has_file else {})})
    made.write("boot/firmware/overlays/README")
    if has_card:
        made.has_card(1, "seeed2micvoicec", "seeed-2mic-voicecard")
        made.write("dev/spidev0.0")
    found = only(look(made, "respeaker-2mic-v2"), "overlay")
    assert found.level == level and remedy in found.todo


def test_a_driver_that_the_new_kernel_left_behind(tmp_path: Path) -> None:
    dkms = "var/lib/dkms/seeed-voicecard/0.3/6.6.31+rpt-rpi-v8/aarch64/log"
    made = Board(tmp_path, {**KERNEL, dkms: ""})
    found = only(look(made), "driver")
    assert found.level == "fail" and "sudo dkms autoinstall" in found.todo
    made.write("var/lib/dkms/seeed-voicecard/0.3/6.12.25+rpt-rpi-v8/aarch64/log")
    assert only(look(made), "driver").level == "warn"
