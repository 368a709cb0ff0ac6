"""Server-sent events for the live page: the newest state, to everybody who reads.

A reader is sent the whole state when it has changed, not each change. So one who reads slowly
costs nothing: what it has missed is not kept, and it goes on with the newest. One that does not
read at all is dropped. What the state is is `scoreboard.py`'s to say.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable

from edgevoice.relay.monitoring.facts import Fact, LoopLagged, MediaCounted

MOST_READERS = 16
INTERVAL_S = 0.5
"""Between two states sent to one reader."""
HEARTBEAT_S = 10.0
"""A state is sent so often even if nothing has happened: minutes go by as well."""

MEASURED = (LoopLagged, MediaCounted)
"""They come all the time, and nobody looks at the page for them."""


class Broadcast:
    def __init__(self, state: Callable[[], str]) -> None:
        """`state`: the newest one, on one line."""
        self._state = state
        self._changed = asyncio.Event()
        self._shared: tuple[float, bytes] | None = None
        """The newest event and since when, for all readers: making it takes milliseconds."""
        self._is_over = False
        self.readers = 0

    def see(self, fact: Fact, _now: float) -> None:
        """An observer: something is different now."""
        self._shared = None
        if not isinstance(fact, MEASURED):
            self._change()

    def close(self) -> None:
        """Every reader is told that it is over."""
        self._is_over = True
        self._change()

    @property
    def is_full(self) -> bool:
        return self.readers >= MOST_READERS

    async def read(self) -> AsyncGenerator[bytes, None]:
        """The event stream of one reader, state by state."""
        self.readers += 1
        try:
            while not self._is_over:
                changed = self._changed
                yield self._newest()
                await asyncio.sleep(INTERVAL_S)
                await _either(changed, HEARTBEAT_S - INTERVAL_S)
        finally:
            self.readers -= 1

    def _newest(self) -> bytes:
        now = asyncio.get_running_loop().time()
        if self._shared is None or now - self._shared[0] >= INTERVAL_S:
            self._shared = now, b"event: state\ndata: " + self._state().encode() + b"\n\n"
        return self._shared[1]

    def _change(self) -> None:
        """Those who wait are woken; who looks from now on waits for the next change."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


async def _either(changed: asyncio.Event, most_s: float) -> None:
    try:
        async with asyncio.timeout(most_s):
            await changed.wait()
    except TimeoutError:
        pass  # nothing has happened, and that is to be told as well
