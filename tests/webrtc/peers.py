"""Two aiortc peers on loopback, and a wire between them that can lose things."""

import asyncio
import itertools
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)

from edgevoice.webrtc import hardening, sdp

LOOPBACK = ("127.0.0.1",)
CONFIGURATION = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)

Drop = Callable[[bytes], bool]


class LossyTransport:
    """A datagram transport that loses what `drop` says."""

    def __init__(self, transport: Any, drop: Drop) -> None:
        self._transport = transport
        self._drop = drop

    def sendto(self, data: bytes, addr: Any) -> None:
        if not self._drop(data):
            self._transport.sendto(data, addr)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def lose(peer: RTCPeerConnection, drop: Drop) -> None:
    """From now on the peer's datagrams are lost when `drop` says so."""
    for connection in hardening.ice_connections(peer):
        for protocol in connection._protocols:
            protocol.transport = LossyTransport(protocol.transport, drop)


class SlowTransport(LossyTransport):
    """A datagram transport on which everything takes a while and keeps its order."""

    def __init__(self, transport: Any, one_way_s: Callable[[], float]) -> None:
        super().__init__(transport, lambda data: False)
        self._one_way_s = one_way_s
        self._arrived_at = 0.0

    def sendto(self, data: bytes, addr: Any) -> None:
        if not self._transport.is_closing():
            loop = asyncio.get_running_loop()
            self._arrived_at = max(loop.time() + self._one_way_s(), self._arrived_at + 1e-6)
            loop.call_at(self._arrived_at, self._arrive, data, addr)

    def _arrive(self, data: bytes, addr: Any) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, addr)


def slow(peer: RTCPeerConnection, one_way_s: float) -> None:
    _delay(peer, lambda: one_way_s)


def stall(peer: RTCPeerConnection, seconds: float, one_way_s: float) -> None:
    """What is sent meanwhile arrives afterwards, all at once; later things take so long."""
    loop = asyncio.get_running_loop()
    goes_on_at = loop.time() + seconds
    _delay(peer, lambda: max(one_way_s, goes_on_at - loop.time()))


def _delay(peer: RTCPeerConnection, one_way_s: Callable[[], float]) -> None:
    for connection in hardening.ice_connections(peer):
        for protocol in connection._protocols:
            protocol.transport = SlowTransport(protocol.transport, one_way_s)


def first(count: int, kind: Callable[[bytes], bool]) -> Drop:
    """Loses the first `count` datagrams of a kind."""
    left = [count]

    def drop(data: bytes) -> bool:
        if not kind(data) or not left[0]:
            return False
        left[0] -= 1
        return True

    return drop


def second(kind: Callable[[bytes], bool]) -> Drop:
    """Loses the second datagram of a kind."""
    seen = itertools.count(1)
    return lambda data: kind(data) and next(seen) == 2


def some(share: float, seed: int) -> Drop:
    """Loses this share of all datagrams, the same ones each time."""
    dice = random.Random(seed)
    return lambda data: dice.random() < share


def is_stun(data: bytes) -> bool:
    return data[0] < 4


def is_handshake(data: bytes) -> bool:
    return data[0] in (20, 22)


def is_dtls_data(data: bytes) -> bool:
    return data[0] == 23


def is_rtp(data: bytes) -> bool:
    return 128 <= data[0] < 192 and not 192 <= data[1] <= 223


def port_of(peer: RTCPeerConnection) -> int:
    return next(
        protocol.local_candidate.port
        for connection in hardening.ice_connections(peer)
        for protocol in connection._protocols
    )


class Pair:
    """`a` offers, `b` answers; `channel` is a's end."""

    def __init__(self, track: MediaStreamTrack | None = None) -> None:
        hardening.harden()
        self.a = RTCPeerConnection(CONFIGURATION)
        self.b = RTCPeerConnection(CONFIGURATION)
        self.a.addTransceiver(track or "audio")
        self.channel: RTCDataChannel = self.a.createDataChannel("oai-events")
        self.opened = asyncio.Event()
        self.channel.on("open", self.opened.set)
        self.messages: list[str | bytes] = []
        self.ended = asyncio.Event()
        self.b.on("datachannel", lambda channel: channel.on("message", self.messages.append))
        self.a.on("connectionstatechange", self._watch)

    def _watch(self) -> None:
        if self.a.connectionState in ("closed", "failed"):
            self.ended.set()

    async def offer(self) -> None:
        hardening.bind_to(self.a, LOOPBACK)
        await self.a.setLocalDescription(await self.a.createOffer())
        posted = sdp.without_addresses(self.a.localDescription.sdp)
        await self.b.setRemoteDescription(RTCSessionDescription(posted, "offer"))
        hardening.bind_to(self.b, LOOPBACK)
        await self.b.setLocalDescription(await self.b.createAnswer())

    async def accept(self) -> None:
        await self.a.setRemoteDescription(self.b.localDescription)

    async def connect(self) -> float:
        """Seconds (of the loop's clock) until events can be sent."""
        start = asyncio.get_running_loop().time()
        await self.accept()
        await asyncio.wait_for(self.opened.wait(), 10)
        return asyncio.get_running_loop().time() - start

    async def close(self) -> None:
        await asyncio.gather(self.a.close(), self.b.close())


@asynccontextmanager
async def pair(track: MediaStreamTrack | None = None) -> AsyncIterator[Pair]:
    made = Pair(track)
    try:
        await made.offer()
        yield made
    finally:
        await made.close()


def stranger() -> socket.socket:
    """Somebody else on this machine who knows where our UDP ports are."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock
