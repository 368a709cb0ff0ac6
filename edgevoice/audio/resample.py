"""Changing the sampling rate, by soxr: whole sounds, and streams block by block."""

import numpy as np
import soxr

from edgevoice.audio.frames import Samples


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """A whole sound at another rate; the same array when the rates are equal."""
    if from_hz == to_hz or not len(samples):
        return samples
    converted: Samples = soxr.resample(samples, from_hz, to_hz)
    return converted


class Resampler:
    """A stream at another rate: what comes out is continuous, whatever the block sizes.

    The filter looks ahead, so the first blocks give less than they will; `finish`
    returns what is still inside.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16")

    def push(self, samples: Samples) -> Samples:
        converted: Samples = self._stream.resample_chunk(samples)
        return converted

    def finish(self) -> Samples:
        """The end of the stream. Afterwards a new one begins."""
        converted: Samples = self._stream.resample_chunk(np.zeros(0, np.int16), last=True)
        self._stream.clear()
        return converted
