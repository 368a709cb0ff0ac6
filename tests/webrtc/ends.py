"""One of our two ends, and a peer of aiortc's own that may do as it likes."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.webrtc import hardening, sdp
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.call import Call
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.peer import Peer
from tests.webrtc import peers
from tests.webrtc.peers import CONFIGURATION, LOOPBACK
from tests.webrtc.raw_pcm import RawPcm, raw

BOTH_ENDS = ("device", "relay")

Take = Callable[[str], None]


async def no_wait(seconds: float) -> None:
    raise AssertionError("nothing is sent in these tests")


def new_caller(on_message: Take = lambda text: None) -> Caller:
    jitter = JitterBuffer(RawPcm(24_000), PlayoutBuffer(24_000), Arrivals(20, 60))
    caller = Caller(raw(24_000), jitter, no_wait)
    caller.peer.on_message = on_message
    return caller


def new_call(
    on_message: Take = lambda text: None,
    closed: list[str] | None = None,
    on_open: Callable[[], None] = lambda: None,
    host: str = "127.0.0.1",
) -> Call:
    return Call(
        on_audio=lambda index, samples: None,
        on_message=on_message,
        on_open=on_open,
        on_closed=(closed if closed is not None else []).append,
        media_host=host,
        codec=raw(16_000),
    )


async def carry(peer: Peer) -> str:
    try:
        return await peer.run()
    finally:
        await peer.close()


class Encounter:
    """`ours` is our end, `other` the peer, `channel` the peer's end of the events."""

    ours: Peer
    channel: RTCDataChannel

    def __init__(self, kind: str) -> None:
        hardening.harden()
        self.kind = kind
        self.messages: list[str] = []
        self.take: Take = self.messages.append
        self.ended: str | None = None
        self.opened = asyncio.Event()
        self.heard_of_us: list[str | bytes] = []
        self.other = RTCPeerConnection(CONFIGURATION)
        self.other.on("datachannel", self._on_channel)
        self._accept: Callable[[], asyncio.Future[None]]

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self.channel = channel
        channel.on("message", self.heard_of_us.append)
        self.opened.set()

    def _on_message(self, text: str) -> None:
        self.take(text)

    async def meet(self) -> None:
        """Sockets are open on both sides, and the peer knows ours."""
        if self.kind == "device":
            await self._meet_device()
        else:
            await self._meet_relay()

    async def _meet_device(self) -> None:
        self.caller = new_caller(self._on_message)
        self.ours = self.caller.peer
        await self.caller.prepare(Wishes(fec=True))
        self.other.addTransceiver("audio")
        await self.other.setRemoteDescription(RTCSessionDescription(self.caller.offer, "offer"))
        hardening.bind_to(self.other, LOOPBACK)
        await self.other.setLocalDescription(await self.other.createAnswer())
        self.answer = self.other.localDescription.sdp

    async def _meet_relay(self) -> None:
        call = new_call(self._on_message)
        self.ours = call._peer
        self.other.addTransceiver("audio")
        self.channel = self.other.createDataChannel("oai-events")
        self.channel.on("open", self.opened.set)
        self.channel.on("message", self.heard_of_us.append)
        hardening.bind_to(self.other, LOOPBACK)
        await self.other.setLocalDescription(await self.other.createOffer())
        self.answer = await call.answer(sdp.without_addresses(self.other.localDescription.sdp))

    async def connect(self) -> float:
        """Seconds until the peer may send events."""
        begin = asyncio.get_running_loop().time()
        if self.kind == "device":
            await self.caller.accept(self.answer)
        else:
            await self.other.setRemoteDescription(RTCSessionDescription(self.answer, "answer"))
        async with asyncio.timeout(15):
            await self.opened.wait()
        return asyncio.get_running_loop().time() - begin

    async def run(self) -> None:
        self.ended = await carry(self.ours)

    async def until_ended(self, seconds: float = 15.0) -> str:
        async with asyncio.timeout(seconds):
            await self.running
        assert self.ended is not None
        return self.ended

    @property
    def port(self) -> int:
        return peers.port_of(self.ours.connection)

    running: asyncio.Task[None]


@asynccontextmanager
async def encounter(kind: str) -> AsyncIterator[Encounter]:
    """Met, and carried on until the end; not connected yet."""
    made = Encounter(kind)
    try:
        await made.meet()
        async with asyncio.TaskGroup() as group:
            made.running = group.create_task(made.run())
            yield made
            made.ours.end("the test is over")
    finally:
        await made.ours.close()
        await hardening.close(made.other)


class Session:
    """The product's two ends: `caller` and `call`, connected."""

    def __init__(self) -> None:
        self.at_device: list[str] = []
        self.at_relay: list[str] = []
        self.opened = asyncio.Event()
        self.caller = new_caller(self.at_device.append)
        self.caller.peer.on_open = self.opened.set
        self.closed: list[str] = []
        self.call = new_call(self.at_relay.append, self.closed)
        self.ended: list[str] = []

    async def meet(self, agreed: bool) -> None:
        await self.caller.prepare(Wishes(fec=True))
        offer = self.caller.offer
        if not agreed:
            offer = offer.replace("a=edgevoice-channel:0\r\n", "")
        self.answer = await self.call.answer(offer)

    async def connect(self, rtt_s: float | None = None) -> float:
        begin = asyncio.get_running_loop().time()
        await self.caller.accept(self.answer, rtt_s)
        async with asyncio.timeout(15):
            await self.opened.wait()
        return asyncio.get_running_loop().time() - begin

    async def run_device(self) -> None:
        self.ended.append(await carry(self.caller.peer))

    def slow(self, one_way_s: float) -> None:
        for peer in (self.caller.peer, self.call._peer):
            peers.slow(peer.connection, one_way_s)

    def lose(self, drop: peers.Drop) -> None:
        for peer in (self.caller.peer, self.call._peer):
            peers.lose(peer.connection, drop)


@asynccontextmanager
async def session(agreed: bool = True) -> AsyncIterator[Session]:
    """Met, and both ends are running; not connected yet. `agreed`: on the event channel."""
    made = Session()
    try:
        await made.meet(agreed)
        async with asyncio.TaskGroup() as group:
            group.create_task(made.call.run())
            group.create_task(made.run_device())
            yield made
            await made.caller.peer.close()
            await made.call.close("the test is over")
    finally:
        await made.caller.peer.close()
        await made.call.close()


def open_files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))
