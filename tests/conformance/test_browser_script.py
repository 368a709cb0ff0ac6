"""The desk at which a page picks up checks and hands in reports, without a page."""

import asyncio
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from edgevoice.conformance.browser_script import BrowserScript
from edgevoice.conformance.target import Target

TARGET = Target("http://relay.example:8790", "token", "model")


async def test_a_report_belongs_to_the_check_that_was_asked_for() -> None:
    desk = BrowserScript(TARGET)
    asking = asyncio.ensure_future(desk.act("agents-browser.tool"))
    await desk.reports.put({"check": "agents-browser.turn", "expected": "x", "came": "y"})
    await desk.reports.put({"check": "agents-browser.tool"})
    assert await asking == {"check": "agents-browser.tool"}
    assert await desk.checks.get() == "agents-browser.tool"


async def test_the_token_is_told_once(tmp_path: Path) -> None:
    server = TestServer(BrowserScript(TARGET).application(tmp_path))
    async with TestClient(server) as client:
        assert (await (await client.get("/given")).json())["token"] == "token"
        assert (await client.get("/given")).status == 410
