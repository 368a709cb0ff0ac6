"""From a card's blocks to the program's frames: one channel of them, at 16 kHz, 20 ms at a time.

Called in PortAudio's thread a hundred times a second on a board that has better
things to do: no work is done that the card's own format does not call for.
"""

from collections.abc import Iterator

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.resample import Resampler

MEMORY_S = 0.1
"""What went into the resampler longer ago is out again; measured: 30 to 60 ms."""


class Framer:
    """`channel` counts from 1. Blocks may have any length, and end in the middle of a sample."""

    def __init__(self, rate_hz: int, channels: int, channel: int, gain_db: float) -> None:
        assert 1 <= channel <= channels
        self._channels = channels
        self._first = channel - 1
        self._gain = 10 ** (gain_db / 20)
        self._resampler = (
            Resampler(rate_hz, CAPTURE_RATE_HZ) if rate_hz != CAPTURE_RATE_HZ else None
        )
        self._memory = round(MEMORY_S * rate_hz)
        self._zeros = 0
        self._frame = np.empty(FRAME_SAMPLES, np.int16)
        self._filled = 0

    def push(self, block: Samples) -> Iterator[Samples]:
        """The frames this block completes. Each is new memory; the block may be reused."""
        mono = block
        if self._channels > 1:
            whole = len(block) - len(block) % self._channels
            mono = block[self._first : whole : self._channels]
        if self._resampler is not None:
            mono = self._resampled(self._resampler, mono)
        if self._gain != 1.0:
            louder = np.clip(mono * np.float32(self._gain), -32768, 32767)
            mono = louder.round().astype(np.int16)
        return self._cut(mono)

    def _resampled(self, resampler: Resampler, mono: Samples) -> Samples:
        """The resampler dithers, and a dead microphone's zeros must remain zeros."""
        self._zeros = 0 if mono.any() else self._zeros + len(mono)
        converted = resampler.push(np.ascontiguousarray(mono))
        return np.zeros_like(converted) if self._zeros > self._memory else converted

    def _cut(self, mono: Samples) -> Iterator[Samples]:
        taken = 0
        while taken < len(mono):
            piece = mono[taken : taken + FRAME_SAMPLES - self._filled]
            self._frame[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            taken += len(piece)
            if self._filled == FRAME_SAMPLES:
                yield self._frame
                self._frame = np.empty(FRAME_SAMPLES, np.int16)
                self._filled = 0
