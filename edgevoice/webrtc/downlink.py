"""An answer's samples on their way into the playout buffer. Pure: `now` is an argument.

The buffer plays what it has, so a little is held back when speech begins: enough
to ride out the network's jitter, short enough not to be noticed.
"""

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import PlayoutBuffer

HELD_MS = 60
"""Our relay sends this much at once when an answer begins, so nothing is waited for."""


class Downlink:
    def __init__(self, playout: PlayoutBuffer) -> None:
        self._playout = playout
        self._held: list[Samples] = []
        self._now = 0.0
        self.deadline: float | None = None

    def hear(self, index: int, samples: Samples) -> None:
        """Samples in order. What was not sent is not played as silence either."""
        if not self._held and not self._playout.is_empty:
            self._playout.push(samples)
            return
        if not self._held:
            self.deadline = self._now + HELD_MS / 1000
        self._held.append(samples)
        if sum(map(len, self._held)) * 1000 >= HELD_MS * self._playout.rate_hz:
            self._release()

    def expire(self, now: float) -> None:
        """Tell the time; what was held long enough is played."""
        self._now = now
        if self.deadline is not None and now >= self.deadline:
            self._release()

    def forget(self) -> None:
        """Whatever is held belongs to an answer that is not wanted any more."""
        self._held.clear()
        self.deadline = None

    def _release(self) -> None:
        self._playout.push(np.concatenate(self._held))
        self.forget()
