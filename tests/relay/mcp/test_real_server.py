"""A real MCP server, made with the package, by every way there is to it."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edgevoice.config import McpConfig, McpServerConfig
from edgevoice.relay.mcp.servers import McpServers
from edgevoice.relay.tool_use.toolbox import Toolbox, ToolResult
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

HOUSE = str(Path(__file__).with_name("house.py"))
STDIO = McpServerConfig(name="house", command=(sys.executable, HOUSE, "stdio"))


@asynccontextmanager
async def toolbox(config: McpServerConfig) -> AsyncIterator[Toolbox]:
    servers = McpServers(McpConfig((config,)))
    servers.check()
    tools = servers.for_caller("kitchen")
    running = asyncio.create_task(servers.run())
    try:
        await until(tools.tools)
        yield tools
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def house_at(kind: str) -> AsyncIterator[str]:
    """Served over HTTP; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, HOUSE, kind, str(port), stdout=null, stderr=null
    )
    try:
        yield f"http://127.0.0.1:{port}/{'sse' if kind == 'sse' else 'mcp'}"
    finally:
        process.kill()
        await process.wait()


async def call(tools: Toolbox, which: str, **arguments: object) -> ToolResult:
    [tool] = [tool for tool in tools.tools() if tool.name == which]
    return await tools.call(tool, arguments)


async def test_a_program_that_the_relay_runs(tmp_path, monkeypatch):
    note = tmp_path / "note"
    monkeypatch.setenv("PONDER_NOTE", str(note))
    monkeypatch.setenv("SECRET", "of the relay")
    async with toolbox(replace(STDIO, environment=("PONDER_NOTE",), time_limit_s=5)) as tools:
        assert await call(tools, "temperature", room="kitchen") == ToolResult(
            "21 degrees in the kitchen"
        )
        assert (await call(tools, "fail")).failed
        assert (await call(tools, "temperature", rom="kitchen")).failed
        long = await call(tools, "shout", letters=20_000)
        assert len(long.text) == 6_000 and long.text.endswith("(cut: the result was longer)")
        # Whoever is cancelled has told the server so.
        pondering = asyncio.create_task(call(tools, "ponder", seconds=60.0))
        await until(note.with_suffix(".begun").exists)
        pondering.cancel()
        await asyncio.gather(pondering, return_exceptions=True)
        await until(lambda: note.exists() and note.read_text())
        assert note.read_text() == "cancelled"
        assert (await call(tools, "quit_now")).failed
        assert not tools.tools()


@pytest.mark.parametrize("kind", ["http", "sse"])
async def test_a_server_at_a_url(kind):
    async with house_at(kind) as url:
        transport = "sse" if kind == "sse" else "http"
        config = McpServerConfig(name="house", url=url, transport=transport, time_limit_s=5)
        async with toolbox(config) as tools:
            result = await call(tools, "switch_light", name="lamp", on=True)
            assert result == ToolResult("lamp is on")
            hints = {tool.name: tool.annotations for tool in tools.tools()}
            assert hints["unlock"] == {"destructiveHint": True}
            assert (await call(tools, "shout", letters=2_000_000)).failed


async def test_who_is_not_on_the_list_has_no_tools():
    servers = McpServers(McpConfig((replace(STDIO, devices=("kitchen",)),)))
    assert servers.for_caller("kitchen").servers == ("house",)
    assert servers.for_caller("guest").servers == ()
