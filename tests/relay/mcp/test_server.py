"""Stories of one connection, in virtual time: lost, sought again, listed anew."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

from edgevoice.config import McpServerConfig
from edgevoice.errors import McpError
from edgevoice.relay.mcp.listing import Listed
from edgevoice.relay.mcp.pulse import Pulse
from edgevoice.relay.mcp.server import McpServer
from edgevoice.relay.tool_use.toolbox import Arguments, ToolResult
from tests.virtual_time import elapse


class Program:
    """A server, and the only connection to it."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.attempts: list[tuple[float, bool]] = []
        self.listed = [Listed("look")]
        self.lists = 0
        self.takes_s = 0.1
        self.pulse = Pulse(0.0)

    @asynccontextmanager
    async def connect(
        self, config: McpServerConfig, pulse: Pulse, by_handshake: bool
    ) -> AsyncIterator["Program"]:
        self.attempts.append((asyncio.get_running_loop().time(), by_handshake))
        self.pulse = pulse
        if len(self.attempts) <= self.refusals:
            raise McpError("nobody is there")
        yield self

    async def list(self) -> list[Listed]:
        self.lists += 1
        await elapse(self.takes_s)
        return self.listed

    async def call(self, name: str, arguments: Arguments) -> ToolResult:
        await elapse(self.takes_s)
        return ToolResult("seen")


@asynccontextmanager
async def served(program: Program) -> AsyncIterator[McpServer]:
    server = McpServer(McpServerConfig(name="house", time_limit_s=3.0), program.connect)
    running = asyncio.create_task(server.run())
    yield server
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_attempts_become_rarer_and_alternate_in_how_they_greet():
    program = Program(refusals=12)
    async with served(program) as server:
        await elapse(600)
        times = [at for at, _ in program.attempts]
        pauses = [later - before for before, later in pairwise(times)]
        assert all(pause <= 60 for pause in pauses) and min(pauses[7:]) >= 30
        assert [by_handshake for _, by_handshake in program.attempts][:4] == [False, True] * 2
        assert [tool.name for tool in server.tools] == ["look"]


async def test_tools_are_gone_while_the_server_is():
    program = Program()
    async with served(program) as server:
        await elapse(1)
        assert (await server.call("look", {})).text == "seen"
        program.pulse.end("it went away")
        await elapse(0.3)
        assert not server.tools
        assert (await server.call("look", {})).text == "house cannot be reached right now"
        await elapse(2)
        assert server.tools


async def test_news_are_asked_for_but_not_without_end():
    program = Program()
    async with served(program) as server:
        await elapse(1)
        program.listed = [Listed("look"), Listed("listen")]
        for _ in range(100):
            program.pulse.changed()
            await elapse(0.1)
        assert len(server.tools) == 2
        assert program.lists <= 8


async def test_a_server_that_stops_answering_loses_its_tools():
    program = Program()
    async with served(program) as server:
        await elapse(1)
        program.takes_s = 3_600.0
        result = await server.call("look", {})
        assert result.failed and "3 s" in result.text
        await elapse(6)
        assert not server.tools


async def test_a_call_that_is_given_up_takes_no_tools_away():
    program = Program()
    async with served(program) as server:
        await elapse(1)
        call = asyncio.create_task(server.call("look", {}))
        await elapse(0.05)
        call.cancel()
        await elapse(5)
        assert call.cancelled() and server.tools
