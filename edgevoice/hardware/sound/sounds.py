"""The sounds kept on the board, by name: chimes, and sentences for when something fails.

When one is heard is the transceiver's decision; `scripts/make-sounds` made the files.
The wake chime is mixed in while capture goes on, and the first word may be spoken over
it: it lasts 0.14 s, at -17 dB full scale, and begins within 10 ms.
"""

import functools
import logging
from importlib import resources
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.wav import read_wav
from edgevoice.errors import WavError
from edgevoice.transceiver.actions import Problem

log = logging.getLogger(__name__)

RATE_HZ = 48_000

PAUSES_S = {"timer": 0.8, "alarm": 0.9, "connecting": 1.2}
"""Silence after those that are repeated; kept out of the files, which would only grow."""

ANNOUNCEMENT_PAUSE_S = 0.15
"""Between the error chime and the sentence: the chime turns heads, the sentence explains."""


def names() -> list[str]:
    """Every chime there is."""
    return sorted(
        entry.name.removesuffix(".wav")
        for entry in resources.files("edgevoice").joinpath("sounds").iterdir()
        if entry.name.endswith(".wav")
    )


@functools.cache
def load(name: str, rate_hz: int = RATE_HZ) -> Samples:
    """A chime, with the pause that belongs to it; read once.

    WavError for a name there is not. A file that was replaced by something unplayable
    is silent, and logged once: a missing chime is no reason to stop listening.
    """
    if name not in names():
        raise WavError(f'no sound is called "{name}"; there are: {", ".join(names())}')
    pause = _silence(PAUSES_S.get(name, 0.0), rate_hz)
    whole: Samples = np.concatenate([_read(f"{name}.wav", rate_hz), pause])
    whole.flags.writeable = False  # everybody gets the same array
    return whole


def announcement(problem: Problem, rate_hz: int = RATE_HZ) -> Samples:
    """The error chime, a short pause, and the sentence that says what is wrong.

    Not kept in memory: it is a quarter of a megabyte, seldom wanted, and read in a few ms.
    """
    sentence = _read(f"spoken/{problem.value}.wav", rate_hz)
    pause = _silence(ANNOUNCEMENT_PAUSE_S, rate_hz)
    whole: Samples = np.concatenate([load("error", rate_hz), pause, sentence])
    return whole


def missed(rate_hz: int = RATE_HZ) -> Samples:
    """The chime of announcements, a pause, and that something rang while nobody came."""
    return announced(_read("spoken/missed.wav", rate_hz), rate_hz)


def announced(words: Samples, rate_hz: int = RATE_HZ) -> Samples:
    """Words that nobody asked for: a soft chime and a pause before them."""
    pause = _silence(ANNOUNCEMENT_PAUSE_S, rate_hz)
    whole: Samples = np.concatenate([load("announcement", rate_hz), pause, words])
    return whole


def playable(path: Path, rate_hz: int) -> Samples:
    """What is in a file; nothing, and a line in the log, where it cannot be read."""
    try:
        return read_wav(path, rate_hz)
    except WavError as error:
        log.error("a sound is left out: %s", error)
        return np.zeros(0, np.int16)


def _read(file: str, rate_hz: int) -> Samples:
    with resources.as_file(resources.files("edgevoice").joinpath("sounds")) as folder:
        return playable(folder / file, rate_hz)


def _silence(seconds: float, rate_hz: int) -> Samples:
    return np.zeros(round(seconds * rate_hz), np.int16)
