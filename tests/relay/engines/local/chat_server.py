"""A real HTTP server that answers as it was told to, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from edgevoice.config import ChatConfig

Step = bytes | float
"""Bytes to send, or seconds to wait."""


async def in_steps(
    request: web.Request,
    response: web.StreamResponse,
    steps: Sequence[Step],
    hung_up: asyncio.Event,
) -> web.StreamResponse:
    """One after the other; `hung_up` is set when the client does not wait for the last."""
    try:
        await response.prepare(request)
        for step in steps:
            if isinstance(step, bytes):
                await response.write(step)
            else:
                await asyncio.sleep(step)
        await response.write_eof()
    except (ConnectionError, asyncio.CancelledError):
        hung_up.set()
        raise
    return response


def delta(**fields: Any) -> bytes:
    chunk = {"id": "x", "choices": [{"index": 0, "delta": fields}], "created": 1}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def says(text: str) -> bytes:
    return delta(content=text)


FINISHED = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


@dataclass
class ChatServer:
    steps: Sequence[Step] = (says("Hello."), FINISHED, DONE)
    status: int = 200
    content_type: str = "text/event-stream"
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """The client closed the connection before the last step."""
    config: ChatConfig = field(default_factory=ChatConfig)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        headers = {"Content-Type": self.content_type}
        response = web.StreamResponse(status=self.status, headers=headers)
        return await in_steps(request, response, self.steps, self.hung_up)

    @asynccontextmanager
    async def running(self, **config: Any) -> AsyncIterator["ChatServer"]:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        server = TestServer(app)
        await server.start_server()
        self.config = ChatConfig(url=str(server.make_url("/v1")), **config)
        try:
            yield self
        finally:
            await server.close()
