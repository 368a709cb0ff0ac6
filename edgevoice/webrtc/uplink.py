"""Captured sound on its way out: an aiortc track that takes its frames from the gate.

What waited while the link was being opened goes first, faster than it was spoken,
then what is being spoken. RTP timestamps are the sample clock times three, so the
other end knows where every sample belongs. The codec is somebody else's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_MS, Samples
from edgevoice.audio.gate import Gate
from edgevoice.webrtc.codec import Encoder

RTP_RATE_HZ = 48_000
TIME_BASE = Fraction(1, RTP_RATE_HZ)
TICKS_PER_SAMPLE = RTP_RATE_HZ // CAPTURE_RATE_HZ

SPEED = 16
"""Ten seconds of waiting sound take 0.6 s and about 500 kb/s: no socket buffer overflows."""
AT_ONCE_S = 0.010
"""Sent in bursts of this much line time, since timers are no finer than a millisecond."""

Wait = Callable[[float], Awaitable[None]]


class Pace:
    """Lets frames go at once when they are live, and `SPEED` times as fast when they waited."""

    def __init__(self, wait: Wait = asyncio.sleep) -> None:
        self._wait = wait
        self._due = 0.0

    async def next(self) -> None:
        now = asyncio.get_running_loop().time()
        self._due = max(self._due + FRAME_MS / 1000 / SPEED, now - AT_ONCE_S)
        if self._due > now:
            await self._wait(self._due - now)


class Uplink(MediaStreamTrack):
    kind = "audio"

    def __init__(
        self,
        gate: Gate,
        encoder: Encoder,
        first_sample: int,
        on_first_sent: Callable[[int], None],
        wait: Wait = asyncio.sleep,
    ) -> None:
        super().__init__()
        self._gate = gate
        self._encoder = encoder
        self._first_sample = first_sample
        self._end = first_sample
        """Sample after the last one sent; nothing is sent twice."""
        self._on_first_sent = on_first_sent
        self._pace = Pace(wait)
        self._captured = asyncio.Event()
        self.sent_samples = 0
        self.sent_packets = 0
        self.sent_bytes = 0
        self.skipped_samples = 0

    def notify(self) -> None:
        """New samples may have been captured, or the gate has been opened."""
        self._captured.set()

    async def recv(self) -> "Packet[Any]":
        """The next packet, as soon as there is a whole frame that may leave.

        The frame is taken after the wait and sent without another, so that a gate
        closed meanwhile holds it back.
        """
        while self.readyState == "live":
            if not self._gate.available:
                self._captured.clear()
                await self._captured.wait()
                continue
            await self._pace.next()
            taken = self._gate.take()
            if taken is None:
                continue
            index, frame = taken
            if index + len(frame) > self._end:
                return self._packet(index, frame)
            self.skipped_samples += len(frame)
        raise MediaStreamError

    def _packet(self, index: int, frame: Samples) -> "Packet[Any]":
        payload = self._encoder.encode(frame)
        packet: Packet[Any] = Packet(payload)
        packet.pts = (index - self._first_sample) * TICKS_PER_SAMPLE
        packet.time_base = TIME_BASE
        self._end = index + len(frame)
        self.sent_samples += len(frame)
        self.sent_bytes += len(payload)
        self.sent_packets += 1
        if self.sent_packets == 1:
            self._on_first_sent(index)
        return packet
