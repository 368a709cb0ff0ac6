"""The sounds kept on the board: present, soft, small, understood, and made by the script."""

import re
import runpy
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.wav import read_wav
from edgevoice.errors import WavError
from edgevoice.hardware.sound.sounds import (
    ANNOUNCEMENT_PAUSE_S,
    PAUSES_S,
    RATE_HZ,
    announcement,
    load,
    missed,
    names,
    playable,
)
from edgevoice.relay.engines.local.recognizer import Recognizer
from edgevoice.transceiver.actions import Problem
from tests.audio.conftest import models_dir as models_dir
from tests.recordings import scene

SCRIPT = Path(__file__).parents[3] / "scripts" / "make-sounds"
FOLDER = Path(str(resources.files("edgevoice") / "sounds"))
CHIMES = ["alarm", "announcement", "connecting", "done", "error", "muted", "timer", "wake"]
RATES_HZ = (16_000, 24_000, 48_000)


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def recognizer(models_dir: str) -> Recognizer:
    return Recognizer(models_dir)


def clip(problem: Problem) -> Samples:
    return read_wav(FOLDER / "spoken" / f"{problem.value}.wav")


def rms(sound: Samples) -> float:
    return float(np.sqrt(np.mean((sound / 32768) ** 2)))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower().replace("-", ""))


def test_the_names_the_transceiver_uses() -> None:
    assert names() == CHIMES


@pytest.mark.parametrize("name", CHIMES)
def test_a_chime_begins_and_ends_softly_and_is_not_loud(name: str) -> None:
    sound = read_wav(FOLDER / f"{name}.wav", RATE_HZ)
    peak = np.abs(sound).max() / 32767
    assert 0.1 < peak <= 0.251
    assert abs(sound[0]) < 100
    assert np.abs(sound[-48:]).max() < 400


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_wake_chime_covers_no_word(rate_hz: int) -> None:
    """Short, quiet, and there at once. The canceller has to remove it from the first word."""
    chime = np.abs(load("wake", rate_hz)) / 32768
    assert len(chime) <= 0.150 * rate_hz
    assert chime.max() <= 0.15
    assert chime[: round(0.010 * rate_hz)].max() >= 0.5 * chime.max()


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_repeated_sound_has_its_pause(rate_hz: int) -> None:
    bare = read_wav(FOLDER / "timer.wav", rate_hz)
    timer = load("timer", rate_hz)
    assert len(timer) == len(bare) + PAUSES_S["timer"] * rate_hz
    assert not timer[len(bare) :].any()


@pytest.mark.parametrize("name", CHIMES)
def test_a_chime_is_the_same_sound_at_every_rate(name: str) -> None:
    lengths_s = [len(load(name, rate_hz)) / rate_hz for rate_hz in RATES_HZ]
    loudness = [rms(load(name, rate_hz)) for rate_hz in RATES_HZ]
    assert max(lengths_s) - min(lengths_s) < 0.001
    assert max(loudness) / min(loudness) < 1.02
    assert load(name) is load(name)


def test_all_of_them_together_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.wav")) < 260_000
    assert sum(file.stat().st_size for file in FOLDER.glob("spoken/*.wav")) < 700_000


def test_they_are_what_the_script_makes(script: dict[str, Any]) -> None:
    """Within one step of the converter: sine tables differ in the last bit between machines."""
    assert set(script["CHIMES"]) == set(names())
    for name, chime in script["CHIMES"].items():
        made = script["render"](chime).astype(int)
        stored = read_wav(FOLDER / f"{name}.wav", RATE_HZ)
        assert np.abs(made - stored).max() <= 1


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(WavError, match=r'"gong".*connecting, done'):
        load("gong")


@pytest.mark.parametrize("content", [None, b"", b"RIFF", b"\xff" * 400])
def test_a_file_nobody_can_play_is_silent_and_logged(
    content: bytes | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "wake.wav"
    if content is not None:
        path.write_bytes(content)
    assert len(playable(path, RATE_HZ)) == 0
    assert str(path) in caplog.text


def test_there_is_a_sentence_for_every_problem_and_no_other(script: dict[str, Any]) -> None:
    values = {problem.value for problem in Problem} | {"missed"}
    assert {path.stem for path in FOLDER.glob("spoken/*.wav")} == values
    assert set(script["SENTENCES"]) == values


@pytest.mark.parametrize("problem", Problem)
def test_a_sentence_is_short_and_as_loud_as_the_chime_before_it(problem: Problem) -> None:
    spoken = clip(problem)
    assert len(spoken) < 3.0 * CAPTURE_RATE_HZ
    assert 0.6 < rms(spoken) / rms(load("error", CAPTURE_RATE_HZ)) < 1.2
    assert np.abs(spoken).max() < 0.9 * 32768
    assert abs(spoken[0]) < 100
    assert abs(spoken[-1]) < 100


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_an_announcement_is_the_chime_a_pause_and_the_sentence(rate_hz: int) -> None:
    announced = announcement(Problem.NO_ANSWER, rate_hz)
    chime = load("error", rate_hz)
    pause = round(ANNOUNCEMENT_PAUSE_S * rate_hz)
    assert np.array_equal(announced[: len(chime)], chime)
    assert not announced[len(chime) : len(chime) + pause].any()
    sentence = announced[len(chime) + pause :]
    assert len(sentence) / rate_hz == pytest.approx(len(clip(Problem.NO_ANSWER)) / 16_000, abs=1e-3)
    assert rms(sentence) == pytest.approx(rms(clip(Problem.NO_ANSWER)), rel=0.02)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_what_was_missed_is_told_after_a_chime_of_its_own(rate_hz: int) -> None:
    told = missed(rate_hz)
    chime = load("announcement", rate_hz)
    assert np.array_equal(told[: len(chime)], chime)
    words = told[len(chime) :]
    assert 1.5 < len(words) / rate_hz < 3.0
    assert 0.6 < rms(words) / rms(load("error", rate_hz)) < 1.2


@pytest.mark.models
def test_that_sentence_is_understood(script: dict[str, Any], recognizer: Recognizer) -> None:
    spoken = read_wav(FOLDER / "spoken" / "missed.wav")
    heard = recognizer.dictation().transcribe(scene(0.5, spoken, 0.5), lambda: False)
    assert words(heard) == words(" ".join(script["SENTENCES"]["missed"]))


@pytest.mark.models
@pytest.mark.parametrize("problem", Problem)
def test_a_sentence_is_understood(
    problem: Problem, script: dict[str, Any], recognizer: Recognizer
) -> None:
    heard = recognizer.dictation().transcribe(scene(0.5, clip(problem), 0.5), lambda: False)
    assert words(heard) == words(" ".join(script["SENTENCES"][problem.value]))
