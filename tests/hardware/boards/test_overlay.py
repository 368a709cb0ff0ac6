"""What config.txt needs, what it has, and what the running kernel has made of it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edgevoice.hardware.boards.boot_config import HEAD, BootConfig
from edgevoice.hardware.boards.known import KNOWN, known
from edgevoice.hardware.boards.overlay import Overlay, needed, shipped
from edgevoice.hardware.boards.seen import look
from tests.hardware.boards.machine import CONFIG_TXT, PI_3, PI_4, PI_5, ZERO_2, Machine

OVERLAYS = Path(__file__).parents[3] / "edgevoice/boards/overlays"
V2 = ("dtparam=spi=on", "dtoverlay=respeaker-2mic-v2_0")


def overlay_of(machine: Machine, name: str) -> Overlay:
    board = known(name)
    assert board is not None
    return needed(board, look(machine.root), machine.root)


@pytest.mark.parametrize("model", [PI_3, PI_4, PI_5, ZERO_2])
def test_a_fresh_pi_lacks_the_lines(tmp_path: Path, model: str) -> None:
    machine = Machine(tmp_path, model)
    machine.put("boot/firmware/overlays/respeaker-2mic-v2_0.dtbo", "")
    found = overlay_of(machine, "respeaker-2mic-v2")
    assert (found.lines, found.absent, found.present, found.active) == (V2, V2, False, False)
    assert found.todo == f"add {', '.join(V2)} to /boot/firmware/config.txt and reboot once"


def test_the_lines_are_there_and_the_start_is_not_yet(pi: Machine) -> None:
    pi.put("boot/firmware/overlays/respeaker-2mic-v2_0.dtbo", "")
    pi.config_txt(*V2)
    found = overlay_of(pi, "respeaker-2mic-v2")
    assert (found.present, found.active) == (True, False)
    assert found.todo == "reboot once: the lines are in /boot/firmware/config.txt"


def test_with_card_and_spi_nothing_is_left_to_do(pi: Machine) -> None:
    pi.config_txt(*V2)
    pi.card("seeed2micvoicec", "seeed2micvoicec")
    assert not overlay_of(pi, "respeaker-2mic-v2").active  # its LEDs have no bus
    pi.spi()
    found = overlay_of(pi, "respeaker-2mic-v2")
    assert (found.present, found.active, found.todo) == (True, True, "")


def test_a_card_that_an_eeprom_brought_needs_no_line(pi: Machine) -> None:
    pi.card("Zero", "RPi Codec Zero")
    found = overlay_of(pi, "codec-zero")
    assert (found.present, found.active) == (True, True)


def test_an_overlay_that_is_not_shipped_says_where_it_comes_from(pi: Machine) -> None:
    found = overlay_of(pi, "respeaker-4mic")
    assert "seeed-4mic-voicecard is not on this machine" in found.todo
    assert "HinTak/seeed-voicecard" in found.todo
    (pi.root / "boot/firmware/overlays/wm8960-soundcard.dtbo").unlink()
    assert "apt full-upgrade" in overlay_of(pi, "waveshare-wm8960").todo


def test_where_nobody_has_built_seeeds_overlay_ours_is_taken(pi: Machine) -> None:
    assert overlay_of(pi, "respeaker-2mic-v2").absent == (
        "dtparam=spi=on",
        "dtoverlay=edgevoice-respeaker-2mic-v2",
    )


@pytest.mark.parametrize("source", sorted(OVERLAYS.glob("*.dts")))
def test_a_compiled_overlay_is_what_its_source_says(source: Path) -> None:
    """Compared by what the firmware reads in it; the compiler is not everywhere."""
    compiled = source.with_suffix(".dtbo").read_bytes()
    assert compiled.startswith(b"\xd0\x0d\xfe\xed")  # devicetree specification, 5.2
    for name in re.findall(r"^\tfragment@\d", source.read_text(), re.M):
        assert name.strip().encode() + b"\0" in compiled
    if dtc := shutil.which("dtc"):
        words = [dtc, "-@", "-q", "-I", "dts", "-O", "dtb", source]
        assert subprocess.run(words, capture_output=True, check=True).stdout == compiled


def test_the_overlays_that_ship_are_of_known_boards() -> None:
    used = {name for board in KNOWN for name in board.kernel.overlays if shipped(name)}
    assert {name.removeprefix("edgevoice-") for name in used} == {
        path.stem for path in OVERLAYS.glob("*.dtbo")
    }


def test_of_several_overlays_the_best_that_is_there_is_taken(pi: Machine) -> None:
    assert overlay_of(pi, "respeaker-2mic-v1").lines[-1] == "dtoverlay=wm8960-soundcard"
    pi.put("boot/firmware/overlays/respeaker-2mic-v1_0.dtbo", "")
    assert overlay_of(pi, "respeaker-2mic-v1").lines[-1] == "dtoverlay=respeaker-2mic-v1_0"
    pi.config_txt("dtoverlay=wm8960-soundcard")
    assert overlay_of(pi, "respeaker-2mic-v1").absent == ("dtparam=spi=on",)
    pi.config_txt("dtoverlay=seeed-2mic-voicecard")  # which is not on this machine any more
    assert overlay_of(pi, "respeaker-2mic-v1").lines[-1] == "dtoverlay=respeaker-2mic-v1_0"


def test_a_board_on_usb_needs_nothing(pi: Machine) -> None:
    assert overlay_of(pi, "xvf3800") == Overlay(())


def test_a_computer_has_no_config_txt(tmp_path: Path) -> None:
    assert overlay_of(Machine(tmp_path, model=""), "waveshare-wm8960") == Overlay(())


def test_debian_11s_place_of_the_file(pi: Machine) -> None:
    (pi.root / "boot/firmware/config.txt").rename(pi.root / "boot/config.txt")
    assert overlay_of(pi, "waveshare-wm8960").file == "/boot/config.txt"


@pytest.mark.parametrize(
    ("model", "text", "line", "has"),
    [
        (PI_4, "dtparam=spi=on", "dtparam=spi=on", True),
        (PI_4, "  dtparam = i2c_arm=on , spi=on  # both", "dtparam=spi=on", True),
        (PI_4, "dtparam=spi", "dtparam=spi=on", True),
        (PI_4, "dtparam=spi=off", "dtparam=spi=on", False),
        (PI_4, "#dtparam=spi=on", "dtparam=spi=on", False),
        (PI_4, "dtoverlay=wm8960-soundcard,alsaname=x", "dtoverlay=wm8960-soundcard", True),
        (PI_4, "dtoverlay=wm8960-soundcard2", "dtoverlay=wm8960-soundcard", False),
        (PI_4, "[pi5]\ndtparam=spi=on", "dtparam=spi=on", False),
        (PI_5, "[pi5]\ndtparam=spi=on", "dtparam=spi=on", True),
        (PI_5, "[pi4]\nx=1\n[all]\ndtparam=spi=on", "dtparam=spi=on", True),
        (PI_3, "[pi3+]\ndtparam=spi=on", "dtparam=spi=on", True),
        (ZERO_2, "[pi02]\ndtparam=spi=on", "dtparam=spi=on", True),
        (ZERO_2, "[pi3]\ndtparam=spi=on", "dtparam=spi=on", False),
        (PI_4, "[none]\ndtparam=spi=on", "dtparam=spi=on", False),
        (PI_4, "[EDID=VSC-TD2220]\ndtparam=spi=on", "dtparam=spi=on", False),
    ],
)
def test_a_line_counts_where_the_firmware_would_read_it(
    tmp_path: Path, model: str, text: str, line: str, has: bool
) -> None:
    machine = Machine(tmp_path, model)
    machine.put("boot/firmware/config.txt", text)
    assert BootConfig(machine.root, model).has(line) is has


def test_lines_are_added_for_every_model_and_the_old_file_is_kept(pi: Machine) -> None:
    boot = BootConfig(pi.root, PI_4)
    pi.put("boot/firmware/config.txt", CONFIG_TXT + "[cm4]\nlast=1")
    copy = boot.write(boot.with_lines(["dtparam=spi=on"]))
    assert boot.text() == f"{CONFIG_TXT}[cm4]\nlast=1\n\n{HEAD}\n[all]\ndtparam=spi=on\n"
    assert copy.read_text() == CONFIG_TXT + "[cm4]\nlast=1"
    assert boot.has("dtparam=spi=on")


def test_the_copy_of_the_first_time_stays(pi: Machine) -> None:
    boot = BootConfig(pi.root, PI_4)
    boot.write(boot.with_lines(["dtparam=spi=on"]))
    assert boot.write(boot.with_lines(["dtoverlay=x"])).read_text() == CONFIG_TXT


def test_a_board_with_an_overlay_has_a_card_to_know_it_by() -> None:
    for board in KNOWN:
        assert bool(board.kernel.overlays) == bool(board.kernel.card), board.name


def test_what_else_is_in_config_txt_stays_byte_for_byte(tmp_path: Path) -> None:
    firmware = tmp_path / "boot/firmware"
    firmware.mkdir(parents=True)
    before = b"# f\xfcr die K\xfcche\r\ndtparam=audio=on\r\n"
    (firmware / "config.txt").write_bytes(before)
    boot = BootConfig(tmp_path, PI_4)
    copy = boot.write(boot.with_lines(["dtoverlay=new"]))
    assert copy.read_bytes() == before
    assert (firmware / "config.txt").read_bytes().startswith(before)
