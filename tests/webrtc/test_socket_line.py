"""A line over a WebSocket that a test holds in its hands. How two of them talk is in tests/link."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMessage, WSMsgType
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from edgevoice.webrtc.line import CLOSE_S, OPEN_S
from edgevoice.webrtc.rtp_packet import parse
from edgevoice.webrtc.socket_line import PING_S, SOUND_IN_FLIGHT, SocketLine
from tests.virtual_time import elapse


class FakeTcp:
    def __init__(self) -> None:
        self.is_shut = False

    def shutdown(self, how: int) -> None:
        if self.is_shut:
            raise OSError("not connected")
        self.is_shut = True


class FakeSocket:
    """Answers pings while `is_alive`; keeps what it was sent."""

    def __init__(self) -> None:
        self.tcp = FakeTcp()
        self.is_alive = True
        self.is_broken = False
        self.sent: list[str | bytes] = []
        self.closed_with: tuple[int, bytes] | None = None
        self.closes_after_s = 0.0
        self._coming: asyncio.Queue[WSMessage] = asyncio.Queue()

    async def send_str(self, data: str) -> None:
        await self.send_bytes(data)

    async def send_bytes(self, data: Any) -> None:
        if self.is_broken:
            raise ConnectionResetError("Cannot write to closing transport")
        self.sent.append(data)

    async def ping(self, message: bytes = b"") -> None:
        if self.is_alive:
            self.says(WSMsgType.PONG, message)

    async def pong(self, message: bytes = b"") -> None:
        self.sent.append(message)

    async def receive(self) -> WSMessage:
        return await self._coming.get()

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        await asyncio.sleep(self.closes_after_s)
        self.closed_with = (code, message)
        return True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"socket": self.tcp}.get(name, default)

    def says(self, kind: WSMsgType, data: Any = None) -> None:
        self._coming.put_nowait(WSMessage(kind, data, None))


class Hum:
    """A track that always has another packet of 60 bytes."""

    is_stopped = False

    async def recv(self) -> "Packet[Any]":
        await asyncio.sleep(0.02)
        if self.is_stopped:
            raise MediaStreamError
        packet: Packet[Any] = Packet(bytes(60))
        packet.pts = 960
        return packet


@asynccontextmanager
async def running(line: SocketLine) -> AsyncIterator[asyncio.Task[str]]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(line.run())
        yield task
        line.end("the test is over")


async def test_without_a_socket_it_is_given_up() -> None:
    line = SocketLine()
    start = asyncio.get_running_loop().time()
    assert await line.run() == "no WebSocket after 10 s"
    assert asyncio.get_running_loop().time() - start == pytest.approx(OPEN_S)
    await line.close()
    await line.left()


async def test_a_ping_is_answered() -> None:
    line, socket = SocketLine(), FakeSocket()
    line.attach(socket)
    async with running(line):
        socket.says(WSMsgType.PING, b"there?")
        await elapse(0.01)
        assert socket.sent == [b"there?"]


async def test_sound_stops_where_nothing_arrives_and_events_still_go() -> None:
    line, socket = SocketLine(silence_s=1_000), FakeSocket()
    line.speak(Hum(), clock_start=2**32 - 1)
    line.attach(socket)
    async with running(line):
        await elapse(0.1)
        first, second, *_ = [parse(packet) for packet in socket.sent]
        assert first.timestamp == 959
        assert second.sequence == (first.sequence + 1) % 2**16
        assert second.ssrc == first.ssrc
        socket.is_alive = False
        await elapse(60)
        count = len(socket.sent)
        assert SOUND_IN_FLIGHT <= line.in_flight.pending_bytes < SOUND_IN_FLIGHT + 100
        line.outbox.send("hello?")
        await elapse(1)
        assert socket.sent[count:] == ["hello?"]
        socket.is_alive = True
        await elapse(PING_S + 1)
        assert len(socket.sent) > count + 20


async def test_a_socket_that_takes_nothing_is_a_broken_connection() -> None:
    line, socket = SocketLine(), FakeSocket()
    socket.is_broken = True
    line.attach(socket)
    async with running(line) as task:
        line.outbox.send("hello?")
        assert (await task).startswith("the connection broke off: ")


async def test_sound_that_stops_ends_the_session() -> None:
    line, track = SocketLine(), Hum()
    line.attach(FakeSocket())
    line.speak(track, 0)
    async with running(line) as task:
        await elapse(0.1)
        track.is_stopped = True
        assert await task == "the sound to be sent has stopped"


async def test_an_exception_of_the_session_is_raised_by_run() -> None:
    def broken() -> None:
        raise AssertionError("a bug")

    line = SocketLine()
    line.on_open = broken
    line.attach(FakeSocket())
    with pytest.raises(ExceptionGroup) as raised:
        await line.run()
    assert raised.group_contains(AssertionError, match="a bug")
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_reason_is_given_as_far_as_there_is_room() -> None:
    line, socket = SocketLine(), FakeSocket()
    line.attach(socket)
    line.end("é" * 100)
    await line.close()
    await line.close()
    assert socket.closed_with == (1000, "é".encode() * 61)


async def test_a_goodbye_that_takes_too_long_is_cut_short() -> None:
    line, socket = SocketLine(), FakeSocket()
    socket.closes_after_s = 60
    line.attach(socket)
    start = asyncio.get_running_loop().time()
    await line.close()
    assert asyncio.get_running_loop().time() - start == pytest.approx(CLOSE_S)
    assert socket.tcp.is_shut
    await line.left()


async def test_a_connection_that_is_closed_already_is_no_trouble() -> None:
    line, socket = SocketLine(), FakeSocket()
    line.attach(socket)
    socket.tcp.shutdown(2)
    await line.close()
    await line.left()


async def test_what_came_before_the_end_is_read() -> None:
    line, socket = SocketLine(), FakeSocket()
    heard: list[str] = []
    line.on_message = heard.append
    line.attach(socket)
    socket.says(WSMsgType.TEXT, "goodbye")
    socket.says(WSMsgType.CLOSED)
    assert await line.run() == "the connection broke off"
    assert heard == ["goodbye"]
