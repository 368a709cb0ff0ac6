"""The sound of answers that goes out inside events, as fast as it is made and read.

It holds no sample: what was said of a piece is among the events that wait for the socket.
When the last of them has been written the answer is sent, and what was sent counts as
heard until the client says otherwise.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from edgevoice.audio.departures import Departures
from edgevoice.audio.frames import Samples
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ


class Queue(Protocol):
    """Where the events wait."""

    @property
    def put(self) -> int:
        """How many there were so far."""

    @property
    def written(self) -> int:
        """How many of them the socket has taken."""


class EventOutput:
    """An Output; see call_transport.py. `play` follows the events that carry the sound."""

    on_first_packet: Callable[[], None]
    on_drained: Callable[[], None]

    def __init__(self, queue: Queue) -> None:
        self.on_first_packet = lambda: None
        self.on_drained = lambda: None
        self._queue = queue
        self._waiting: deque[tuple[int, int]] = deque()
        """Events put by then, samples of this answer by then; bounded by the answer's lead."""
        self._handed = 0
        self._written = 0
        self._announced = self._ended = False
        self._answer = 0

    @property
    def sent_ms(self) -> int:
        return _milliseconds(self._written)

    def begin(self, at_ms: int = 0) -> None:
        self._waiting.clear()
        self._handed = self._written = at_ms * SPEAKING_RATE_HZ // 1000
        self._announced = self._ended = False
        self._answer += 1

    def play(self, samples: Samples) -> None:
        self._handed += len(samples)
        self._waiting.append((self._queue.put, self._handed))

    def end(self) -> None:
        self._ended = True
        asyncio.get_running_loop().call_soon(self._drain, self._answer)

    def clear(self) -> int:
        """What waits is on its way, and nothing calls it back."""
        self._ended = False
        self._answer += 1
        return _milliseconds(self._handed)

    def departures(self) -> Departures:
        """Nothing leaves at a set time here, and nothing is late."""
        return Departures()

    def wrote(self) -> None:
        """The socket has taken something."""
        while self._waiting and self._waiting[0][0] <= self._queue.written:
            _, self._written = self._waiting.popleft()
            if not self._announced:
                self._announced = True
                self.on_first_packet()
        if self._ended:
            self._drain(self._answer)

    def _drain(self, answer: int) -> None:
        if answer == self._answer and self._ended and self._is_written():
            self._ended = False
            self.on_drained()

    def _is_written(self) -> bool:
        return not self._waiting or self._waiting[-1][0] <= self._queue.written


def _milliseconds(samples: int) -> int:
    return samples * 1000 // SPEAKING_RATE_HZ
