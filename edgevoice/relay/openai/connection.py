"""One WebSocket to the server behind the relay: opened early, alive or given up. Knows no event.

What is sent before it is open waits, within bounds. It ends for a reason that can be logged.
"""

import asyncio
from asyncio import TaskGroup
from collections import deque
from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType

from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.openai.upstream import Socket

PING_S = 5.0
"""A server in use says something all the time; one that is listened to in vain is asked."""
PONG_S = 5.0
MOST_WAITING = 4_194_304
"""Characters: a minute of sound. Who takes none for so long takes none at all."""


class Connection:
    def __init__(
        self, connect: Callable[[], Awaitable[Socket]], hear: Callable[[str], None]
    ) -> None:
        self._connect = connect
        self._hear = hear
        self._waiting: deque[str] = deque()
        self._waiting_chars = 0
        self._more = asyncio.Event()
        self._over = asyncio.Event()
        self._reason = ""
        self._expecting: asyncio.TimerHandle | None = None
        self.refusal: CallRefused | None = None
        """Why it was never open."""
        self.heard_at = asyncio.get_running_loop().time()
        """When it was known to live."""

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def send(self, text: str) -> None:
        if self.is_over:
            return
        self._waiting.append(text)
        self._waiting_chars += len(text)
        self._more.set()
        if self._waiting_chars > MOST_WAITING:
            self.end("the server takes nothing any more")

    def expect(self, within_s: float | None) -> None:
        """It must say something within this time; None: it need not."""
        if self._expecting is not None:
            self._expecting.cancel()
            self._expecting = None
        if within_s is not None and not self.is_over:
            loop = asyncio.get_running_loop()
            said = f"the server has said nothing for {within_s:g} s"
            self._expecting = loop.call_later(within_s, self.end, said)

    def end(self, reason: str) -> None:
        """The first reason counts."""
        self.expect(None)
        self._reason = self._reason or reason
        self._over.set()

    async def run(self) -> str:
        """Until either side ends it; says why."""
        try:
            socket = await self._connect()
        except CallRefused as refusal:
            self.refusal = refusal
            self.end(str(refusal))
            return self._reason
        self._lives()
        try:
            await self._carry(socket)
        finally:
            self.end("cancelled")
            await socket.close()
        return self._reason

    async def _carry(self, socket: Socket) -> None:
        async with TaskGroup() as group:
            work = (self._read(socket), self._write(socket), self._ask(socket))
            tasks = [group.create_task(part) for part in work]
            await self._over.wait()
            for task in tasks:
                task.cancel()

    async def _read(self, socket: Socket) -> None:
        async for message in socket:
            self._lives()
            if message.type == WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                self._hear(message.data)
        self.end(f"the server hung up ({socket.close_code or 'no goodbye'})")

    async def _write(self, socket: Socket) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                text = self._waiting.popleft()
                self._waiting_chars -= len(text)
                try:
                    await socket.send_str(text)
                except ConnectionError:
                    self.end("the connection to the server broke")
                    return

    async def _ask(self, socket: Socket) -> None:
        """Is it there? A path that is gone tells nobody."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(PING_S)
            if loop.time() - self.heard_at > PING_S + PONG_S - 0.1:
                self.end("the server answers no ping")
                return
            try:
                await socket.ping()
            except ConnectionError:
                self.end("the connection to the server broke")
                return

    def _lives(self) -> None:
        self.heard_at = asyncio.get_running_loop().time()
