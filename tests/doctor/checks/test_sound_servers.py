"""A service that plays through the sound server of somebody who has logged out."""

from pathlib import Path

import pytest

from edgevoice.config import Config, MicrophoneConfig, SpeakerConfig
from edgevoice.doctor.checks.sound_servers import sound_servers
from tests.doctor.boards import Board, levels, only

PI = "run/user/1000/pulse/native"
PIPEWIRE = "run/user/1000/pipewire-0"
LINGERS = "var/lib/systemd/linger/pi"
NO_SERVICE = "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\n"


def config(device: str) -> Config:
    return Config(
        microphone=MicrophoneConfig(device=device), speaker=SpeakerConfig(device="hw:CARD=x")
    )


@pytest.mark.parametrize("device", ["hw:CARD=seeed", "seeed", "default"])
def test_a_card_of_its_own_needs_no_server(tmp_path: Path, device: str) -> None:
    assert list(sound_servers(Board(tmp_path).machine, config(device))) == []


@pytest.mark.parametrize(("device", "level"), [("pipewire:mic", "fail"), ("default", "warn")])
def test_the_server_of_another_user(tmp_path: Path, device: str, level: str) -> None:
    board = Board(tmp_path, {PIPEWIRE: ""})
    found = only(sound_servers(board.machine, config(device)))
    assert found.level == level and "of pi, not of edgevoice" in found.text
    assert "hw:CARD" in found.todo


def test_no_server_at_all(tmp_path: Path) -> None:
    found = only(sound_servers(Board(tmp_path).machine, config("pulse:mic")))
    assert found.level == "fail" and "none runs" in found.text


def test_a_server_that_ends_with_its_user(tmp_path: Path) -> None:
    board = Board(tmp_path, {PI: "", "etc/passwd": NO_SERVICE})
    found = only(sound_servers(board.machine, config("pulse:mic")))
    assert (found.level, found.todo) == ("warn", "sudo loginctl enable-linger pi")
    board.write(LINGERS)
    assert levels(sound_servers(board.machine, config("pulse:mic"))) == {"sound server": "ok"}


@pytest.mark.parametrize(
    ("address", "level"),
    [
        ("unix:/run/user/1000/pulse/native", "fail"),
        ("unix:/run/vsound/native", "ok"),
        ("tcp:192.168.1.2:4713", "warn"),
    ],
)
def test_a_server_that_is_named_to_the_service(tmp_path: Path, address: str, level: str) -> None:
    says = {"systemctl show edgevoice -p Environment": f"LG_WD=/run PULSE_SERVER={address}\n"}
    board = Board(tmp_path, {"run/vsound/native": ""}, says)
    assert levels(sound_servers(board.machine, config("pulse:mic"))) == {"sound server": level}


def test_a_loudspeaker_that_was_put_to_sleep(tmp_path: Path) -> None:
    says = {"pactl list short sinks": "5\talsa_output.usb\tPipeWire\ts16le\tSUSPENDED\n"}
    board = Board(tmp_path, says=says)
    speaks = Config(
        microphone=MicrophoneConfig(backend="silence"),
        speaker=SpeakerConfig(backend="null", device="pipewire:alsa_output"),
    )
    found = only(sound_servers(board.machine, speaks))
    assert found.level == "warn" and found.todo == "set speaker.dither: true"
