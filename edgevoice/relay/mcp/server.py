"""One server: connected to, lost, and connected to again. Its tools are there while it is.

Runs beside the sessions. What they call here ends within the server's time limit, whatever the
server does.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from edgevoice.config import McpServerConfig
from edgevoice.errors import McpError
from edgevoice.relay.mcp.listing import Listed, usable
from edgevoice.relay.mcp.pulse import Pulse
from edgevoice.relay.mcp.results import failure
from edgevoice.relay.tool_use.toolbox import Arguments, RelayTool, ToolResult

log = logging.getLogger(__name__)

CONNECT_S = 20.0
"""Small boards take seconds to start a Python program."""
REFRESH_S = 60.0
"""A server over HTTP does not say when it is gone: it is asked."""
PAUSE_S = 2.0
"""Between two lists at least, however often a server says that they changed."""
BASE_S, MOST_S = 1.0, 60.0
"""The pauses between attempts double up to a minute, and are halved at random."""
LASTING_S = 30.0
"""A connection that lasted this long was a good one: the pauses begin anew."""


class Connected(Protocol):
    """See client.py."""

    async def list(self) -> list[Listed]: ...

    async def call(self, name: str, arguments: Arguments) -> ToolResult: ...


Connect = Callable[[McpServerConfig, Pulse, bool], AbstractAsyncContextManager[Connected]]


@asynccontextmanager
async def over_the_wire(
    config: McpServerConfig, pulse: Pulse, by_handshake: bool
) -> AsyncIterator[Connected]:
    """A real connection. The package is loaded beside the sessions: it takes a second."""
    connect = await asyncio.to_thread(_package)
    async with connect(config, pulse, by_handshake=by_handshake) as connection:
        yield connection


class McpServer:
    def __init__(self, config: McpServerConfig, connect: Connect = over_the_wire) -> None:
        self.config = config
        self.tools: Sequence[RelayTool] = ()
        """Those that can be called now."""
        self._connect = connect
        self._connection: Connected | None = None
        self._pulse: Pulse | None = None
        self._failures = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._keep_connection()
            except (McpError, TimeoutError) as error:
                _be_cancelled()
                self._complain(str(error) or f"it did not answer within {CONNECT_S:g} s")
            if asyncio.get_running_loop().time() - began > LASTING_S:
                self._failures = 0
            self._failures += 1
            pause = min(MOST_S, BASE_S * 2.0 ** min(self._failures - 1, 10))
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def call(self, name: str, arguments: Arguments) -> ToolResult:
        """Ends within the time limit."""
        label, limit = self.config.name, self.config.time_limit_s
        connection, pulse = self._connection, self._pulse
        if connection is None or pulse is None:
            return failure(f"{label} cannot be reached right now")
        try:
            async with asyncio.timeout(limit):
                return await connection.call(name, arguments)
        except TimeoutError:
            pulse.changed()  # it is asked at once whether it is still there
            return failure(f"{label} did not answer within {limit:g} s; it may still do it")
        except McpError as error:
            pulse.changed()
            return failure(f"{label} could not do it: {error}")

    async def _keep_connection(self) -> None:
        """Every other attempt speaks as servers of old want it, some of which take no question."""
        pulse = Pulse(asyncio.get_running_loop().time())
        by_handshake = self._failures % 2 == 1
        async with asyncio.timeout(CONNECT_S) as patience:
            async with self._connect(self.config, pulse, by_handshake) as connection:
                try:
                    await self._list(connection)
                    patience.reschedule(None)
                    self._connection, self._pulse = connection, pulse
                    await self._follow(connection, pulse)
                finally:  # before the goodbye, which can take seconds
                    self._connection, self.tools = None, ()

    async def _follow(self, connection: Connected, pulse: Pulse) -> None:
        log.info("%s: %d tools", self.config.name, len(self.tools))
        while True:
            await pulse.wait(REFRESH_S)
            await self._list(connection)
            await asyncio.sleep(PAUSE_S)

    async def _list(self, connection: Connected) -> None:
        async with asyncio.timeout(self.config.time_limit_s):
            listed = await connection.list()
        self.tools = usable(self.config.name, listed, self.config.allowed_tools)

    def _complain(self, reason: str) -> None:
        """Once; a server that stays away fills no log."""
        level = logging.WARNING if self._failures == 0 else logging.DEBUG
        log.log(level, "no tools of %s: %s; trying again", self.config.name, reason)


def _be_cancelled() -> None:
    """A cancellation that came while a connection broke is taken by anyio for its own."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _package() -> "Callable[..., AbstractAsyncContextManager[Connected]]":
    from edgevoice.relay.mcp.client import connect

    return connect
