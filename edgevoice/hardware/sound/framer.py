"""From a card's blocks to the program's frames: one channel of them, at 16 kHz, 20 ms at a time.

Called in PortAudio's thread a hundred times a second on a board that has better
things to do: no work is done that the card's own format does not call for.
"""

from collections.abc import Iterator

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.prompt_resampler import PromptResampler


class Framer:
    """`channel` counts from 1. Blocks may have any length, and end in the middle of a sample."""

    def __init__(self, rate_hz: int, channels: int, channel: int, gain_db: float) -> None:
        assert 1 <= channel <= channels
        self._channels = channels
        self._first = channel - 1
        self._gain = 10 ** (gain_db / 20)
        # soxr holds back 20 to 40 ms, which a voice that interrupts would have to wait for.
        self._resampler = PromptResampler(rate_hz) if rate_hz != CAPTURE_RATE_HZ else None
        self._frame = np.empty(FRAME_SAMPLES, np.int16)
        self._filled = 0

    def push(self, block: Samples) -> Iterator[Samples]:
        """The frames this block completes. Each is new memory; the block may be reused."""
        mono = block
        if self._channels > 1:
            whole = len(block) - len(block) % self._channels
            mono = block[self._first : whole : self._channels]
        if self._resampler is None and self._gain == 1.0:
            return self._cut(mono)
        sound = mono if self._resampler is None else self._resampler.push(mono)
        louder = np.clip(sound * np.float32(self._gain), -32768, 32767)
        return self._cut(louder.round().astype(np.int16))

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
