"""Quiet stretches, and how they are made shorter. Arithmetic on samples only.

Where nothing is said two halves are laid over each other: time passes faster, and
there is no pitch that could change.
"""

import math

import numpy as np

from edgevoice.audio.frames import Samples

ABSOLUTE_RMS = 104.0
"""-50 dBFS: below this nobody hears a seam."""
RELATIVE = 0.05
"""26 dB below the voice: pauses and breath, not vowels."""
FORGET = 0.998
"""Per frame of 20 ms: how loud the voice is, is forgotten by half within 7 s."""
WINDOWS = 4


class QuietMeter:
    """Knows how loud the voice is, and so what counts as quiet."""

    def __init__(self) -> None:
        self._loudest = 0.0

    def is_quiet(self, frame: Samples) -> bool:
        """Whether no part of the frame is loud. Frames come in order."""
        size = len(frame) // WINDOWS
        if not size:
            return True
        parts = frame[: size * WINDOWS].reshape(WINDOWS, size).astype(np.float32)
        rms = math.sqrt(float(np.einsum("ij,ij->i", parts, parts).max()) / size)
        self._loudest = max(rms, self._loudest * FORGET)
        return rms <= max(ABSOLUTE_RMS, RELATIVE * self._loudest)


def shortened(frame: Samples, by: int) -> Samples:
    """The frame without `by` of its samples (half of them at most), seamless at both ends."""
    kept = len(frame) - by
    rising = np.linspace(0.0, 1.0, kept, dtype=np.float32)
    mixed: Samples = (frame[:kept] * (1 - rising) + frame[by:] * rising).round().astype(np.int16)
    return mixed


def eased(samples: Samples, before: int, length: int) -> Samples:
    """Begins where the last sample was, so that a cut does not click."""
    length = min(length, len(samples))
    if not length:
        return samples
    step = before - float(samples[0])
    out = samples.astype(np.float32)
    out[:length] += step * np.linspace(1.0, 0.0, length, dtype=np.float32)
    whole: Samples = np.clip(out, -32768, 32767).round().astype(np.int16)
    return whole
