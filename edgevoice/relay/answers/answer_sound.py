"""The sound of one answer, as far as it may have to be sent again. Pure bookkeeping.

Holds what has not been sent, and what was sent last: a transport that breaks takes
some seconds to be found out, and what was sent meanwhile nobody has heard.
"""

from collections import deque

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ

KEPT_MS = 20_000
"""1 MB. A broken link is noticed after 2 to 5 s; what lies in socket buffers comes on top."""
_PER_MS = SPEAKING_RATE_HZ // 1000


class AnswerSound:
    def __init__(self) -> None:
        self._pieces: deque[Samples] = deque()
        self._start = 0
        self._end = 0

    @property
    def duration_ms(self) -> int:
        return self._end // _PER_MS

    def add(self, samples: Samples) -> None:
        self._pieces.append(samples)
        self._end += len(samples)

    def forget(self, sent_ms: int) -> None:
        """So much was sent: whole pieces that are long past are dropped."""
        limit = (sent_ms - KEPT_MS) * _PER_MS
        while self._pieces and self._start + len(self._pieces[0]) <= limit:
            self._start += len(self._pieces.popleft())

    def since(self, heard_ms: int) -> tuple[int, Samples]:
        """All that follows, and where it begins: later than asked when that is not held."""
        earliest_ms = -(-self._start // _PER_MS)
        from_ms = max(earliest_ms, min(heard_ms, self.duration_ms))
        held = np.concatenate([*self._pieces, np.zeros(0, np.int16)])
        return from_ms, held[max(0, from_ms * _PER_MS - self._start) :]
