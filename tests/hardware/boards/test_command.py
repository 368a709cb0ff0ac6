"""`edgevoice board`, as an owner and an installer use it."""

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from edgevoice.config_file import load
from edgevoice.errors import ConfigError
from edgevoice.hardware.boards import command
from tests.hardware.boards.machine import CONFIG_TXT, Machine


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    folder = tmp_path / "config.d"
    folder.mkdir()
    return folder


def words(settings: Path, **more: Any) -> Namespace:
    told = {"config": [str(settings)], "set": None, "name": None, "write": False}
    return Namespace(**(told | {"json": False, "enable_i2c": False} | more))


@pytest.fixture
def v2(pi: Machine) -> Machine:
    """A Pi with a ReSpeaker v2 that the kernel does not know of yet."""
    pi.answers(0x18)
    pi.put("boot/firmware/overlays/respeaker-2mic-v2_0.dtbo", "")
    return pi


def test_the_owner_sees_what_was_found_by_what_and_what_to_do(
    v2: Machine, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.show(words(settings), v2.root, v2.ask) == 0
    assert capsys.readouterr().out.splitlines() == [
        "machine: Raspberry Pi 4 Model B Rev 1.5",
        "detected: respeaker-2mic-v2, Seeed ReSpeaker 2-Mics Pi HAT v2 (0x18 answers on I2C)",
        "configured: none",
        "to use it: sudo edgevoice board use respeaker-2mic-v2",
        "kernel: needs nothing for it",
    ]


def test_the_board_that_is_used_is_written_and_shown(
    v2: Machine, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.use_board(words(settings, name="respeaker-2mic-v2"), v2.root, v2.ask) == 0
    told = capsys.readouterr().out
    assert "+board: respeaker-2mic-v2  # Seeed ReSpeaker 2-Mics Pi HAT v2" in told
    assert "systemctl restart edgevoice" in told and "dtoverlay=respeaker-2mic-v2_0" in told
    assert load([settings]).button.pin == 17
    command.use_board(words(settings, name="respeaker-2mic-v2"), v2.root, v2.ask)
    assert "+board" not in capsys.readouterr().out


def test_a_board_that_a_later_file_overrules_is_an_error(v2: Machine, settings: Path) -> None:
    (settings / "zz.yaml").write_text("board: none\n")
    with pytest.raises(ConfigError, match=r"overruled by board \(.*zz\.yaml:1\)"):
        command.use_board(words(settings, name="plain"), v2.root, v2.ask)


def test_a_name_that_is_none_lists_those_that_are(v2: Machine, settings: Path) -> None:
    with pytest.raises(ConfigError, match="the boards are .*codec-zero"):
        command.use_board(words(settings, name="respeaker"), v2.root, v2.ask)


def test_a_program_reads_json(
    v2: Machine, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.detect_board(words(settings, json=True), v2.root, v2.ask)
    told = json.loads(capsys.readouterr().out)
    assert told["model"] == "Raspberry Pi 4 Model B Rev 1.5"
    assert (told["detected"], told["question"], told["unseen"]) == ("respeaker-2mic-v2", "", "")
    assert told["candidates"][0]["evidence"] == ["0x18 answers on I2C"]
    lines = ["dtparam=spi=on", "dtoverlay=respeaker-2mic-v2_0"]
    assert told["overlay"] == {
        "lines": lines,
        "absent": lines,
        "file": "/boot/firmware/config.txt",
        "present": False,
        "active": False,
        "todo": f"add {', '.join(lines)} to /boot/firmware/config.txt and reboot once",
    }


def test_a_question_names_every_candidate(
    pi: Machine, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pi.answers(0x1A)
    command.detect_board(words(settings), pi.root, pi.ask)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[1:]] == ["possible"] * 4 + ["to be decided"]


def test_the_lines_are_written_once_and_a_reboot_is_asked_for(
    v2: Machine, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.show_overlay(words(settings, write=True), v2.root, v2.ask)
    told = capsys.readouterr().out
    assert "the file as it was is" in told and "reboot once: the lines are in" in told
    assert (v2.root / "boot/firmware/config.txt.before-edgevoice").read_text() == CONFIG_TXT
    written = (v2.root / "boot/firmware/config.txt").read_text()
    command.show_overlay(words(settings, write=True), v2.root, v2.ask)
    assert (v2.root / "boot/firmware/config.txt").read_text() == written


def test_an_overlay_of_ours_is_put_where_the_firmware_looks(
    pi: Machine, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.show_overlay(words(settings, name="respeaker-2mic-v2", write=True), pi.root, pi.ask)
    place = pi.root / "boot/firmware/overlays/edgevoice-respeaker-2mic-v2.dtbo"
    assert f"overlay {place}" in capsys.readouterr().out
    assert place.read_bytes().startswith(b"\xd0\x0d\xfe\xed")
    assert (
        "dtoverlay=edgevoice-respeaker-2mic-v2"
        in (pi.root / "boot/firmware/config.txt").read_text()
    )


def test_no_line_is_written_for_an_overlay_that_is_not_there(
    pi: Machine, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.show_overlay(words(settings, name="respeaker-4mic", write=True), pi.root, pi.ask)
    assert "seeed-voicecard" in capsys.readouterr().out
    assert (pi.root / "boot/firmware/config.txt").read_text() == CONFIG_TXT


def test_an_overlay_for_no_board_is_no_question_to_answer(pi: Machine, settings: Path) -> None:
    with pytest.raises(ConfigError, match="which board"):
        command.show_overlay(words(settings), pi.root, pi.ask)


def test_i2c_is_turned_on_only_when_asked_and_only_when_off(
    v2: Machine, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (v2.root / "dev/i2c-1").unlink()
    ran: list[Sequence[str]] = []

    def run(called: Sequence[str]) -> None:
        ran.append(called)
        v2.put("dev/i2c-1", "")

    command.detect_board(words(settings), v2.root, v2.ask, run)
    assert not ran and "not seen: I2C is off" in capsys.readouterr().out
    command.detect_board(words(settings, enable_i2c=True), v2.root, v2.ask, run)
    assert ran == [("dtparam", "i2c_arm=on"), ("modprobe", "i2c-dev")]
    assert "detected: respeaker-2mic-v2" in capsys.readouterr().out
    command.detect_board(words(settings, enable_i2c=True), v2.root, v2.ask, run)
    assert len(ran) == 2


def test_every_board_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    command.list_boards(Namespace())
    assert len(capsys.readouterr().out.splitlines()) == 17
