"""A board and a relay on loopback: the product's two ends, everything else faked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import numpy as np
from aiohttp import web

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.config import LinkConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.link.credential import BearerToken
from edgevoice.link.direct import make_signalling
from edgevoice.link.relay_link import RelayLink
from edgevoice.link.signalling import Signalling
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import Input, LinkOpened
from edgevoice.webrtc import hardening
from edgevoice.webrtc.call import Call
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.peer import Peer
from tests.webrtc import peers
from tests.webrtc.raw_pcm import ramp, raw

T = TypeVar("T")
TOKEN = "a token"
SESSION_CREATED = (
    '{"type":"session.created","event_id":"e1","session":{"type":"realtime","id":"sess_1"}}'
)


class Relay:
    """Answers calls; keeps what it heard by sample index."""

    def __init__(self, codec: Codec | None) -> None:
        self.codec = codec
        self.audio: dict[int, int] = {}
        self.messages: list[str] = []
        self.closed: list[str] = []
        self.requests: list[web.Request] = []
        self.call: Call
        """The latest."""
        self.calls: dict[str, Call] = {}
        self.answer_after_s = 0.0
        self.headers = {"Edgevoice-Version": "0.1.0"}
        self.refusal: web.Response | None = None
        self.on_call: Callable[[Call], None] = lambda call: None
        self.rewrite: Callable[[str], str] = lambda answer: answer
        self.group: asyncio.TaskGroup

    def hear(self, index: int, samples: Samples) -> None:
        for i, sample in enumerate(samples, index):
            assert i not in self.audio
            self.audio[i] = int(sample)

    def heard(self) -> Samples:
        """Everything, which must be one piece from sample 0 on."""
        assert list(self.audio) == list(range(len(self.audio)))
        return np.array(list(self.audio.values()), np.int16)

    def take_message(self, text: str) -> None:
        if '"edgevoice.ping"' in text:
            self.call.send('{"type":"edgevoice.pong","event_id":""}')
        else:
            self.messages.append(text)

    async def take_call(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        offer = await request.text()
        await asyncio.sleep(self.answer_after_s)
        if self.refusal is not None:
            headers = {k: v for k, v in self.refusal.headers.items() if k != "Content-Length"}
            return web.Response(status=self.refusal.status, body=self.refusal.body, headers=headers)
        self.call = Call(
            on_audio=self.hear,
            on_message=self.take_message,
            on_open=lambda: self.call.send(SESSION_CREATED),
            on_closed=self.closed.append,
            media_host="127.0.0.1",
            codec=self.codec,
        )
        answer = await self.call.answer(offer)
        self.on_call(self.call)
        self.group.create_task(self.call.run())
        self.calls[f"rtc_{len(self.calls)}"] = self.call
        place = {"Location": f"/v1/realtime/calls/rtc_{len(self.calls) - 1}"}
        return web.Response(status=201, text=self.rewrite(answer), headers=self.headers | place)

    async def hang_up(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        await self.calls[request.match_info["id"]].close("the device hung up")
        return web.Response()

    async def head(self, request: web.Request) -> web.Response:
        return web.Response()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/realtime/calls", self.take_call)
        app.router.add_post("/v1/realtime/calls/{id}/hangup", self.hang_up)
        app.router.add_get("/healthz", self.head)
        return app


class Board:
    """Captures a ramp in real time; everything the link posts is kept."""

    def __init__(self, url: str, codec: Codec | None, **config: Any) -> None:
        self.ring = RingBuffer(10)
        self.gate = Gate(self.ring)
        self.playout = PlayoutBuffer(24_000)
        self.inputs: list[Input] = []
        self.news = asyncio.Event()
        self.source: Callable[[int, int], Samples] = ramp
        media, standby = config.pop("media", None), config.pop("standby", False)
        token, spare = config.pop("token", TOKEN), config.pop("spare", False)
        link = LinkConfig(url=url, **config)
        relays = [make_signalling(link, BearerToken(token))]
        if spare:
            relays.append(Signalling(LinkConfig(url=url), BearerToken(token)))
        self.link = RelayLink(
            relays,
            self.gate,
            self.playout,
            self.post,
            media=media,
            codec=codec,
            standby=standby,
            first_turn=link.first_turn,
        )

    def post(self, happened: Input) -> None:
        self.inputs.append(happened)
        self.news.set()

    async def capture(self) -> None:
        while True:
            end = self.ring.end
            self.ring.write(self.source(end, end + FRAME_SAMPLES))
            self.link.samples_captured()
            await asyncio.sleep(0.02)

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def until(self, kind: type[T], timeout: float = 20.0) -> T:
        """The next input of a kind, taken from those that were posted."""
        async with asyncio.timeout(timeout):
            while True:
                for happened in self.inputs:
                    if isinstance(happened, kind):
                        self.inputs.remove(happened)
                        return happened
                self.news.clear()
                await self.news.wait()

    async def talk(self, first_sample: int = 0) -> LinkOpened:
        self.gate.open(first_sample)
        self.link.open(OpenLink(first_sample))
        return await self.until(LinkOpened)

    @property
    def peer(self) -> Peer:
        assert self.link._talk is not None
        return self.link._talk._lines[-1].peer


class House:
    def __init__(self, relay: Relay, board: Board, url: str) -> None:
        self.relay = relay
        self.url = url
        self.board = board


@asynccontextmanager
async def serving(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def house(
    codec: Codec | None = None, board_codec: Codec | None = None, **config: Any
) -> AsyncIterator[House]:
    """`codec` None: raw samples both ways."""
    relay = Relay(codec or raw(16_000))
    async with serving(relay.application()) as url, asyncio.TaskGroup() as group:
        relay.group = group
        board = Board(config.pop("url", url), board_codec or codec or raw(24_000), **config)
        tasks = [group.create_task(board.link.run()), group.create_task(board.capture())]
        await asyncio.sleep(0.1)
        yield House(relay, board, url)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.1)
        for call in relay.calls.values():
            await call.close()


def lose_from(peer: Peer, drop: peers.Drop) -> None:
    peers.lose(peer.connection, drop)


async def is_refused(answering: Awaitable[str]) -> bool:
    try:
        await answering
    except RemoteProtocolError:
        return True
    return False


def sockets(peer: Peer) -> int:
    return sum(len(ice._protocols) for ice in hardening.ice_connections(peer.connection))
