"""What every session on the device uses: the relays there are, the gate, the loudspeaker.

Made once by `relay_link.py`. Holds no session and decides nothing.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import MediaConfig
from edgevoice.link.relay import Relay
from edgevoice.link.retry import Retry
from edgevoice.transceiver.inputs import Input
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import RECEIVED_BPS, Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from edgevoice.webrtc.socket_caller import SocketCaller
from edgevoice.webrtc.uplink import Wait

Post = Callable[[Input], None]
Transport = Literal["auto", "webrtc", "websocket"]

NO_UDP_S = 600.0
"""Where UDP was blocked it is not tried first for so long."""


@dataclass
class Ways:
    relays: Sequence[Relay]
    gate: Gate
    playout: PlayoutBuffer
    post: Post
    media: MediaConfig
    codec: Codec
    wait: Wait
    transport: Transport = "auto"
    first_turn: str = "auto"
    on_first_sent: Callable[[int], None] = lambda sample: None
    prepared: Caller | None = None
    network_changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while those who wait for a better moment are to try at once."""

    def __post_init__(self) -> None:
        self.retry = Retry(len(self.relays), random.random)
        self._no_udp_until: dict[int, float] = {}
        self._arrivals = Arrivals(self.media.jitter_min_ms, self.media.jitter_max_ms)
        self._wishes = Wishes(
            fec=True,
            dtx=self.media.dtx,
            bitrate_bps=max(RECEIVED_BPS, self.media.bitrate_bps),
            rate_hz=self.playout.rate_hz,
        )

    async def prepare(self) -> None:
        """Have an offer with its sockets open, where one may be wanted. Nothing is sent."""
        if self.prepared is None and self.transport != "websocket":
            self.prepared = await self._make_caller()

    async def caller(self) -> Caller:
        """The prepared one, or one made now."""
        caller, self.prepared = self.prepared, None
        return caller or await self._make_caller()

    def socket_caller(self) -> SocketCaller:
        return SocketCaller(self.codec, self._jitter(), self.wait, self._wishes)

    def is_udp_blocked(self, relay: int) -> bool:
        """As was found out a short while ago, in this network."""
        return self._no_udp_until.get(relay, 0.0) > asyncio.get_running_loop().time()

    def udp_is_blocked(self, relay: int) -> None:
        """A WebSocket came through, and media did not."""
        self._no_udp_until[relay] = asyncio.get_running_loop().time() + NO_UDP_S

    def changed(self) -> None:
        """The network: what was found out about it is of no use any more."""
        self._no_udp_until.clear()
        self.retry.network_changed()
        self.network_changed.set()

    def _jitter(self) -> JitterBuffer:
        return JitterBuffer(self.codec.decoder(), self.playout, self._arrivals)

    async def _make_caller(self) -> Caller:
        caller = Caller(self.codec, self._jitter(), self.wait)
        await caller.prepare(self._wishes)
        return caller


def opus(media: MediaConfig, playout_rate_hz: int) -> Codec:
    """Sent as it was captured and decoded as it is played: nothing is resampled on the way."""
    return Codec(
        encoder=partial(
            OpusEncoder,
            CAPTURE_RATE_HZ,
            bitrate_bps=media.bitrate_bps,
            complexity=media.complexity,
            fec=media.fec,
            dtx=media.dtx,
        ),
        decoder=partial(OpusDecoder, playout_rate_hz),
    )
