"""How loud sound is: decibels of full scale. 0 is a square wave that fills all 16 bits."""

import math

import numpy as np

from edgevoice.audio.frames import Samples

SILENCE_DBFS = -120.0
"""Below what 16 bits can hold; stands for no sound at all."""

_FULL_SCALE = 32768.0


def dbfs(amplitude: float) -> float:
    """Of an amplitude or RMS value where full scale is 1."""
    return max(SILENCE_DBFS, 20 * math.log10(max(amplitude, 1e-9)))


def rms_dbfs(samples: Samples) -> float:
    sound = samples.astype(np.float32)
    return dbfs(math.sqrt(float(sound @ sound) / max(1, len(sound))) / _FULL_SCALE)


def peak_dbfs(samples: Samples) -> float:
    return dbfs(float(np.max(np.abs(samples.astype(np.int32)), initial=0)) / _FULL_SCALE)
