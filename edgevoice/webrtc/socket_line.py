"""One end of a session over a WebSocket, for networks that let no UDP through.

Events are text messages, RTP packets are binary ones. TCP loses nothing, but it can stall:
then sound waits where it comes from, in the ring or with the answer, and events go first.
The same on the device and on the relay; how the WebSocket came about is not known here.
"""

import asyncio
import logging
import random
from asyncio import TaskGroup
from collections import deque
from collections.abc import Awaitable, Callable
from socket import SHUT_RDWR
from typing import Any, Protocol

from aiohttp import WSCloseCode, WSMessage, WSMsgType
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc import rtp_packet
from edgevoice.webrtc.in_flight import InFlight
from edgevoice.webrtc.line import CLOSE_S, OPEN_S, SILENCE_S, Line
from edgevoice.webrtc.rtp_packet import RtpPacket
from edgevoice.webrtc.sdp import MAX_MESSAGE_BYTES

log = logging.getLogger(__name__)

PING_S = 0.5
"""From either end, so that one that falls silent is missed."""
GOODBYE_S = 1.0
"""For the other end's half of the closing handshake."""
SOUND_IN_FLIGHT = 8_192
"""Bytes: two seconds of sound, and 0.6 Mb/s for what has waited on a way of 100 ms."""
EVENTS_IN_FLIGHT = 65_536
MAX_REASON_BYTES = 123
"""RFC 6455, section 5.5: what a close message has room for beside its code."""


class WebSocket(Protocol):
    """aiohttp's, of either side, made with `autoping` and `autoclose` off and no compression."""

    async def send_str(self, data: str) -> None: ...
    async def send_bytes(self, data: bytes) -> None: ...
    async def ping(self, message: bytes = b"") -> None: ...
    async def pong(self, message: bytes = b"") -> None: ...
    async def receive(self) -> WSMessage: ...
    async def close(self, *, code: int = ..., message: bytes = ...) -> bool: ...
    def get_extra_info(self, name: str, default: Any = None) -> Any: ...


class Track(Protocol):
    """Of encoded sound: Uplink and PacedOutput."""

    async def recv(self) -> "Packet[Any]": ...


class SocketLine(Line):
    """Opens when it is given its WebSocket, and sound goes out once there is a track."""

    UNOPENED = f"no WebSocket after {OPEN_S:.0f} s"

    def __init__(
        self, max_message_bytes: int = MAX_MESSAGE_BYTES, silence_s: float = SILENCE_S
    ) -> None:
        super().__init__(max_message_bytes, silence_s)
        self.in_flight = InFlight()
        self._socket: WebSocket | None = None
        self._tcp: Any = None
        self._heard_at: float | None = None
        self._track: Track | None = None
        self._clock_start = 0
        self._texts: deque[str] = deque()
        """Bounded by the outbox, which ends a session whose events nobody reads."""
        self._text_bytes = 0
        self._moved = asyncio.Event()
        """Somebody who waits may have its turn."""
        self._code = WSCloseCode.OK
        self._left = asyncio.Event()

    def attach(self, socket: WebSocket) -> None:
        """The connection is there."""
        self._socket = socket
        # Kept, because aiohttp forgets it before it is closed.
        self._tcp = socket.get_extra_info("socket")
        self.post(lambda: self._opened(self))
        self._moved.set()

    def speak(self, track: Track, clock_start: int) -> None:
        """Send this; its RTP clock starts there."""
        self._track, self._clock_start = track, clock_start
        self._moved.set()

    async def run(self) -> str:
        async with TaskGroup() as group:
            work = (self._read, self._write, self._send_sound, self._ping)
            tasks = [group.create_task(self._carry(each)) for each in work]
            reason = await super().run()
            for task in tasks:
                task.cancel()
        return reason

    async def left(self) -> None:
        """Until the WebSocket is closed, and whoever served it may go."""
        await self._left.wait()

    # The channel that the outbox sees.

    @property
    def bufferedAmount(self) -> int:
        return self._text_bytes

    def send(self, data: str) -> None:
        self._texts.append(data)
        self._text_bytes += len(data)
        self._moved.set()

    # Its four tasks.

    async def _carry(self, work: Callable[[WebSocket], Awaitable[None]]) -> None:
        await self._until(lambda: self._socket is not None)
        assert self._socket is not None
        try:
            await work(self._socket)
        except ConnectionError as error:
            self.end(f"the connection broke off: {error}"[:200], lost=True)
        except MediaStreamError:
            self.end("the sound to be sent has stopped")

    async def _read(self, socket: WebSocket) -> None:
        loop = asyncio.get_running_loop()
        while self.ended is None:
            message = await socket.receive()
            self._heard_at = loop.time()
            match message.type:
                case WSMsgType.BINARY:
                    self._on_packet(message.data)
                case WSMsgType.TEXT:
                    self._on_text(message.data)
                case WSMsgType.PING:
                    await socket.pong(message.data)
                case WSMsgType.PONG:
                    self.in_flight.answered(message.data)
                    self._moved.set()
                case _:
                    is_goodbye = message.type is WSMsgType.CLOSE
                    self.end_in_turn(why_it_ended(message), hung_up=is_goodbye)
                    return

    async def _write(self, socket: WebSocket) -> None:
        while True:
            await self._until(lambda: bool(self._texts) and self._has_room(EVENTS_IN_FLIGHT))
            text = self._texts.popleft()
            self._text_bytes -= len(text)
            await socket.send_str(text)
            await self._wrote(len(text))

    async def _send_sound(self, socket: WebSocket) -> None:
        sequence, ssrc = random.getrandbits(16), random.getrandbits(32)
        while True:
            await self._until(self._may_speak)
            assert self._track is not None
            sound = await self._track.recv()
            timestamp = self._clock_start + (sound.pts or 0)
            packet = RtpPacket(ssrc, sequence, timestamp, bytes(sound)).pack()
            sequence += 1
            await socket.send_bytes(packet)
            await self._wrote(len(packet))

    async def _ping(self, socket: WebSocket) -> None:
        while True:
            await socket.ping(self.in_flight.question())
            await asyncio.sleep(PING_S)

    def _may_speak(self) -> bool:
        """What waits for its turn here has not left its place yet, and events have room left."""
        return self._track is not None and self._has_room(SOUND_IN_FLIGHT)

    def _has_room(self, limit: int) -> bool:
        return self.in_flight.pending_bytes < limit

    async def _wrote(self, size: int) -> None:
        self.in_flight.wrote(size)
        self._moved.set()
        if self._socket is not None and self.in_flight.is_worth_asking:
            await self._socket.ping(self.in_flight.question())

    async def _until(self, is_my_turn: Callable[[], bool]) -> None:
        while not is_my_turn():
            self._moved.clear()
            await self._moved.wait()

    def _on_packet(self, data: bytes) -> None:
        try:
            packet = rtp_packet.parse(data)
        except RemoteProtocolError as error:
            self._code = WSCloseCode.PROTOCOL_ERROR
            self.end(str(error))
        else:
            self._on_rtp(*packet)

    # The end of it.

    def _last_heard(self) -> float | None:
        return self._heard_at

    async def _close(self) -> None:
        try:
            if self._socket is not None:
                await self._say_goodbye(self._socket)
        finally:
            self._cut_off()
            self._left.set()

    async def _say_goodbye(self, socket: WebSocket) -> None:
        reason = (self.ended or "").encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        try:
            async with asyncio.timeout(CLOSE_S):
                while self._texts:
                    await socket.send_str(self._texts.popleft())
                await socket.close(code=self._code, message=reason.encode())
        except (TimeoutError, ConnectionError) as error:
            log.debug("closing a WebSocket: %r", error)

    def _cut_off(self) -> None:
        """aiohttp would go on waiting for an other end that takes nothing any more."""
        try:
            if self._tcp is not None:
                self._tcp.shutdown(SHUT_RDWR)
        except OSError:
            return  # closed already


def why_it_ended(message: WSMessage) -> str:
    """From the last thing that aiohttp says of a WebSocket.

    What the other side gave as its reason is not repeated: it would end up in our audit log.
    """
    match message.type:
        case WSMsgType.CLOSE:
            log.debug("closed by the other side: %r %r", message.data, message.extra)
            return "the other side hung up"
        case WSMsgType.ERROR:
            return f"the other side breaks the rules: {message.data}"[:200]
    return "the connection broke off"
