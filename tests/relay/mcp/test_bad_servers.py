"""Servers that hang, flood and lie: the relay loses their tools, and no time."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edgevoice.config import McpServerConfig
from edgevoice.relay.mcp.server import McpServer
from tests.waiting import until

pytestmark = pytest.mark.e2e

BAD_SERVER = str(Path(__file__).with_name("bad_server.py"))
BUSY_S = 0.05
"""Of processor time at a stretch; sound waits in the jitter buffer for longer."""


class Stretches:
    """How long the event loop worked at most before it came to this task again."""

    longest_s = 0.0

    async def watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            self.longest_s = max(self.longest_s, time.thread_time() - before)
            await asyncio.sleep(0.002)


@asynccontextmanager
async def running(server: McpServer) -> AsyncIterator[McpServer]:
    stretches = Stretches()
    tasks = [asyncio.create_task(work) for work in (server.run(), stretches.watch())]
    try:
        yield server
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert stretches.longest_s < BUSY_S


def bad(what: str, time_limit_s: float = 2.0) -> McpServer:
    command = (sys.executable, "-S", BAD_SERVER, what)
    return McpServer(McpServerConfig(name="bad", command=command, time_limit_s=time_limit_s))


async def there(server: McpServer) -> list[str]:
    await until(lambda: server.tools)
    return [tool.name for tool in server.tools]


async def complaint(caplog: pytest.LogCaptureFixture) -> str:
    lines = await until(lambda: [text for text in caplog.messages if "trying again" in text])
    return lines[0]


@pytest.fixture(scope="module", autouse=True)
def _package_is_loaded():
    """Which takes a second of processor time, in a thread."""
    import edgevoice.relay.mcp.client  # noqa: F401


async def test_only_what_can_be_told_to_a_model_is_listed(caplog):
    async with running(bad("lies")) as server:
        assert await there(server) == ["do"]
        [tool] = server.tools
        assert len(tool.description) == 1024
    assert "4 tools of bad are left out" in caplog.text


async def test_of_many_tools_the_first_ones_count():
    async with running(bad("many")) as server:
        assert len(await there(server)) == 64


async def test_pages_without_end_are_not_read_for_ever():
    async with running(bad("pages")) as server:
        assert await there(server) == ["do"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("huge", "a message of more than 1048576 bytes"),
        ("endless", "more than 1048576 bytes"),
        ("flood", "more than 50 messages per second"),
        ("no_schema", "validation error"),
    ],
)
async def test_a_server_that_sends_too_much_or_nonsense_is_left(what, why, caplog):
    async with running(bad(what)):
        assert why in await complaint(caplog)


async def test_a_list_that_is_nested_too_deep_never_arrives(caplog):
    async with running(bad("deep", time_limit_s=0.5)) as server:
        assert "no tools of bad" in await complaint(caplog)
        assert not server.tools


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("huge_result", "bad could not do it: it sent a message of more than 1048576 bytes"),
        ("deep_result", "bad did not answer within 0.4 s; it may still do it"),
        ("hang", "bad did not answer within 0.4 s; it may still do it"),
        ("exit", "bad could not do it: its program has ended"),
    ],
)
async def test_a_call_that_leads_nowhere_ends_as_a_result(what, text):
    limit_s = 0.4 if "0.4 s" in text else 10.0
    async with running(bad(what, time_limit_s=limit_s)) as server:
        await there(server)
        began = time.monotonic()
        result = await server.call("do", {})
        assert result.failed and result.text == text
        assert time.monotonic() - began < 9.0


async def test_a_result_of_another_form_is_a_failure():
    async with running(bad("nonsense")) as server:
        await there(server)
        assert (await server.call("do", {})).failed


async def test_a_result_is_not_checked_with_the_expressions_of_a_stranger():
    async with running(bad("redos")) as server:
        await there(server)
        assert "aaaa" in (await server.call("do", {})).text


async def test_parts_that_are_no_text_are_named_only():
    async with running(bad("picture")) as server:
        await there(server)
        result = await server.call("do", {})
        assert result.text == "a cat\n(1 parts that are no text were left out)"


async def test_a_server_that_ended_is_started_again():
    async with running(bad("exit")) as server:
        await there(server)
        await server.call("do", {})
        await until(lambda: not server.tools)
        assert (await server.call("do", {})).text == "bad cannot be reached right now"
        assert await there(server) == ["do"]


async def test_a_program_that_does_not_exist_is_told_once(caplog):
    server = McpServer(McpServerConfig(name="bad", command=("/nowhere/server",)))
    async with running(server):
        assert "/nowhere/server cannot be started" in await complaint(caplog)


async def test_a_server_that_says_nothing_makes_nobody_wait():
    async with running(bad("mute")) as server:
        assert (await server.call("do", {})).text == "bad cannot be reached right now"
