"""One end of a session, whatever carries it: events, arriving packets, and its death.

What `peer.py` (WebRTC) and `socket_line.py` (a WebSocket) have in common. Callbacks of
other libraries only put something into the inbox, and `run`, which is our task, takes it
out: an exception of ours in a task of theirs would end the session without a word. What
events and samples mean is for others to know.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from functools import partial
from math import inf
from typing import ClassVar, Protocol

from edgevoice.webrtc.outbox import Channel, Outbox
from edgevoice.webrtc.sdp import MAX_MESSAGE_BYTES

log = logging.getLogger(__name__)

OPEN_S = 10.0
"""ICE, DTLS and SCTP together; 0.4 s is usual, 5 s were seen under heavy loss."""
SILENCE_S = 1.8
"""Not even an answer to a check, of which two a second are due. With 150 ms on the way, dead is
known within 2 s."""
FALTER_S = 0.75
"""A path that is well lets something through more often."""
LOOK_S = 0.02
"""While it falters. What wakes it then need not tell us."""
CLOSE_S = 2.0
INBOX_LIMIT = 4096
"""80 s of packets. When it is full new ones are dropped: nobody is reading."""
EARLY_LIMIT = 64
"""Events held until the channel is open; it is a few milliseconds, and more ends the session."""

Task = Callable[[], None]


class RtpSink(Protocol):
    """What becomes of arriving packets."""

    @property
    def deadline(self) -> float | None: ...

    def push(
        self, ssrc: int, sequence: int, timestamp: int, payload: bytes, now: float
    ) -> None: ...

    def expire(self, now: float) -> None: ...


class Line(ABC):
    """Made, then used for one session. `ended` holds the reason once there is one."""

    UNOPENED: ClassVar[str]
    """What to say when it has not opened within `OPEN_S`."""

    def __init__(
        self, max_message_bytes: int = MAX_MESSAGE_BYTES, silence_s: float = SILENCE_S
    ) -> None:
        self.on_open: Task = lambda: None
        self.on_message: Callable[[str], None] = lambda text: None
        self.on_falter: Callable[[bool], None] = lambda falters: None
        """Nothing was heard for `FALTER_S`; False: something is heard again."""
        self.receiver: RtpSink | None = None
        self.outbox = Outbox(self.end)
        self.ended: str | None = None
        self.is_open = False
        self.hung_up = False
        """It was the other side that ended it, and it said so."""
        self.lost = False
        """The way to the other side broke: neither side said goodbye."""
        self.overruns = 0
        self._max_message_bytes = max_message_bytes
        self._silence_s = silence_s
        self._inbox: deque[Task] = deque()
        self._news = asyncio.Event()
        self._early: list[str] = []
        self._alive_at: float | None = None
        self._falters = False
        self._open_by = 0.0
        self._closing = asyncio.Lock()
        self._is_closed = False

    def post(self, task: Task) -> None:
        """Have `run` call this. Safe to use from callbacks of other libraries."""
        if len(self._inbox) >= INBOX_LIMIT:
            self.overruns += 1
            return
        self._inbox.append(task)
        self._news.set()

    def end(self, reason: str, *, hung_up: bool = False, lost: bool = False) -> None:
        """The session is over; the first reason is the one that counts."""
        if self.ended is None:
            self.ended, self.hung_up, self.lost = reason, hung_up, lost
            self._news.set()

    def end_in_turn(self, reason: str, *, hung_up: bool) -> None:
        """Of the connection: the session is over once what came so far was dealt with."""
        self._inbox.append(lambda: self.end(reason, hung_up=hung_up, lost=not hung_up))
        self._news.set()

    async def run(self) -> str:
        """Carry on until the session ends; returns the reason."""
        loop = asyncio.get_running_loop()
        self._open_by = loop.time() + OPEN_S
        while self.ended is None:
            await self._next_news()
            while self._inbox and self.ended is None:
                self._inbox.popleft()()
            self._watch(loop.time())
        return self.ended

    async def close(self) -> None:
        """Say goodbye and let go of the sockets, whatever state things are in."""
        self.end("closed")
        async with self._closing:
            if not self._is_closed:
                self._is_closed = True
                await self._close()

    @abstractmethod
    async def _close(self) -> None:
        """Called once, by `close`."""

    @abstractmethod
    def _last_heard(self) -> float | None:
        """When anything at all was heard last; None: never."""

    async def _next_news(self) -> None:
        """Sleep until something happened or a deadline has passed."""
        loop = asyncio.get_running_loop()
        # Before anything was heard nothing wakes us when it is, so look at least this often.
        soonest = min(self._overdue_at(), loop.time() + self._silence_s)
        if self.is_open and self._alive_at is not None:
            falters_at = self._alive_at + FALTER_S
            soonest = min(soonest, loop.time() + LOOK_S if self._falters else falters_at)
        if self.receiver is not None and self.receiver.deadline is not None:
            soonest = min(soonest, self.receiver.deadline)
        # A fifth of the cost of asyncio.timeout_at, fifty times a second.
        alarm = loop.call_at(soonest, self._news.set)
        try:
            await self._news.wait()
        finally:
            alarm.cancel()
        self._news.clear()

    def _overdue_at(self) -> float:
        """When they are overdue: with any sign of life, or with the opening."""
        open_by = inf if self.is_open else self._open_by
        heard_at = self._last_heard()
        if heard_at is not None:
            self._alive_at = max(heard_at, self._alive_at or heard_at)
        return open_by if self._alive_at is None else min(open_by, self._alive_at + self._silence_s)

    def _watch(self, now: float) -> None:
        if self.receiver is not None:
            self.receiver.expire(now)
        if now < self._overdue_at():
            self._tell_falter(now)
            return
        if not self.is_open and now >= self._open_by:
            self.end(self.UNOPENED, lost=True)
        else:
            self.end(f"nothing heard from the other side for {self._silence_s:g} s", lost=True)

    def _tell_falter(self, now: float) -> None:
        falters = self._alive_at is not None and now >= self._alive_at + FALTER_S
        if self.is_open and falters is not self._falters:
            self._falters = falters
            self.on_falter(falters)

    # What the carrier says.

    def _on_rtp(self, ssrc: int, sequence: int, timestamp: int, payload: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if self.receiver is not None:
            push = self.receiver.push
            self.post(partial(push, ssrc, sequence, timestamp, payload, now))

    def _on_text(self, text: str) -> None:
        if len(text) > self._max_message_bytes:
            self.end(f"event of {len(text)} bytes; at most {self._max_message_bytes} are read")
        else:
            self.post(partial(self._take, text))

    def _take(self, text: str) -> None:
        """On a channel agreed on beforehand, they may be heard before we may speak."""
        if self.is_open:
            self.on_message(text)
        elif len(self._early) < EARLY_LIMIT:
            self._early.append(text)
        else:
            self.end("the other side has sent too much before the channel was open")

    def _opened(self, channel: Channel) -> None:
        """From within `run`: events may go out on this channel from now on."""
        if not self.is_open:
            self.is_open = True
            self._alive_at = asyncio.get_running_loop().time()
            self.on_open()
            self.outbox.attach(channel)
            for text in self._early:
                self.on_message(text)
            self._early.clear()
