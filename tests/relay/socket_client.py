"""A client of OpenAI's kind at the relay's WebSocket, as thin as can be."""

import base64
import json
from typing import Any

import numpy as np
from aiohttp import ClientWebSocketResponse, WSMsgType

from edgevoice.audio.frames import Samples
from tests.relay.http.test_signalling import House
from tests.relay.order import Order

PATH = "/v1/realtime"


class SocketClient:
    def __init__(self, socket: ClientWebSocketResponse, order: Order | None = None) -> None:
        """`order`: what it reads has to keep."""
        self.socket = socket
        self._order = order
        self.events: list[dict[str, Any]] = []
        """All that were read."""

    @property
    def call_id(self) -> str:
        return self.socket._response.headers["Location"].rpartition("/")[2]

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send_str(json.dumps({"type": kind, **fields}))

    async def append(self, data: bytes, **fields: Any) -> None:
        audio = base64.b64encode(data).decode()
        await self.send("input_audio_buffer.append", audio=audio, **fields)

    async def say(self, ms: int = 1000) -> None:
        """So much noise, and silence behind it."""
        await self.append(pcm(8_000, ms) + pcm(0, 700))

    async def read(self) -> dict[str, Any]:
        message = await self.socket.receive()
        assert message.type is WSMsgType.TEXT, message
        self.events.append(json.loads(message.data))
        if self._order is not None:
            self._order.see(self.events[-1])
        return self.events[-1]

    async def until(self, kind: str) -> dict[str, Any]:
        """Read on, up to and including the next event of this kind."""
        while (event := await self.read())["type"] != kind:
            pass
        return event

    async def until_closed(self) -> list[dict[str, Any]]:
        """What was still said; afterwards the socket knows the close code."""
        before = len(self.events)
        async for message in self.socket:
            self.events.append(json.loads(message.data))
        return self.events[before:]

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def sound(self) -> bytes:
        """Of all answers."""
        deltas = self.all("response.output_audio.delta")
        return b"".join(base64.b64decode(event["delta"]) for event in deltas)


async def connect(
    house: House, query: str = "?model=gpt-realtime", key: str | None = None, **options: Any
) -> SocketClient:
    """The first event is read."""
    headers = {"Authorization": f"Bearer {key or house.kitchen}"} | options.pop("headers", {})
    socket = await house.client.ws_connect(PATH + query, headers=headers, **options)
    # Whoever joins comes in the middle of it.
    client = SocketClient(socket, None if "call_id" in query else Order())
    assert (await client.read())["type"] == "session.created"
    return client


def pcm(level: int, ms: int, rate_hz: int = 24_000) -> bytes:
    samples: Samples = np.full(ms * rate_hz // 1000, level, np.int16)
    return samples.tobytes()
