"""From the playout buffer to a card: at the card's rate, on each of its channels, without clicks.

Called in PortAudio's thread. What is to be heard is decided in `audio/playout.py`.
"""

from collections.abc import Callable

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.resample import Resampler


class Feed:
    """`source(n)` gives n samples at `from_hz`. `resumed`: goes on after a gap, so it fades in."""

    def __init__(
        self,
        source: Callable[[int], Samples],
        from_hz: int,
        to_hz: int,
        channels: int,
        resumed: bool = False,
    ) -> None:
        self._source = source
        self._from_hz = from_hz
        self._to_hz = to_hz
        self._channels = channels
        self._resampler = Resampler(from_hz, to_hz) if from_hz != to_hz else None
        self._converted: Samples = np.zeros(0, np.int16)
        self._taken = 0
        self._given = 0
        self._fades_in = resumed
        self._ending = False
        self.has_ended = False

    @property
    def delay_s(self) -> float:
        """What it holds back for its resampler."""
        return max(0.0, self._taken / self._from_hz - self._given / self._to_hz)

    def pull(self, n: int) -> Samples:
        """n samples per channel, interleaved."""
        if self.has_ended:
            return np.zeros(n * self._channels, np.int16)
        block = self._faded(self._mono(n))
        return block if self._channels == 1 else np.repeat(block, self._channels)

    def end(self) -> None:
        """Fade out within the next block; after it there is silence, and nothing is taken."""
        self._ending = True

    def _mono(self, n: int) -> Samples:
        if self._resampler is None:
            return self._source(n)
        wanted = -(-n * self._from_hz // self._to_hz)
        while len(self._converted) < n:
            self._taken += wanted
            more = self._resampler.push(self._source(wanted))
            self._converted = np.concatenate((self._converted, more))
        self._given += n
        block, self._converted = self._converted[:n], self._converted[n:]
        return block

    def _faded(self, block: Samples) -> Samples:
        if not (self._fades_in or self._ending):
            return block
        ramp = np.linspace(0.0, 1.0, len(block), dtype=np.float32)
        if self._fades_in:
            self._fades_in = False
            block = (block * ramp).astype(np.int16)
        if self._ending:
            block = (block * ramp[::-1]).astype(np.int16)
            self.has_ended = True
        return block
