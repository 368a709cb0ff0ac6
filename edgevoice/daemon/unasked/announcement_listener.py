"""Asks the relay what is to be announced: once when it has been reached, or all the time.

Listening all the time is one request that the relay answers late. It carries no sound, and
tells the relay that this board is on; so it is off unless the owner wants it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from edgevoice.errors import LinkError
from edgevoice.link.relay import Relay

log = logging.getLogger(__name__)

WAIT_S = 50.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
HASTY_S = 1.0
"""An answer that comes sooner was not waited for: the relay, or a proxy, cannot wait."""


class AnnouncementListener:
    def __init__(
        self, relays: Sequence[Relay], listens: bool, announce: Callable[[str, bool], None]
    ) -> None:
        self._relays = relays
        self._listens = listens
        self._announce = announce
        self._reached = asyncio.Event()

    def reached(self) -> None:
        """There is a session with a relay of ours; it may have kept something for us."""
        self._reached.set()

    async def run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            if not self._listens:
                await self._reached.wait()
                self._reached.clear()
            asked_at = asyncio.get_running_loop().time()
            heard = await self._ask(WAIT_S if self._listens else 0.0)
            if self._listens:
                pause_s = FIRST_PAUSE_S if heard else min(pause_s * 2, LONGEST_PAUSE_S)
                hasty = asyncio.get_running_loop().time() - asked_at < HASTY_S
                if not heard or hasty:
                    await self._pause(pause_s)

    async def _pause(self, pause_s: float) -> None:
        """Not longer than until somebody reaches a relay."""
        self._reached.clear()
        try:
            async with asyncio.timeout(pause_s):
                await self._reached.wait()
        except TimeoutError:
            pass

    async def _ask(self, wait_s: float) -> bool:
        """Whether the first relay that answers answered."""
        for relay in self._relays:
            try:
                for one in await relay.announcements(wait_s):
                    self._announce(one.text, one.urgent)
            except LinkError as error:
                log.debug("%s announces nothing: %s", relay.relay, error)
            else:
                return True
        return False
