"""Finds recordings by name, and builds scenes from them."""

from pathlib import Path

import numpy as np

import edgevoice.simulator
from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.wav import read_wav

PLACES = (Path(__file__).parent / "speech", Path(edgevoice.simulator.__file__).parent / "speech")


def recording(name: str) -> Path:
    """The file `name`.wav; an error names what there is."""
    for place in PLACES:
        if (place / f"{name}.wav").is_file():
            return place / f"{name}.wav"
    known = ", ".join(sorted(path.stem for place in PLACES for path in place.glob("*.wav")))
    raise LookupError(f"no recording {name!r}; there are: {known}")


def speech(name: str) -> Samples:
    return read_wav(recording(name))


def quiet(seconds: float, seed: int = 1) -> Samples:
    """The silence of a real microphone: the lowest bits flicker."""
    count = round(seconds * CAPTURE_RATE_HZ)
    return np.random.default_rng(seed).integers(-4, 5, count).astype(np.int16)


def scene(*parts: Samples | str | float) -> Samples:
    """Recordings by name, seconds of quiet, or samples, one after the other."""
    sounds = [
        speech(p) if isinstance(p, str) else quiet(p) if isinstance(p, int | float) else p
        for p in parts
    ]
    return np.concatenate(sounds)
