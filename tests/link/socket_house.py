"""A board and a relay with a WebSocket between them, and a wire that can be held up."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.config import LimitsConfig, LinkConfig
from edgevoice.link.credential import BearerToken
from edgevoice.link.signalling import Signalling, Upgraded
from edgevoice.relay.http.upgrade import for_media
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import RECEIVED_BPS, Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.media_header import MEDIA_HEADER
from edgevoice.webrtc.socket_call import SocketCall
from edgevoice.webrtc.socket_caller import SocketCaller
from tests.link import house
from tests.link.house import SESSION_CREATED, TOKEN
from tests.link.test_signalling import make_certificate
from tests.webrtc.raw_pcm import ramp, raw

PLACE = "/v1/realtime/calls/rtc_1"


class Relay(house.Relay):
    call: SocketCall

    async def take_socket(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        await asyncio.sleep(self.answer_after_s)
        self.call = SocketCall(
            on_audio=self.hear,
            on_message=self.messages.append,
            on_open=lambda: self.call.send(SESSION_CREATED),
            on_closed=self.closed.append,
            codec=self.codec,
        )
        answer = self.rewrite(self.call.answer(request.headers[MEDIA_HEADER]))
        socket = for_media(request, LimitsConfig())
        socket.headers.update(self.headers | {"Location": PLACE, MEDIA_HEADER: answer})
        await socket.prepare(request)
        self.group.create_task(self.call.run())
        self.call.attach(socket)
        await self.call.left()
        return socket

    def application(self) -> web.Application:
        app = super().application()
        app.router.add_get("/v1/realtime", self.take_socket)
        return app


class Wire:
    """Passes TCP on, until a direction is held up; nothing is lost then, it only waits."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.up, self.down = asyncio.Event(), asyncio.Event()
        self.up.set()
        self.down.set()
        self._writers: list[asyncio.StreamWriter] = []

    def hold(self) -> None:
        self.up.clear()
        self.down.clear()

    def go_on(self) -> None:
        self.up.set()
        self.down.set()

    async def carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [back, forth]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass(near, forth, self.up))
            group.create_task(self._pass(far, back, self.down))

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, may: asyncio.Event
    ) -> None:
        try:
            while data := await source.read(2_048):
                await may.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        sink.close()

    def close(self) -> None:
        self.go_on()
        for writer in self._writers:
            writer.close()


class Board:
    """Captures a ramp in real time; everything that comes is kept."""

    def __init__(self, signalling: Signalling, codec: Codec, dtx: bool) -> None:
        self.signalling = signalling
        self.ring = RingBuffer(10)
        self.gate = Gate(self.ring)
        self.playout = PlayoutBuffer(24_000)
        self.source: Callable[[int, int], Samples] = ramp
        self.messages: list[str] = []
        self.told: list[int] = []
        self.is_open = asyncio.Event()
        jitter = JitterBuffer(codec.decoder(), self.playout, Arrivals(20, 60))
        wishes = Wishes(fec=True, dtx=dtx, bitrate_bps=RECEIVED_BPS, rate_hz=24_000)
        self.caller = SocketCaller(codec, jitter, asyncio.sleep, wishes)
        self.caller.on_message = self.messages.append
        self.caller.on_open = self.is_open.set
        self.upgraded: Upgraded
        self.group: asyncio.TaskGroup
        self.session: asyncio.Task[str]

    async def capture(self) -> None:
        while True:
            end = self.ring.end
            self.ring.write(self.source(end, end + FRAME_SAMPLES))
            if self.caller.uplink is not None:
                self.caller.uplink.notify()
            await asyncio.sleep(0.02)

    async def talk(self, first_sample: int = 0) -> None:
        self.gate.open(first_sample)
        self.upgraded = await self.signalling.upgrade({MEDIA_HEADER: self.caller.offer})
        self.caller.accept(self.upgraded.answer.text, self.upgraded.socket)
        self.caller.send_from(self.gate, first_sample, self.told.append)
        self.session = self.group.create_task(self.caller.run())
        await self.is_open.wait()

    @property
    def sent(self) -> int:
        assert self.caller.uplink is not None
        return self.caller.uplink.sent_samples


class House:
    def __init__(self, relay: Relay, board: Board, wire: Wire) -> None:
        self.relay = relay
        self.board = board
        self.wire = wire


@asynccontextmanager
async def socket_house(
    codec: Codec | None = None,
    board_codec: Codec | None = None,
    tls: Path | None = None,
    dtx: bool = False,
    **config: Any,
) -> AsyncIterator[House]:
    """`codec` None: raw samples both ways. `tls`: a folder for a certificate."""
    relay = Relay(codec or raw(16_000))
    context: ssl.SSLContext | None = None
    if tls is not None:
        pem, context = make_certificate(tls)
        config["ca_file"] = str(pem)
    runner = web.AppRunner(relay.application(), shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    wire = Wire(runner.addresses[0][1])
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        async with (
            Signalling(LinkConfig(url=url, **config), BearerToken(TOKEN)) as signalling,
            asyncio.TaskGroup() as group,
        ):
            relay.group = group
            board = Board(signalling, board_codec or codec or raw(24_000), dtx)
            board.group = group
            capturing = group.create_task(board.capture())
            yield House(relay, board, wire)
            capturing.cancel()
            wire.go_on()
            await board.caller.peer.close()
            if hasattr(relay, "call"):
                await relay.call.close()
    finally:
        wire.close()
        server.close()
        await runner.cleanup()
        await server.wait_closed()
