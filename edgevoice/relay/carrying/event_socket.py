"""A call over a WebSocket as OpenAI's own clients place it: events only, sound inside them.

Nobody is slower or faster than the other can bear. What the client sends too fast is read
later; what it does not read waits here, bounded, and the engine with it; and who reads or
says nothing at all for a while has gone.
"""

import asyncio
import base64
import logging
from asyncio import TaskGroup
from collections import deque
from collections.abc import Iterator
from socket import SHUT_RDWR
from typing import Any, Protocol

import msgspec
from aiohttp import WSCloseCode, WSMessage, WSMsgType

from edgevoice.config import LimitsConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import wire
from edgevoice.realtime.client_events import InputAudioBufferAppend
from edgevoice.relay.carrying.call_transport import Called
from edgevoice.relay.carrying.event_output import EventOutput
from edgevoice.relay.carrying.pace import Pace
from edgevoice.relay.carrying.sound_format import message_bytes

log = logging.getLogger(__name__)

PING_S = 20.0
"""Of silence, then the client is asked, and has half as long to answer: OpenAI's clients answer
by themselves."""
STALL_S = 20.0
"""For an event that the client does not read."""
GOODBYE_S = 1.0
"""For the client's half of the closing handshake."""
MAX_WAITING_BYTES = 4_194_304
"""Unread events; an answer's sound stops waiting here long before."""
PIECE_CHARS = 16_000
"""An appended sound is taken in such pieces, a quarter of a second of PCM: others get their turn
between them. (A second of it keeps Silero busy for 15 ms.)"""
LONG_CHARS = 512_000
SECOND_CHARS = 64_000
SOUND_PER_S = 16 * SECOND_CHARS
"""Characters of events read per second: sixteen times as fast as anybody speaks."""
SOUND_AT_ONCE = 30 * SECOND_CHARS
MAX_REASON_BYTES = 123
"""RFC 6455, section 5.5."""


class WebSocket(Protocol):
    """aiohttp's, of the server's side; it pings and answers pings by itself."""

    async def send_str(self, data: str) -> None: ...
    async def receive(self) -> WSMessage: ...
    async def close(self, *, code: int = ..., message: bytes = ...) -> bool: ...
    def get_extra_info(self, name: str, default: Any = None) -> Any: ...


class NothingReceived:
    """Sound in events is counted by nobody."""

    samples = packets = lost = concealed = 0


class EventSocket:
    """A Carrier. The WebSocket is attached when the call has been taken."""

    def __init__(self, limits: LimitsConfig, called: Called, *, takes_sound: bool = True) -> None:
        self._called = called
        self._takes_sound = takes_sound
        self._event_bytes = message_bytes(limits)
        self._events = Pace(limits.events_per_s, limits.events_per_s)
        self._sound = Pace(SOUND_PER_S, SOUND_AT_ONCE)
        self._socket: WebSocket | None = None
        self._tcp: Any = None
        self._texts: deque[str] = deque()
        self._waiting_bytes = 0
        self.put = self.written = 0
        self.output = EventOutput(self)
        self.received = NothingReceived()
        self.lost = False
        self._code = WSCloseCode.GOING_AWAY
        self._reason = ""
        self._ended = asyncio.Event()
        self._attached = asyncio.Event()
        self._news = asyncio.Event()
        self._left = asyncio.Event()
        self._closing = asyncio.Lock()

    async def answer(self, offer: str) -> str:
        """There is nothing to agree on."""
        return ""

    async def serve(self, socket: WebSocket) -> None:
        """Carry the call over this until it has ended."""
        # Kept, because aiohttp forgets it before it is closed.
        self._socket, self._tcp = socket, socket.get_extra_info("socket")
        self._attached.set()
        await self._left.wait()

    def send(self, text: str) -> None:
        self._texts.append(text)
        self._waiting_bytes += len(text)
        self.put += 1
        self._news.set()
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._end("the other side does not read its events", lost=True)

    async def run(self) -> None:
        async with TaskGroup() as group:
            carrying = group.create_task(self._carry())
            await self._ended.wait()
            carrying.cancel()
        await self.close()
        self._called.on_closed(self._reason)

    async def close(self) -> None:
        self._end("hung up")
        async with self._closing:
            if not self._left.is_set():
                await self._say_goodbye()

    async def _carry(self) -> None:
        await self._attached.wait()
        assert self._socket is not None
        self._called.on_open()
        async with TaskGroup() as group:
            group.create_task(self._read(self._socket))
            group.create_task(self._write(self._socket))

    def _end(self, reason: str, *, lost: bool = False, code: int = WSCloseCode.GOING_AWAY) -> None:
        """The first reason counts."""
        if not self._ended.is_set():
            self._reason, self.lost, self._code = reason, lost, WSCloseCode(code)
            self._ended.set()

    # What the client says.

    async def _read(self, socket: WebSocket) -> None:
        while not self._ended.is_set():
            message = await socket.receive()
            match message.type:
                case WSMsgType.TEXT:
                    await self._take(message.data)
                case WSMsgType.BINARY:
                    self._end(
                        "binary messages are not spoken here", code=WSCloseCode.UNSUPPORTED_DATA
                    )
                case WSMsgType.CLOSE:
                    # What it gives as its reason is not repeated: it would be in our audit log.
                    self._end("the other side hung up", code=WSCloseCode.OK)
                case WSMsgType.ERROR:
                    self._end(f"the connection broke off: {message.data}"[:200], lost=True)
                case _:
                    self._end("the connection broke off", lost=True)

    async def _take(self, text: str) -> None:
        # Parsing takes 60 ms of a quarter of an hour, in which everybody else would be silent.
        is_long = len(text) > LONG_CHARS
        pieces = await asyncio.to_thread(self._pieces, text) if is_long else self._pieces(text)
        loop = asyncio.get_running_loop()
        for piece in pieces:
            self._called.on_message(piece)
            await asyncio.sleep(self._sound.wait_s(len(piece), loop.time()))
        await asyncio.sleep(self._events.wait_s(1, loop.time()))

    def _pieces(self, text: str) -> Iterator[str]:
        """A long sound as many short ones; anything else as it is."""
        if len(text) <= 2 * PIECE_CHARS or not self._takes_sound:
            return iter((text,))
        try:
            event = wire.decode_client_event(text, self._event_bytes)
        except RemoteProtocolError:
            return iter((text,))
        return _cut(event) if isinstance(event, InputAudioBufferAppend) else iter((text,))

    # What we say.

    async def _write(self, socket: WebSocket) -> None:
        try:
            while True:
                while self._texts:
                    async with asyncio.timeout(STALL_S):
                        await self._send_next(socket)
                self._news.clear()
                await self._news.wait()
        except TimeoutError:
            self._end("the other side does not read its events", lost=True)
        except ConnectionError as error:
            self._end(f"the connection broke off: {error}"[:200], lost=True)

    async def _send_next(self, socket: WebSocket) -> None:
        text = self._texts.popleft()
        self._waiting_bytes -= len(text)
        await socket.send_str(text)
        self.written += 1
        self.output.wrote()

    # The end of it.

    async def _say_goodbye(self) -> None:
        socket = self._socket
        try:
            if socket is not None and not self.lost:
                reason = self._reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
                async with asyncio.timeout(2 * GOODBYE_S):
                    while self._texts:
                        await socket.send_str(self._texts.popleft())
                    await socket.close(code=self._code, message=reason.encode())
        except (TimeoutError, ConnectionError) as error:
            log.debug("closing a WebSocket: %r", error)
        finally:
            self._cut_off()
            self._left.set()

    def _cut_off(self) -> None:
        """aiohttp would go on waiting for an other end that takes nothing any more."""
        try:
            if self._tcp is not None:
                self._tcp.shutdown(SHUT_RDWR)
        except OSError:
            return  # closed already


def _cut(event: InputAudioBufferAppend) -> Iterator[str]:
    """Base64 can be cut after every fourth character; none of these ends in half a sample.

    The first one that is wrong is the last, so that one event has one error.
    """
    for start in range(0, len(event.audio), PIECE_CHARS):
        piece = event.audio[start : start + PIECE_CHARS]
        yield wire.encode(msgspec.structs.replace(event, audio=piece))
        if not _is_base64(piece):
            return


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True
