"""Cards that are missing, screens that pass for cards, and who has them."""

from pathlib import Path

import pytest

from edgevoice.config import Config, MicrophoneConfig, SpeakerConfig
from edgevoice.doctor.checks.sound_cards import holding, open_by, sound_cards
from edgevoice.hardware.sound.portaudio import SoundDevice
from tests.doctor.boards import Board, levels, only

BOTH = {"in": 1, "out": 2}
DEFAULT = frozenset(("in", "out"))


class Cards:
    """What PortAudio lists."""

    refresh_wanted = False

    def __init__(self, *devices: SoundDevice) -> None:
        self._devices = list(devices)

    def devices(self) -> list[SoundDevice]:
        return self._devices


def config(device: str = "seeed", **microphone: object) -> Config:
    return Config(
        microphone=MicrophoneConfig(device=device, **microphone),  # type: ignore[arg-type]
        speaker=SpeakerConfig(device=device),
    )


def test_cards_that_are_there(tmp_path: Path) -> None:
    cards = Cards(SoundDevice(0, "seeed2micvoicec: x (hw:1,0)", BOTH))
    found = sound_cards(Board(tmp_path).machine, config(), cards)  # type: ignore[arg-type]
    assert levels(found) == {"microphone": "ok", "speaker": "ok"}


def test_a_missing_card_names_those_that_could_be_taken(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.has_card(0, "Device", "USB Audio")
    found = list(sound_cards(board.machine, config(), Cards()))  # type: ignore[arg-type]
    assert [f.level for f in found] == ["fail", "fail"]
    assert "microphone.device (hw:CARD=Device)" in found[0].todo


@pytest.mark.parametrize("name", ["vc4-hdmi-0: MAI PCM (hw:0,0)", "default"])
def test_the_default_is_a_screen(tmp_path: Path, name: str) -> None:
    board = Board(tmp_path)
    board.has_card(0, "vc4hdmi0", "vc4-hdmi-0")
    board.has_card(1, "Device", "USB Audio")
    cards = Cards(SoundDevice(0, name, BOTH, DEFAULT))
    found = list(sound_cards(board.machine, config("default"), cards))  # type: ignore[arg-type]
    assert [f.level for f in found] == ["fail", "fail"]
    assert "speaker.device: hw:CARD=Device" in found[1].todo
    board.write("etc/asound.conf", "defaults.pcm.card 1\n")
    if name == "default":
        found = list(sound_cards(board.machine, config("default"), cards))  # type: ignore[arg-type]
        assert [f.level for f in found] == ["ok", "ok"]


def test_a_rate_that_the_card_does_not_have(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.has_card(1, "Device", "USB Audio")
    stream = "Playback:\n  Rates: 16000\nCapture:\n  Rates: 44100, 48000\n"
    board.write("proc/asound/card1/stream0", stream)
    cards = Cards(SoundDevice(0, "USB Audio: - (hw:1,0)", BOTH))
    fixed = config("hw:CARD=Device", rate_hz=16_000)
    found = only(sound_cards(board.machine, fixed, cards), "sample rate")  # type: ignore[arg-type]
    assert "44100, 48000" in found.text and found.todo == "set microphone.rate_hz: 0"


def held_by(board: Board, pid: int, pcm: str = "pcm0c") -> None:
    board.has_card(1, "seeed2micvoicec")
    board.write(
        f"proc/asound/card1/{pcm}/sub0/status", f"state: RUNNING\nowner_pid   : {pid + 1}\n"
    )
    board.write(f"proc/{pid + 1}/status", f"Name:\tthread\nTgid:\t{pid}\n")


@pytest.mark.parametrize(
    ("command", "level", "todo"),
    [
        ("arecord -D hw:1 x.wav", "fail", "sudo kill 700"),
        ("/usr/bin/pipewire", "warn", "pipewire.socket"),
        ("/opt/edgevoice/bin/python /opt/edgevoice/bin/edgevoice run", "ok", ""),
    ],
)
def test_who_holds_the_microphone(tmp_path: Path, command: str, level: str, todo: str) -> None:
    board = Board(tmp_path)
    held_by(board, 700)
    board.runs(700, command)
    found = only(holding(board.machine, config()))
    assert (found.level, found.name) == (level, "microphone in use") and todo in found.todo
    if level != "ok":
        assert "(pid 700)" in found.text


def test_another_card_may_be_held(tmp_path: Path) -> None:
    board = Board(tmp_path)
    held_by(board, 700)
    board.has_card(2, "Device")
    assert list(holding(board.machine, config("hw:CARD=Device"))) == []


def test_which_capture_devices_a_process_has_open(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.link("proc/700/fd/3", "/dev/snd/pcmC1D0p")
    board.link("proc/700/fd/4", "/dev/snd/pcmC1D0c")
    board.link("proc/700/fd/5", "socket:[4711]")
    assert open_by(board.machine, 700) == ["/dev/snd/pcmC1D0c"]
