"""What all that hears costs: processor time per second of sound, next to openWakeWord's own loop.

What the parts cost by themselves is in their own benches. Process time, taking turns,
the best of a few rounds: ratios of one run can be trusted.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from hearing.reference import reference

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.config import Config
from sound.duplex import PLAYOUT_RATE_HZ
from sound.figures import Figure
from sound.hearing import Hearing
from sound.voices import people

ROUNDS = 3
SECONDS = 8.0
"""A whole number of frames, and of the wake word's chunks."""
SETTLED_S = 5.0
"""After which a gate that heard speech has closed, and one that heard none knows the room."""

QUIET_PART = 0.1
"""Of what openWakeWord's own loop costs: everything, in a quiet room."""
SPEECH_PART = 0.5
"""The same while somebody speaks."""


def ears(folder: Path | None) -> Iterator[Figure]:
    """Canceller, VAD, endpointing and wake word, as in the device."""
    name, score = reference()
    for what, sound, part in (
        ("in a quiet room", quiet(SECONDS), QUIET_PART),
        ("while somebody speaks", people(folder, CAPTURE_RATE_HZ, SECONDS), SPEECH_PART),
    ):
        theirs = ms_per_second(score, sound, CHUNK_SAMPLES)
        mine = ms_per_second(hearing(), sound, FRAME_SAMPLES)
        yield Figure(
            f"all that hears, {what}", mine, " ms", theirs * part, stock=theirs, stock_name=name
        )


def hearing() -> Callable[[Samples], object]:
    """Frames come on time, and nothing is played."""
    ears = Hearing(Config(), PLAYOUT_RATE_HZ, lambda happened: None)
    end = 0

    def hear(frame: Samples) -> object:
        nonlocal end
        end += len(frame)
        return ears.hear(frame, end / CAPTURE_RATE_HZ)

    for frame in pieces(quiet(SETTLED_S), FRAME_SAMPLES):
        hear(frame)
    return hear


def ms_per_second(work: Callable[[Samples], object], sound: Samples, length: int) -> float:
    """What it costs to do something with every piece of the sound."""
    costs = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for piece in pieces(sound, length):
            work(piece)
        costs.append(time.process_time() - began)
    return 1000 * min(costs) * CAPTURE_RATE_HZ / len(sound)


def pieces(sound: Samples, length: int) -> list[Samples]:
    return np.split(sound, range(length, len(sound), length))


def quiet(seconds: float) -> Samples:
    """A room at night: the converter's lowest bits and a little noise."""
    random = np.random.default_rng(1)
    return random.normal(0, 6, round(seconds * CAPTURE_RATE_HZ)).round().astype(np.int16)
