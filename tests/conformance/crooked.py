"""A server that is nearly right: it passes everything on to a relay, and spoils what comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from edgevoice.conformance.target import Target

Event = dict[str, Any]
Spoil = Callable[[Event], Iterable[Event]]


@dataclass
class CrookedServer:
    honest: Target
    spoil: Spoil = lambda event: [event]
    """What a client is sent in the place of an event."""
    withheld: frozenset[str] = field(default_factory=frozenset)
    """Headers that answers lack."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Target]:
        app = web.Application()
        app.router.add_get("/v1/realtime", self._socket)
        app.router.add_route("*", "/{path:.*}", self._request)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield Target(url, self.honest.token, self.honest.model)
        finally:
            await runner.cleanup()

    async def _request(self, request: web.Request) -> web.Response:
        async with (
            aiohttp.ClientSession() as http,
            http.request(
                request.method,
                self.honest.url + request.path_qs,
                headers={k: v for k, v in request.headers.items() if k != "Host"},
                data=await request.read(),
            ) as answer,
        ):
            kept = {k: v for k, v in answer.headers.items() if k not in self.withheld}
            kept.pop("Content-Length", None)
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        ours = web.WebSocketResponse(protocols=("realtime",))
        url = f"{self.honest.socket_url}?{request.query_string}"
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(url, headers=self.honest.bearer) as theirs,
        ):
            await ours.prepare(request)
            await self._carry(ours, theirs)
        return ours

    async def _carry(
        self, ours: web.WebSocketResponse, theirs: aiohttp.ClientWebSocketResponse
    ) -> None:
        async def upwards() -> None:
            async for message in ours:
                await theirs.send_str(message.data)
            await theirs.close()

        async with asyncio.TaskGroup() as group:
            group.create_task(upwards())
            async for message in theirs:
                for event in self.spoil(json.loads(message.data)):
                    await ours.send_str(json.dumps(event))
            await ours.close()
