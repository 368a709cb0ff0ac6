"""Controls that are off, or so low that nobody hears anything."""

from pathlib import Path

import pytest

from edgevoice.config import Config, MicrophoneConfig, SpeakerConfig
from edgevoice.doctor.checks.mixer import mixer
from tests.doctor.boards import Board, levels, only
from tests.hardware.fake_alsa import FakeAlsa, FakeControl

MIC = FakeControl("Capture", raw=60, captures=True)
SPEAKER = FakeControl("Speaker", raw=70)


def look(tmp_path: Path, *controls: FakeControl, mixer_name: str = "") -> dict[str, str]:
    return levels(found(tmp_path, *controls, mixer_name=mixer_name))


def found(tmp_path: Path, *controls: FakeControl, mixer_name: str = "") -> list:  # type: ignore[type-arg]
    board = Board(tmp_path)
    board.has_card(1, "seeed")
    config = Config(
        microphone=MicrophoneConfig(device="hw:CARD=seeed"),
        speaker=SpeakerConfig(device="hw:CARD=seeed", mixer=mixer_name),
    )
    alsa = FakeAlsa({"hw:seeed": list(controls)})
    return list(mixer(board.machine, config, lambda: alsa))


def test_a_mixer_that_is_well(tmp_path: Path) -> None:
    assert look(tmp_path, MIC, SPEAKER) == {"microphone mixer": "ok", "speaker mixer": "ok"}


def test_the_headphones_at_zero_and_the_speaker_is_heard(tmp_path: Path) -> None:
    told = look(tmp_path, SPEAKER, FakeControl("HP DAC", raw=0))
    assert told == {"speaker mixer": "warn"}


def test_nothing_is_left_to_be_heard(tmp_path: Path) -> None:
    off = FakeControl("Speaker", raw=70, has_switch=True, is_on=False)
    silent = only(found(tmp_path, off, FakeControl("HP DAC", raw=0)))
    assert silent.level == "fail"
    assert "amixer -c seeed sset 'Speaker' 80% unmute" in silent.todo
    assert "sudo alsactl store" in silent.todo


def test_a_microphone_that_is_switched_off(tmp_path: Path) -> None:
    off = FakeControl("Mic", raw=50, captures=True, has_switch=True)
    silent = only(found(tmp_path, off, SPEAKER), "microphone mixer")
    assert silent.level == "fail" and "amixer -c seeed sset 'Mic' 80% cap" in silent.todo


@pytest.mark.parametrize("name", ["Mic Boost", "Mono Output Mixer Bypass"])
def test_what_is_rightly_off(tmp_path: Path, name: str) -> None:
    assert look(tmp_path, SPEAKER, FakeControl(name, raw=0)) == {"speaker mixer": "ok"}


def test_the_control_that_the_owner_named_is_the_one(tmp_path: Path) -> None:
    told = look(tmp_path, SPEAKER, FakeControl("Odd", raw=0), mixer_name="odd")
    assert told == {"speaker mixer": "warn"}


def test_without_alsa_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(mixer(Board(tmp_path).machine, Config(), lambda: FakeAlsa({}))) == []
