"""The chimes: present, soft, small, and made by the script that says so."""

import runpy
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevoice.audio.wav import read_wav
from edgevoice.errors import WavError
from edgevoice.hardware.sounds import PAUSES_S, RATE_HZ, load, names

SCRIPT = Path(__file__).parents[2] / "scripts" / "make-sounds"
FOLDER = Path(str(resources.files("edgevoice") / "sounds"))


def test_the_names_the_transceiver_uses() -> None:
    assert names() == ["connecting", "done", "error", "muted", "timer", "wake"]


@pytest.mark.parametrize("name", ["connecting", "done", "error", "muted", "timer", "wake"])
def test_a_chime_begins_and_ends_softly_and_is_not_loud(name: str) -> None:
    sound = read_wav(FOLDER / f"{name}.wav", RATE_HZ)
    peak = np.abs(sound).max() / 32767
    assert 0.1 < peak <= 0.251
    assert abs(sound[0]) < 100
    assert np.abs(sound[-48:]).max() < 400


def test_the_wake_chime_is_short() -> None:
    assert len(load("wake")) <= 0.180 * RATE_HZ


def test_a_repeated_sound_has_its_pause() -> None:
    bare = read_wav(FOLDER / "timer.wav", RATE_HZ)
    assert len(load("timer")) == len(bare) + PAUSES_S["timer"] * RATE_HZ
    assert not load("timer")[len(bare) :].any()


def test_all_of_them_together_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.wav")) < 150_000


def test_they_are_what_the_script_makes() -> None:
    """Within one step of the converter: sine tables differ in the last bit between machines."""
    script: dict[str, Any] = runpy.run_path(str(SCRIPT))
    assert set(script["CHIMES"]) == set(names())
    for name, chime in script["CHIMES"].items():
        made = script["render"](chime).astype(int)
        stored = read_wav(FOLDER / f"{name}.wav", RATE_HZ)
        assert np.abs(made - stored).max() <= 1


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(WavError, match=r'"gong".*connecting, done'):
        load("gong")
