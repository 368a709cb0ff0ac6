"""The client's sound on its way to one session of the server: which samples, at its rate.

The server counts time from the first sample it was sent; here it is known which of the client's
that were. Decides nothing.
"""

from collections import deque
from collections.abc import Callable

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.resample import Resampler
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ
from edgevoice.relay.turns.hearing import Hearing

LEAST = CAPTURE_RATE_HZ // 50
"""20 ms at a time, or more; every event costs 150 characters besides its sound."""
MOST = CAPTURE_RATE_HZ
MARKS = 64
"""Jumps remembered; the server speaks of the last few seconds only."""


class Uplink:
    def __init__(self, hearing: Hearing, send: Callable[[Samples], None]) -> None:
        """`send`: 24 kHz. Nothing is sent before `go_on_at`."""
        self._hearing = hearing
        self._send = send
        self._resampler = Resampler(CAPTURE_RATE_HZ, SPEAKING_RATE_HZ)
        self._next: int | None = None
        self._sent = 0
        self._marks: deque[tuple[int, int]] = deque(maxlen=MARKS)
        """(of those sent, which one of the client's)"""

    def go_on_at(self, index: int) -> None:
        """The next sample sent is this one; one that is past is sent again."""
        self._next = index
        self._marks.append((self._sent, index))
        self.flush()

    def is_begun_after(self, index: int) -> bool:
        """What comes from there on has left already."""
        return self._next is not None and self._next > index

    def flush(self) -> None:
        """Everything that has been received."""
        while self._next is not None and self._hearing.end - self._next >= LEAST:
            self._send_some(min(self._hearing.end, self._next + MOST))

    def finish(self) -> None:
        """All of it, to the last sample: a turn ends here."""
        self.flush()
        if self._next is not None and self._hearing.end > self._next:
            self._send_some(self._hearing.end)
        rest = self._resampler.finish()
        if len(rest):
            self._send(rest)

    def index(self, ms: int) -> int:
        """Of the client's sample that the server has heard at this time of its own."""
        sample = ms * CAPTURE_RATE_HZ // 1000
        at, index = 0, 0
        for mark in self._marks:
            if mark[0] <= sample or mark is self._marks[0]:
                at, index = mark
        return max(0, index + sample - at)

    def _send_some(self, until: int) -> None:
        assert self._next is not None
        samples = self._hearing.read(self._next, until)
        self._sent += len(samples)
        self._next = until
        converted = self._resampler.push(samples)
        if len(converted):
            self._send(converted)
