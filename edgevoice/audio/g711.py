"""G.711, the telephone's coding: 8 kHz, a byte per sample, by tables (ITU-T G.711, Annex A).

Encoding takes the 14 (µ-law) or 13 (A-law) upper bits of a sample, as the reference
implementation of Sun Microsystems and every codec after it does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import Samples

RATE_HZ = 8_000

_BYTES = np.arange(256)
_LINEAR = np.arange(65_536).astype(np.uint16).view(np.int16).astype(np.int32)
"""Every sample, in the order of its bits."""


@dataclass(frozen=True, slots=True)
class Law:
    linear: Samples
    """By byte."""
    coded: NDArray[np.uint8]
    """By the bits of the sample."""

    def decode(self, data: bytes) -> Samples:
        return self.linear[np.frombuffer(data, np.uint8)]

    def encode(self, samples: Samples) -> bytes:
        return self.coded[samples.view(np.uint16)].tobytes()


def _mu_linear() -> Samples:
    code = ~_BYTES & 0xFF
    size = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return np.where(code & 0x80, 0x84 - size, size - 0x84).astype(np.int16)


def _mu_coded() -> NDArray[np.uint8]:
    sample = _LINEAR >> 2
    mask = np.where(sample < 0, 0x7F, 0xFF)
    size = np.minimum(np.abs(sample) + 33, 8_191)
    segment = np.searchsorted(0x40 << np.arange(7), size, side="right")
    step = (size >> (segment + 1)) & 0x0F
    coded: NDArray[np.uint8] = (((segment << 4) | step) ^ mask).astype(np.uint8)
    return coded


def _a_linear() -> Samples:
    code = _BYTES ^ 0x55
    segment, size = (code & 0x70) >> 4, ((code & 0x0F) << 4) + 8
    size = np.where(segment, (size + 0x100) << np.maximum(segment - 1, 0), size)
    return np.where(code & 0x80, size, -size).astype(np.int16)


def _a_coded() -> NDArray[np.uint8]:
    sample = _LINEAR >> 3
    mask = np.where(sample < 0, 0x55, 0xD5)
    size = np.where(sample < 0, -sample - 1, sample)
    segment = np.searchsorted(0x20 << np.arange(7), size, side="right")
    step = (size >> np.maximum(segment, 1)) & 0x0F
    coded: NDArray[np.uint8] = (((segment << 4) | step) ^ mask).astype(np.uint8)
    return coded


MU_LAW = Law(_mu_linear(), _mu_coded())
A_LAW = Law(_a_linear(), _a_coded())
