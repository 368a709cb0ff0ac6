"""A WebSocket whose two ends are in one program, and whose way can be spoilt."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import WSMessage, WSMsgType

DELAY_S = 0.01
MOST_BYTES = 400_000
"""What a way may hold before it takes no more; two sockets' buffers and what is between."""


class Way:
    """Both directions: everything arrives, in order and `DELAY_S` later, or nothing does."""

    def __init__(self) -> None:
        self.near, self.far = End(self), End(self)
        self.near.other, self.far.other = self.far, self.near
        self.is_held = False

    def hold(self) -> None:
        """Nothing comes through, and nobody is told."""
        self.is_held = True

    def go_on(self) -> None:
        self.is_held = False
        for end in (self.near, self.far):
            end.pump()

    def tear(self) -> None:
        """Both ends are told that it is over."""
        for end in (self.near, self.far):
            end.inbox.put_nowait(WSMessage(WSMsgType.CLOSED, None, None))
            end.is_closed = True


class End:
    other: "End"

    def __init__(self, way: Way) -> None:
        self._way = way
        self._coming: deque[tuple[float, WSMessage, int]] = deque()
        self.coming_bytes = 0
        self.inbox: asyncio.Queue[WSMessage] = asyncio.Queue()
        self.is_closed = False
        self.has_room = asyncio.Event()
        self._turn = asyncio.Lock()
        self.on_packet: Callable[[bytes], None] = lambda data: None
        """Sound is about to leave by this end."""

    async def send_str(self, data: str) -> None:
        await self._send(WSMessage(WSMsgType.TEXT, data, None), len(data))

    async def send_bytes(self, data: bytes) -> None:
        self.on_packet(data)
        await self._send(WSMessage(WSMsgType.BINARY, data, None), len(data))

    async def ping(self, message: bytes = b"") -> None:
        await self._send(WSMessage(WSMsgType.PING, message, None), 8)

    async def pong(self, message: bytes = b"") -> None:
        await self._send(WSMessage(WSMsgType.PONG, message, None), 8)

    async def receive(self) -> WSMessage:
        if self.is_closed and self.inbox.empty():
            return WSMessage(WSMsgType.CLOSED, None, None)
        return await self.inbox.get()

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        if self.is_closed:
            return False
        self.other._take(WSMessage(WSMsgType.CLOSE, code, message.decode()), 8)
        self.is_closed = True
        self.inbox.put_nowait(WSMessage(WSMsgType.CLOSED, None, None))
        return True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def push(self, text: str) -> None:
        """As if the other end had said it."""
        self._take(WSMessage(WSMsgType.TEXT, text, None), len(text))

    async def _send(self, message: WSMessage, size: int) -> None:
        if self.is_closed:
            raise ConnectionResetError("the way is closed")
        async with self._turn:  # whoever comes first is sent first
            if self.other.coming_bytes > MOST_BYTES:
                await self._room()
            self.other._take(message, size)

    async def _room(self) -> None:
        """As a socket's writer waits that nobody reads from."""
        self.other.has_room.clear()
        await self.other.has_room.wait()

    def _take(self, message: WSMessage, size: int) -> None:
        loop = asyncio.get_running_loop()
        self._coming.append((loop.time() + DELAY_S, message, size))
        self.coming_bytes += size
        loop.call_later(DELAY_S + 1e-6, self.pump)

    def pump(self) -> None:
        now = asyncio.get_event_loop().time()
        while self._coming and self._coming[0][0] <= now and not self._way.is_held:
            _, message, size = self._coming.popleft()
            self.coming_bytes -= size
            self.inbox.put_nowait(message)
        if self.coming_bytes < MOST_BYTES // 2:
            self.has_room.set()
