"""A stream of PortAudio that is noticed when it falls silent, and reopened until it is back.

The time since the last block is the one sign common to every way a sound card can
go: unplugged, its server killed, its writer stalled. Exceptions, the stream's
`active` and its finished callback each miss most of them.
"""

import asyncio
import logging
from collections.abc import Callable

from edgevoice.errors import AudioError
from edgevoice.hardware.portaudio import SoundSystem, Stream, in_thread

log = logging.getLogger(__name__)

WATCH_S = 0.25
SILENT_S = 1.0
"""Longest gap between blocks; on a loaded machine 0.14 s was the worst of a healthy card."""

SETTLING_S = 3.0
"""A new stream may pause for longer: PulseAudio begins with up to 2 s of its own buffer."""

FIRST_BACKOFF_S = 0.5
LAST_BACKOFF_S = 5.0
URGENT_EVERY = 6
"""Every so many attempts the other streams are asked to yield, for a moment, to a refresh."""


class WatchedStream:
    def __init__(
        self,
        sound: SoundSystem,
        start: Callable[[], Stream],
        on_lost: Callable[[str], None],
        on_found: Callable[[], None],
        may_yield: Callable[[], bool] = lambda: False,
    ) -> None:
        self._sound = sound
        self._start = start
        self._on_lost = on_lost
        self._on_found = on_found
        self._may_yield = may_yield
        self._lock = asyncio.Lock()
        self._stream: Stream | None = None
        self._wanted = False
        self._lost = False
        self._alive = False
        self._alive_at = 0.0
        self._opened_at = 0.0
        self._attempts = 0
        self._why_closed = ""

    @property
    def latency_s(self) -> float:
        return self._stream.latency_s if self._stream else 0.0

    def touch(self) -> None:
        """A block came or went. In any thread."""
        self._alive_at = self._loop.time()
        self._alive = True

    def age_s(self, now: float) -> float:
        """Time since the last block, or since opening; 0 while it is closed on purpose."""
        return now - self._alive_at if self._wanted else 0.0

    async def open(self) -> None:
        """Raises AudioError; `watch` goes on trying all the same."""
        self._loop = asyncio.get_running_loop()
        self._alive_at = self._loop.time()
        self._wanted = True
        try:
            await self._open_stream()
        except AudioError:
            self._lost = True
            raise

    async def open_or_lose(self) -> None:
        """Like `open`, with `on_lost` instead of the exception."""
        try:
            await self.open()
        except AudioError as error:
            self._on_lost(str(error))

    async def close(self) -> None:
        self._wanted = False
        self._lost = False
        self._attempts = 0
        await self._close_stream()

    async def watch(self) -> None:
        """Run as a task; never returns."""
        while True:
            await asyncio.sleep(WATCH_S)
            if not self._wanted:
                continue
            if trouble := self._trouble():
                self._report(trouble)
                await self._reopen()
            elif self._sound.refresh_wanted and self._may_yield():
                await self._reopen()
            elif self._alive:
                self._all_well()

    def _trouble(self) -> str:
        if self._stream is None:
            return self._why_closed
        now = self._loop.time()
        age_s = self.age_s(now)
        if age_s > (SILENT_S if now - self._opened_at > SETTLING_S else SETTLING_S):
            return f"no sound has passed for {age_s:.1f} s"
        return ""

    def _report(self, trouble: str) -> None:
        if not self._lost:
            self._lost = True
            self._on_lost(trouble)

    def _all_well(self) -> None:
        self._attempts = 0
        if self._lost:
            self._lost = False
            self._on_found()

    async def _reopen(self) -> None:
        """One attempt, after its back-off."""
        await self._close_stream()
        await asyncio.sleep(min(FIRST_BACKOFF_S * 2**self._attempts, LAST_BACKOFF_S))
        self._attempts += 1
        try:
            await self._open_stream(again=True)
        except AudioError as error:
            log.debug("attempt %d to reopen: %s", self._attempts, error)

    async def _open_stream(self, again: bool = False) -> None:
        async with self._lock:
            if self._wanted and self._stream is None:
                await in_thread(self._refresh_and_start if again else self._start_now)

    async def _close_stream(self) -> None:
        async with self._lock:
            stream, self._stream = self._stream, None
            if stream is not None:
                await in_thread(stream.close)

    def _refresh_and_start(self) -> None:
        self._sound.refresh(urgent=self._attempts % URGENT_EVERY == 2)
        self._start_now()

    def _start_now(self) -> None:
        """In a thread of its own; keeps the stream itself, so that a cancellation loses nothing."""
        self._alive = False
        self._opened_at = self._loop.time()
        try:
            self._stream = self._start()
        except AudioError as error:
            self._why_closed = str(error)
            raise
        if not self._alive:
            self._alive_at = self._opened_at
