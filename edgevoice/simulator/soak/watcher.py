"""What the device says it is doing, as any program on the board may read it: its events socket.

A reload closes the socket, so it is opened again and again. The first line tells how things are.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

STATES = ("connecting", "listening", "thinking", "tts_speaking", "idle")
SPEAKING, CONNECTING, IDLE = "tts_speaking", "connecting", "idle"
KEPT = 20_000
AGAIN_S = 0.05


class Watcher:
    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._news = asyncio.Condition()
        self.state = "starting"
        self.since = clock()
        """When it came into its state."""
        self.happened: deque[tuple[float, str]] = deque(maxlen=KEPT)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_unix_connection(str(self._path))
                try:
                    while line := await reader.readline():
                        await self._see(json.loads(line))
                finally:
                    writer.close()
            await self.gone()
            await asyncio.sleep(AGAIN_S)

    async def gone(self) -> None:
        """Nobody tells anything at the moment."""
        await self._enter("gone")

    async def _see(self, told: dict[str, Any]) -> None:
        name = str(told["event"])
        if name == "status":
            state = str(told["state"])
            name = SPEAKING if state == "speaking" else state
        self.happened.append((self._clock(), name))
        if name in STATES:
            await self._enter(name)
        else:
            await self._tell()

    async def _enter(self, state: str) -> None:
        if state != self.state:
            self.state, self.since = state, self._clock()
            await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Whether it came to hold in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(holds)
                return True
        return False

    async def until_state(self, *states: str, within_s: float) -> bool:
        return await self.until(lambda: self.state in states, within_s)

    async def until_event(self, name: str, since: float, within_s: float) -> bool:
        """It has happened since then."""
        return await self.until(
            lambda: any(at >= since and what == name for at, what in reversed(self.happened)),
            within_s,
        )


def first_after(happened: deque[tuple[float, str]], at_s: float) -> float | None:
    """From then on to the next answer that is heard; 0 where one was being heard."""
    state = ""
    for when, what in happened:
        if when >= at_s:
            if state == SPEAKING:
                return 0.0
            if what == SPEAKING:
                return when - at_s
        elif what in STATES:
            state = what
    return 0.0 if state == SPEAKING else None


def reconnections(happened: deque[tuple[float, str]]) -> list[float]:
    """How long sessions were without a link, that had one before and went on."""
    found, before, lost_at = [], IDLE, None
    for at, what in (entry for entry in happened if entry[1] in STATES):
        if what == CONNECTING and before != IDLE:
            lost_at = at
        elif before == CONNECTING and lost_at is not None:
            if what != IDLE:
                found.append(at - lost_at)
            lost_at = None
        before = what
    return found
