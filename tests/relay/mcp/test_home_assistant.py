"""A server that answers as Home Assistant's does: one URL, stateless, JSON, a bearer token."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edgevoice.config import McpServerConfig
from edgevoice.relay.mcp.server import McpServer
from edgevoice.relay.tool_use.toolbox import ToolResult
from tests.waiting import until

pytestmark = pytest.mark.e2e

TURN_ON = {"type": "object", "properties": {"name": {"type": "string"}}}
VERSION = "2025-06-18"


@dataclass
class HomeAssistant:
    mood: str = "good"
    seen: list[dict[str, str]] = field(default_factory=list)
    gone_elsewhere: int = 0

    async def post(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(dict(request.headers))
        if request.headers.get("Authorization") != "Bearer a.long.lived.token":
            return web.Response(status=401)
        if "application/json" not in request.headers.get("Accept", ""):
            return web.Response(status=400)
        message = await request.json()
        if "id" not in message:
            return web.Response(status=202)
        return await self.answer(request, message)

    async def answer(self, request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        if message["method"] != "tools/call":
            return self.reply(message, self.result(message["method"]))
        match self.mood:
            case "packed":
                body = gzip.compress(b'{"x":"' + b"y" * 20_000_000 + b'"}')
                headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
                return web.Response(body=body, headers=headers)
            case "huge":
                return web.json_response({"x": "y" * 3_000_000})
            case "elsewhere":
                return web.Response(status=307, headers={"Location": "/other"})
            case "away":
                target = str(request.url.with_host("localhost").with_path("/secret"))
                return web.Response(status=307, headers={"Location": target})
            case "endless":
                response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
                await response.prepare(request)
                while True:
                    await response.write(b": " + b"x" * 60_000 + b"\n\n")
            case "slow":
                await asyncio.sleep(30)
        content = [{"type": "text", "text": '{"success": ["lamp"]}'}]
        return self.reply(message, {"content": content})

    def result(self, method: str) -> dict[str, Any] | None:
        if method == "initialize":
            info = {"name": "home-assistant", "version": "1"}
            return {"protocolVersion": VERSION, "capabilities": {"tools": {}}, "serverInfo": info}
        if method == "tools/list":
            return {"tools": [{"name": "HassTurnOn", "description": "On", "inputSchema": TURN_ON}]}
        return None

    def reply(self, message: dict[str, Any], result: dict[str, Any] | None) -> web.Response:
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        if result is None:
            return web.json_response({**answer, "error": {"code": -32601, "message": "Not found"}})
        return web.json_response({**answer, "result": result})

    async def secret(self, request: web.Request) -> web.Response:
        self.gone_elsewhere += 1
        return web.Response()


@asynccontextmanager
async def at_home(
    home: HomeAssistant, tmp_path, **config: Any
) -> AsyncIterator[tuple[McpServer, TestServer]]:
    token = tmp_path / "token"
    token.write_text("a.long.lived.token\n")
    app = web.Application()
    app.router.add_post("/api/mcp", home.post)
    app.router.add_post("/secret", home.secret)
    house = TestServer(app)
    await house.start_server()
    settings = McpServerConfig(
        name="home",
        url=str(house.make_url("/api/mcp")),
        token_file=str(token),
        headers=("X-Home: yes",),
        time_limit_s=2.0,
    )
    server = McpServer(replace(settings, **config))
    running = asyncio.create_task(server.run())
    try:
        yield server, house
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await house.close()


async def test_its_tools_are_found_and_called_with_its_token(tmp_path):
    home = HomeAssistant()
    async with at_home(home, tmp_path) as (server, _):
        [tool] = await until(lambda: server.tools)
        assert (tool.name, tool.read_only) == ("HassTurnOn", False)
        result = await server.call("HassTurnOn", {"name": "lamp"})
    assert result == ToolResult('{"success": ["lamp"]}')
    assert {(h["X-Home"], h["Accept-Encoding"]) for h in home.seen} == {("yes", "identity")}


async def test_a_wrong_token_is_no_reason_to_stop(tmp_path, caplog):
    wrong = tmp_path / "wrong"
    wrong.write_text("another")
    async with at_home(HomeAssistant(), tmp_path, token_file=str(wrong)) as (server, _):
        await until(lambda: "no tools of home" in caplog.text)
        assert not server.tools
        wrong.write_text("a.long.lived.token")
        await until(lambda: server.tools)
    assert "another" not in caplog.text


async def test_a_token_that_is_not_there_is_named(tmp_path, caplog):
    async with at_home(HomeAssistant(), tmp_path, token_file="/nowhere/token"):
        await until(lambda: "token_file /nowhere/token cannot be read" in caplog.text)


@pytest.mark.parametrize(
    ("mood", "why"),
    [
        ("packed", "it compresses its answers"),
        ("huge", "it sent a message of more than 1048576 bytes"),
        ("endless", "it sends more than 512 kB per second"),
        ("slow", "did not answer within 0.5 s"),
        ("away", "not followed"),
    ],
)
async def test_what_nobody_can_use_ends_as_a_failure(mood, why, tmp_path):
    home = HomeAssistant(mood)
    async with at_home(home, tmp_path, time_limit_s=0.5) as (server, _):
        await until(lambda: server.tools)
        async with asyncio.timeout(3):
            result = await server.call("HassTurnOn", {})
    assert result.failed and why in result.text
    assert home.gone_elsewhere == 0


async def test_a_server_that_goes_takes_its_tools_along_and_brings_them_back(tmp_path):
    home = HomeAssistant()
    async with at_home(home, tmp_path) as (server, house):
        await until(lambda: server.tools)
        port = house.port
        await house.close()
        assert (await server.call("HassTurnOn", {})).failed
        await until(lambda: not server.tools)
        app = web.Application()
        app.router.add_post("/api/mcp", home.post)
        again = TestServer(app, port=port)
        await again.start_server()
        await until(lambda: server.tools)
        await again.close()
