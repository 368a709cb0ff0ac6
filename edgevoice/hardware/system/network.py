"""Notices when the board is in another network: a new address, another way out.

The kernel tells (rtnetlink); nothing is polled. What is done about it is decided
by whoever listens. Containers, link-local addresses and renewed leases are no news.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Set

from edgevoice.errors import NetworkUnknown
from edgevoice.hardware.system import rtnetlink
from edgevoice.hardware.system.rtnetlink import Address, DefaultRoute, Fact

log = logging.getLogger(__name__)

QUIET_S = 0.1
LONGEST_S = 0.3
"""Joining a network is a burst of ten to thirty notices; the last one counts. Somebody may be
speaking, so not even the longest burst is awaited for long."""
NOTICE_BYTES = 65_536


class NetworkWatch:
    """Use by `run`, for as long as the program lives."""

    def __init__(
        self,
        on_change: Callable[[], None],
        *,
        on_stir: Callable[[bool], None] = lambda stirs: None,
        in_use: Callable[[], Set[str]] = frozenset,
        subscribe: Callable[[], socket.socket] = rtnetlink.subscribe,
        read: Callable[[], Set[Fact]] = rtnetlink.read,
    ) -> None:
        """`on_stir`: True at the first notice of a burst, False if nothing has changed after it.

        `in_use`: local addresses we are talking from, which matter wherever they are.
        """
        self._on_change = on_change
        self._on_stir = on_stir
        self._in_use = in_use
        self._subscribe = subscribe
        self._read = read
        self._known: Set[Fact] | None = None

    async def run(self) -> None:
        """Call back, once per burst, whenever something that matters has changed."""
        try:
            notices = self._subscribe()
        except OSError as error:
            self._give_up(error)
        else:
            with notices:
                while await self._next_change(notices):
                    self._on_change()
        await asyncio.Event().wait()

    def _give_up(self, error: OSError) -> None:
        log.info("another network is noticed only when the relay falls silent: %s", error)

    async def _next_change(self, notices: socket.socket) -> bool:
        """False if there is no more to be learned."""
        try:
            if self._known is None:
                self._known = self._read()
            while not await self._is_changed(notices, self._known):
                pass
        except OSError as error:
            self._give_up(error)
            return False
        return True

    async def _is_changed(self, notices: socket.socket, before: Set[Fact]) -> bool:
        """Waits for the next burst, and for its end."""
        overrun = await self._burst(notices)
        try:
            self._known = after = self._read()
        except NetworkUnknown:
            return True
        in_use = self._in_use()
        mattered, matters = what_matters(before, in_use), what_matters(after, in_use)
        if mattered == matters and not overrun:
            self._on_stir(False)
            return False
        log.debug("network: %s went, %s came", mattered - matters, matters - mattered)
        return True

    async def _burst(self, notices: socket.socket) -> bool:
        """True if there were so many notices that the kernel dropped some."""
        loop = asyncio.get_running_loop()
        overrun = await self._notice(notices)
        self._on_stir(True)
        by = loop.time() + LONGEST_S
        while (patience := min(QUIET_S, by - loop.time())) > 0:
            try:
                async with asyncio.timeout(patience):
                    overrun |= await self._notice(notices)
                    await asyncio.sleep(0)  # what is there already is read without waiting
            except TimeoutError:
                break
        return overrun

    async def _notice(self, notices: socket.socket) -> bool:
        """What it says is not looked at: routes also go without notice, so all is read anew."""
        try:
            await asyncio.get_running_loop().sock_recv(notices, NOTICE_BYTES)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            return True
        return False


def what_matters(facts: Set[Fact], in_use: Set[str] = frozenset()) -> Set[Fact]:
    """The ways out that are used, and the addresses we are reached at on them.

    Where a family has no way out, the relay may still be next door: then every
    address of that family counts.
    """
    ways = used_routes(facts)
    families = {way.family for way in ways}
    interfaces = {(way.family, way.interface) for way in ways}

    def counts(address: Address) -> bool:
        if address.address in in_use:
            return True
        if address.is_temporary:
            return False
        return address.family not in families or (address.family, address.interface) in interfaces

    return ways | {fact for fact in facts if isinstance(fact, Address) and counts(fact)}


def used_routes(facts: Set[Fact]) -> Set[DefaultRoute]:
    """Of each family the default routes of the smallest metric."""
    routes = [fact for fact in facts if isinstance(fact, DefaultRoute)]
    best: dict[int, int] = {}
    for route in routes:
        best[route.family] = min(route.metric, best.get(route.family, route.metric))
    return {route for route in routes if route.metric == best[route.family]}
