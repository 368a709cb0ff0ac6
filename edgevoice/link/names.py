"""Where a relay's name leads: looked up each time, and remembered for when nobody knows it.

Routers at home forget how to look names up far more often than a relay moves. A name server
that is not there keeps its askers waiting for ten seconds and more, so whoever is looked for
twice meanwhile is looked up once, by a thread that keeps nobody from stopping the program.
"""

import asyncio
import contextlib
import logging
import socket
import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Where the last address is known; a name server in the house answers within milliseconds."""
MOST_LOOK_S = 3.0

Found = list[ResolveResult]
Ask = Callable[[str, int, socket.AddressFamily], Found]


class Names(AbstractResolver):
    """Of one relay; for as long as the program runs."""

    def __init__(
        self, ask: Ask | None = None, look_s: float = LOOK_S, most_look_s: float = MOST_LOOK_S
    ) -> None:
        """`ask`: blocks, in a thread of its own."""
        self._ask = ask or addresses
        self._look_s = look_s
        self._most_look_s = most_look_s
        self._known: dict[str, Found] = {}
        self._lookups: dict[str, Lookup] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> Found:
        """OSError where the name is not known, and never was."""
        known = self._known.get(host)
        within_s = self._look_s if known else self._most_look_s
        try:
            return await self._look_up(host, port, family, within_s)
        except OSError as error:
            if known is None:
                raise
            log.warning("%s cannot be looked up (%s): its last address is used", host, error)
            return known

    async def _look_up(
        self, host: str, port: int, family: socket.AddressFamily, within_s: float
    ) -> Found:
        lookup = self._lookups.get(host)
        if lookup is None or lookup.found.done():
            lookup = self._lookups[host] = Lookup(partial(self._ask, host, port, family))
            lookup.found.add_done_callback(partial(self._learn, host))
            lookup.start()
        left_s = lookup.began + within_s - lookup.loop.time()
        await asyncio.wait([lookup.found], timeout=max(0.0, left_s))
        if not lookup.found.done():
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")
        return lookup.found.result()

    def _learn(self, host: str, found: Future[Found]) -> None:
        """Also of an answer that nobody waited for: a name server that takes 5 s is one."""
        if not found.cancelled() and found.exception() is None:
            self._known[host] = found.result()

    async def close(self) -> None:
        pass


class Lookup:
    """One question to the name server, which may take its time."""

    def __init__(self, question: Callable[[], Found]) -> None:
        self.loop: AbstractEventLoop = asyncio.get_running_loop()
        self.began = self.loop.time()
        self.found: Future[Found] = self.loop.create_future()
        self._question = question

    def start(self) -> None:
        threading.Thread(target=self._run, name="name server", daemon=True).start()

    def _run(self) -> None:
        outcome: Found | OSError
        try:
            outcome = self._question()
        except OSError as error:
            outcome = error
        except UnicodeError as error:
            outcome = socket.gaierror(socket.EAI_NONAME, f"no name is written like that: {error}")
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self.loop.call_soon_threadsafe(self._tell, outcome)

    def _tell(self, outcome: Found | OSError) -> None:
        if self.found.cancelled():
            return
        if isinstance(outcome, OSError):
            self.found.set_exception(outcome)
        else:
            self.found.set_result(outcome)


def addresses(host: str, port: int, family: socket.AddressFamily) -> Found:
    """Blocking. OSError where there is none."""
    flags = socket.AI_ADDRCONFIG
    infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=flags)
    return [_result(host, port, kind, proto, address) for kind, _, proto, _, address in infos]


def _result(
    host: str, port: int, kind: int, proto: int, address: tuple[object, ...]
) -> ResolveResult:
    place = str(address[0])
    if kind == socket.AF_INET6 and len(address) > 3 and address[3]:
        # A link-local address means nothing without its interface.
        numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        place = socket.getnameinfo((place, port, 0, int(str(address[3]))), numeric)[0]
    return ResolveResult(
        hostname=host,
        host=place,
        port=port,
        family=kind,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
