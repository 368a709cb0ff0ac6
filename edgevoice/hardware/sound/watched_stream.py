"""A stream of PortAudio that is noticed when it falls silent, and reopened until it is back.

The time since the last block is the one sign common to every way a sound card can
go: unplugged, its server killed, its writer stalled. Exceptions, the stream's
`active` and its finished callback each miss most of them. Blocks may also come
and be worth nothing: what is wrong with them is its owner's `complaint`.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from edgevoice.errors import AudioError
from edgevoice.hardware.sound.portaudio import Direction, Stream, in_thread
from edgevoice.hardware.sound.sound_server import SoundServer

log = logging.getLogger(__name__)

WATCH_S = 0.2
SILENT_S = 0.75
"""Longest gap between blocks, so that with `WATCH_S` a loss is known within a second.
On a loaded machine 0.14 s was the worst of a healthy card."""

SETTLING_S = 3.0
"""A new stream may pause for longer: PulseAudio begins with up to 2 s of its own buffer."""

WORTHLESS_S = 3.0
"""Blocks worth nothing for this long, and again and again: the stream is opened anew,
as a sound server may have put something else in the place of our source."""

FIRST_BACKOFF_S = 0.25
LAST_BACKOFF_S = 2.0
"""Back within 5 s of the device's return: this, opening it, and PulseAudio's pause."""

ASK_AGAIN_S = 1.0
"""When the sound server has gone away, or there is no tool to ask it with."""

THOROUGH_EVERY = 4
"""Every so many attempts PortAudio is started again though no card seems to have come."""


class Cards(Protocol):
    @property
    def refresh_wanted(self) -> bool:
        """Somebody looks for a card that has come, and the open streams are in the way."""

    def refresh(self, thorough: bool) -> None:
        """See `SoundSystem`."""


class WatchedStream:
    """`on_lost` and `on_found` alternate, and are called on the loop."""

    def __init__(
        self,
        cards: Cards,
        start: Callable[[], Stream],
        on_lost: Callable[[str], None],
        on_found: Callable[[], None],
        *,
        may_yield: Callable[[], bool] = lambda: True,
        says_so: bool = True,
        complaint: Callable[[], str] = lambda: "",
        may_reopen: Callable[[], bool] = lambda: True,
    ) -> None:
        self._cards = cards
        self._start = start
        self._on_lost = on_lost
        self._on_found = on_found
        self._may_yield = may_yield
        self._says_so = says_so
        self._complaint = complaint
        self._may_reopen = may_reopen
        self._lock = asyncio.Lock()
        self._stream: Stream | None = None
        self._wanted = False
        self._alive = False
        self._alive_at = 0.0
        self._opened_at = 0.0
        self._lost_at = 0.0
        self._attempts = 0
        self._why_closed = ""
        self._condemned = ""
        self.is_lost = False
        self.starts_slowly = True
        """A sound server lies between, or may; not so with a card itself."""

    @property
    def is_open(self) -> bool:
        return self._stream is not None

    @property
    def latency_s(self) -> float:
        return self._stream.latency_s if self._stream else 0.0

    def touch(self) -> float:
        """A block came or went; when that was, by the loop's clock. In any thread."""
        self._alive_at = now = self._loop.time()
        self._alive = True
        return now

    def age_s(self, now: float) -> float:
        """Time since the last block, or since opening; 0 while it is closed on purpose."""
        return now - self._alive_at if self._wanted else 0.0

    def condemn(self, reason: str) -> None:
        """Blocks may well come, but not from where they should."""
        if self.is_open:
            self._condemned = reason

    def interrupted(self) -> None:
        """Something is missing between two blocks, which those who count them must know."""
        if self._wanted:
            self._report("the sound card was opened anew")

    def judge(self) -> None:
        """Blocks are passing: are they worth anything?"""
        if not (self._wanted and self._alive and self.is_open):
            return
        if complaint := self._complaint():
            self._report(complaint)
        else:
            self._all_well()

    async def open(self) -> None:
        """Raises AudioError; `watch` goes on trying all the same."""
        self._loop = asyncio.get_running_loop()
        self._alive_at = self._opened_at = self._loop.time()
        self._why_closed = ""
        self._wanted = True
        try:
            await self._open_stream(self._start_now)
        except AudioError:
            self.is_lost = True
            raise

    async def open_or_lose(self) -> None:
        """Like `open`, with `on_lost` instead of the exception."""
        try:
            await self.open()
        except AudioError as error:
            self._on_lost(str(error))

    async def close(self) -> None:
        self._wanted = False
        self.is_lost = False
        self._attempts = 0
        await self._close_stream()

    async def watch(self) -> None:
        """Run as a task; never returns."""
        while True:
            await asyncio.sleep(WATCH_S)
            if self._wanted:
                await self._look()

    async def _look(self) -> None:
        if self._lock.locked():  # by who opens it, perhaps for long: a sound server may hang
            if self._loop.time() - self._opened_at > SETTLING_S:
                self._report("it is being opened, and that takes no end")
        elif trouble := self._trouble():
            self._report(trouble)
            await self._reopen()
        elif self._cards.refresh_wanted and self._may_yield():
            if self._says_so:
                self._report("it makes way for the search for a sound card that has come")
            await self._reopen()
        elif self._alive:
            self.judge()
            if self.is_lost and self._has_been_worthless() and self._may_reopen():
                await self._close_stream()
                await self._attempt(self._start_now)

    def _trouble(self) -> str:
        if self._stream is None:
            return self._why_closed
        if self._condemned:
            return self._condemned
        now = self._loop.time()
        age_s = self.age_s(now)
        settling = now - self._opened_at < SETTLING_S
        if age_s > (SETTLING_S if settling and self.starts_slowly else SILENT_S):
            return f"no sound has passed for {age_s:.1f} s"
        return ""

    def _has_been_worthless(self) -> bool:
        return self._loop.time() - max(self._opened_at, self._lost_at) >= WORTHLESS_S

    def _report(self, trouble: str) -> None:
        if not self.is_lost:
            self.is_lost = True
            self._lost_at = self._loop.time()
            self._on_lost(trouble)

    def _all_well(self) -> None:
        self._attempts = 0
        if self.is_lost:
            self.is_lost = False
            self._on_found()

    async def _reopen(self) -> None:
        """One attempt, after its back-off."""
        await self._close_stream()
        await asyncio.sleep(min(FIRST_BACKOFF_S * 2**self._attempts, LAST_BACKOFF_S))
        self._attempts += 1
        await self._attempt(self._refresh_and_start)

    async def _attempt(self, start: Callable[[], None]) -> None:
        try:
            await self._open_stream(start)
        except AudioError as error:
            self._why_closed = str(error)
            log.debug("attempt %d to reopen: %s", self._attempts, error)

    async def _open_stream(self, start: Callable[[], None]) -> None:
        async with self._lock:
            if self._wanted and self._stream is None:
                await in_thread(start)

    async def _close_stream(self) -> None:
        async with self._lock:
            stream, self._stream = self._stream, None
            if stream is not None:
                await in_thread(stream.close)

    def _refresh_and_start(self) -> None:
        self._cards.refresh(self._attempts <= 2 or self._attempts % THOROUGH_EVERY == 0)
        self._start_now()

    def _start_now(self) -> None:
        """In a thread of its own; keeps the stream itself, so that a cancellation loses nothing."""
        self._alive = False
        self._condemned = self._why_closed = ""
        self._opened_at = self._loop.time()
        try:
            self._stream = self._start()
        except AudioError as error:
            self._why_closed = str(error)
            raise
        if not self._alive:
            self._alive_at = self._opened_at


async def watch_node(
    server: SoundServer, direction: Direction, node: Callable[[], str], stream: WatchedStream
) -> None:
    """Run as a task: a stream whose source or sink goes is moved to another, and nobody says so."""
    while True:
        name = node()
        if not (name and stream.is_open):
            await asyncio.sleep(WATCH_S)
        elif await server.until_gone(name, direction):
            stream.condemn(f'"{name}" is gone from the sound server, which now gives another')
            await asyncio.sleep(WATCH_S)
        else:
            await asyncio.sleep(ASK_AGAIN_S)
