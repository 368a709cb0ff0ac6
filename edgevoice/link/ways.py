"""What every session on the device uses: the relays there are, the gate, the loudspeaker.

Made once by `relay_link.py`. Holds no session and decides nothing.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

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
from edgevoice.webrtc.uplink import Wait

Post = Callable[[Input], None]


@dataclass
class Ways:
    relays: Sequence[Relay]
    gate: Gate
    playout: PlayoutBuffer
    post: Post
    media: MediaConfig
    codec: Codec
    wait: Wait
    on_first_sent: Callable[[int], None] = lambda sample: None
    prepared: Caller | None = None
    network_changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while those who wait for a better moment are to try at once."""

    def __post_init__(self) -> None:
        self.retry = Retry(len(self.relays), random.random)
        self._arrivals = Arrivals(self.media.jitter_min_ms, self.media.jitter_max_ms)
        self._wishes = Wishes(
            fec=True,
            dtx=self.media.dtx,
            bitrate_bps=max(RECEIVED_BPS, self.media.bitrate_bps),
            rate_hz=self.playout.rate_hz,
        )

    async def prepare(self) -> None:
        """Have an offer with its sockets open. Nothing is sent."""
        if self.prepared is None:
            self.prepared = await self._make_caller()

    async def caller(self) -> Caller:
        """The prepared one, or one made now."""
        caller, self.prepared = self.prepared, None
        return caller or await self._make_caller()

    async def _make_caller(self) -> Caller:
        jitter = JitterBuffer(self.codec.decoder(), self.playout, self._arrivals)
        caller = Caller(self.codec, jitter, self.wait)
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
