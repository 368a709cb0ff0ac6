"""Connections that ask for nothing, and requests that are no HTTP. No call is judged here.

aiohttp waits for the headers of a request for ever, so that whoever can reach the port
could keep every file descriptor of the relay for himself. And it logs a traceback of each
malformed request, with the line that was wrong: a token may be in it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler as Connection

WAIT_S = 10.0
"""From one request's end, or the connection's beginning, to the next request; nginx gives 60."""
MAX_WAITING = 128
"""The oldest go first when more than this many wait."""
LOOK_S = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("edgevoice.relay.http")
"""aiohttp's own log of this server."""


def is_ours(record: logging.LogRecord) -> bool:
    """What was sent to us is not our error, and what it looks like is nobody's business."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


log.addFilter(is_ours)


class Lobby:
    def __init__(self) -> None:
        self._served: set[Connection] = set()
        self._waiting_since: dict[Connection, float] = {}

    @property
    def waiting(self) -> int:
        return len(self._waiting_since)

    @web.middleware
    async def serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """While a request is answered its connection does not wait."""
        connection = request.protocol
        self._served.add(connection)
        try:
            return await handler(request)
        finally:
            self._served.discard(connection)

    async def run(self, connections: Callable[[], Iterable[Connection]]) -> None:
        """Show out who waits too long, until cancelled."""
        while True:
            self.look(connections(), asyncio.get_running_loop().time())
            await asyncio.sleep(LOOK_S)

    def look(self, connections: Iterable[Connection], now: float) -> None:
        """These are open now."""
        before = self._waiting_since
        idle = [connection for connection in connections if connection not in self._served]
        self._waiting_since = {connection: before.get(connection, now) for connection in idle}
        eldest_first = sorted(idle, key=lambda connection: self._waiting_since[connection])
        surplus = max(0, len(idle) - MAX_WAITING)
        for position, connection in enumerate(eldest_first):
            if position < surplus or now - self._waiting_since[connection] >= WAIT_S:
                connection.force_close()
