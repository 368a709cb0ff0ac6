"""Captured sound on its way out: an aiortc track that takes its frames from the gate.

What waited while the link was being opened goes first, faster than it was spoken,
then what is being spoken. RTP timestamps are the sample clock times three, so the
other end knows where every sample belongs. The codec is somebody else's. What it
calls silence (DTX) is not sent: one small packet says how long a silence was, so
that captured, sent and received samples are still the same number.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_MS, FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.webrtc.codec import Encoder
from edgevoice.webrtc.silence import is_silence, silence

RTP_RATE_HZ = 48_000
TIME_BASE = Fraction(1, RTP_RATE_HZ)
TICKS_PER_SAMPLE = RTP_RATE_HZ // CAPTURE_RATE_HZ

SPEED = 16
"""Ten seconds of waiting sound take 0.6 s and about 500 kb/s: no socket buffer overflows."""
AT_ONCE_S = 0.010
"""Sent in bursts of this much line time, since timers are no finer than a millisecond."""

SILENT_FRAMES = 3
"""Silent frames per packet: a third of the packets, and the other end, which waits for silence
to end a turn, learns of it 40 ms later at most."""
SILENT_S = 2 * SILENT_FRAMES * FRAME_MS / 1000
"""A silence that does not go on, since the gate has closed, is told after this time."""

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
        self._held_until = 0.0
        self._outgoing: deque[Packet[Any]] = deque()
        """Never more than the packet behind a silence, which leaves in the same breath."""
        self._silent = 0
        """Silent frames that were taken and not told yet; they end where `_end` is."""
        self.sent_samples = 0
        self.sent_packets = 0
        self.sent_bytes = 0
        self.skipped_samples = 0

    def notify(self) -> None:
        """New samples may have been captured, or the gate has been opened."""
        self._captured.set()

    def hold(self, until: float) -> None:
        """Take nothing from the gate before then: it may leave by a better way."""
        self._held_until = until
        asyncio.get_running_loop().call_at(until, self.notify)

    def go_back(self, sample: int) -> None:
        """Send again from there on, in its old place; nothing of it has arrived."""
        if self._gate.is_open:
            self._gate.rewind(sample)
            self._end = self._gate.next_sample
            self._outgoing.clear()
            self._silent = 0
        self.hold(0.0)

    async def recv(self) -> "Packet[Any]":
        """The next packet, as soon as there is a whole frame that may leave.

        The frame is taken after the wait and sent without another, so that a gate
        closed meanwhile holds it back.
        """
        while self.readyState == "live":
            if self._outgoing:
                return self._outgoing.popleft()
            if not self._may_take:
                await self._news()
                continue
            opening = self._opening()
            await self._pace.next()
            if opening != self._opening() or not self._may_take:
                continue
            taken = self._gate.take()
            if taken is None:
                continue
            index, frame = taken
            if index + len(frame) > self._end:
                self._send(index, frame)
            else:
                self.skipped_samples += len(frame)
        raise MediaStreamError

    async def _news(self) -> None:
        """Wait until there may be something to take; a silence is told before it gets old."""
        self._captured.clear()
        if not self._silent:
            await self._captured.wait()
            return
        try:
            async with asyncio.timeout(SILENT_S):
                while not self._may_take:
                    self._captured.clear()
                    await self._captured.wait()
        except TimeoutError:
            self._tell_silence()

    @property
    def _may_take(self) -> bool:
        is_held = asyncio.get_running_loop().time() < self._held_until
        return self._gate.available > 0 and not is_held

    def _opening(self) -> tuple[int | None, int, int]:
        """Differs when the gate was closed and opened anew, however quickly."""
        return self._gate.first_sample, self._gate.next_sample, self._gate.sent_samples

    def _send(self, index: int, frame: Samples) -> None:
        payload = self._encoder.encode(frame)
        if self._silent and (index != self._end or not is_silence(payload)):
            self._tell_silence()
        self._end = index + len(frame)
        self.sent_samples += len(frame)
        if is_silence(payload):
            self._silent += 1
            if self._silent == SILENT_FRAMES:
                self._tell_silence()
        else:
            self._outgoing.append(self._packet(index, payload))

    def _tell_silence(self) -> None:
        index = self._end - self._silent * FRAME_SAMPLES
        self._outgoing.append(self._packet(index, silence(self._silent)))
        self._silent = 0

    def _packet(self, index: int, payload: bytes) -> "Packet[Any]":
        packet: Packet[Any] = Packet(payload)
        packet.pts = (index - self._first_sample) * TICKS_PER_SAMPLE
        packet.time_base = TIME_BASE
        self.sent_bytes += len(payload)
        self.sent_packets += 1
        if self.sent_packets == 1:
            self._on_first_sent(index)
        return packet
