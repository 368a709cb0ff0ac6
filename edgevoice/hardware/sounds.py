"""The chimes in `edgevoice/sounds`, by name. When one is heard is the transceiver's decision."""

import functools
from importlib import resources

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.wav import read_wav
from edgevoice.errors import WavError

RATE_HZ = 48_000

PAUSES_S = {"timer": 0.8, "connecting": 1.2}
"""Silence after those that are repeated; kept out of the files, which would only grow."""


def names() -> list[str]:
    """Every chime there is."""
    return sorted(
        entry.name.removesuffix(".wav")
        for entry in resources.files("edgevoice").joinpath("sounds").iterdir()
        if entry.name.endswith(".wav")
    )


@functools.cache
def load(name: str) -> Samples:
    """A chime at 48 kHz, with the pause that belongs to it; read once."""
    if name not in names():
        raise WavError(f'no sound is called "{name}"; there are: {", ".join(names())}')
    with resources.as_file(resources.files("edgevoice").joinpath("sounds", f"{name}.wav")) as path:
        sound = read_wav(path, RATE_HZ)
    pause = np.zeros(round(PAUSES_S.get(name, 0.0) * RATE_HZ), np.int16)
    whole: Samples = np.concatenate([sound, pause])
    whole.flags.writeable = False  # everybody gets the same array
    return whole
