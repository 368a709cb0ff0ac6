"""What a neighbour is, and the supervision that keeps its trouble its own."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from edgevoice.errors import EdgeVoiceError
from edgevoice.neighbours.happening import Happening

log = logging.getLogger(__name__)

MOST_UNTOLD = 64
"""Happenings that wait for one neighbour. Beyond that the oldest is forgotten: who is that far
behind wants to know how things are, not how they were."""
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
STEADY_S = 60.0
"""Who has held out this long has recovered."""


@dataclass(frozen=True, slots=True)
class Host:
    """The board, as its neighbours see it."""

    status: Callable[[], Mapping[str, Any]]
    """What `edgevoice status --json` prints."""
    command: Callable[[str], object]
    """What `edgevoice COMMAND` does; ControlError when it is refused."""


class Inbox:
    """What one neighbour has not been told yet."""

    def __init__(self) -> None:
        self._untold: deque[Happening] = deque()
        self._arrived = asyncio.Event()
        self.forgotten = 0

    def put(self, happening: Happening) -> None:
        if len(self._untold) >= MOST_UNTOLD:
            self._untold.popleft()
            self.forgotten += 1
        self._untold.append(happening)
        self._arrived.set()

    async def get(self, patience_s: float | None = None) -> Happening | None:
        """The next one; None when there is none within `patience_s`."""
        try:
            async with asyncio.timeout(patience_s):
                while not self._untold:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return None
        return self._untold.popleft()


class Neighbour(Protocol):
    @property
    def name(self) -> str:
        """For the log, such as `MQTT`."""

    async def run(self, inbox: Inbox) -> None:
        """For ever. Any error ends it; it is begun again after a pause."""


class Neighbourhood:
    """All of them. `tell` is called from the loop; it never waits and never raises."""

    def __init__(self, neighbours: Sequence[Neighbour]) -> None:
        self._inboxes = [(neighbour, Inbox()) for neighbour in neighbours]

    def tell(self, happening: Happening) -> None:
        for _, inbox in self._inboxes:
            inbox.put(happening)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for neighbour, inbox in self._inboxes:
                tasks.create_task(supervised(neighbour.name, partial(neighbour.run, inbox)))


async def supervised(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run it again and again, with longer pauses while it fails. Trouble is told once."""
    loop = asyncio.get_running_loop()
    pause_s, told = FIRST_PAUSE_S, ""
    while True:
        began = loop.time()
        try:
            await run()
            trouble = "it has ended"
        except (EdgeVoiceError, OSError) as error:
            trouble = str(error) or type(error).__name__
        except Exception as error:
            trouble = repr(error)
            if trouble != told:
                log.exception("%s: a bug; the conversation goes on", name)
        if loop.time() - began >= STEADY_S:
            pause_s, told = FIRST_PAUSE_S, ""
        if trouble != told:
            log.warning("%s: %s; it is tried again", name, trouble)
        told = trouble
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
