"""A sender, a network that is told what to do, a jitter buffer and a loudspeaker. No clock."""

import heapq
from collections.abc import Iterable, Sequence

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.codec import Decoder
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.silence import FALLS_SILENT
from tests.webrtc.raw_pcm import RawPcm

RATE_HZ = 24_000
PACKET = RATE_HZ // 50
BEGIN_S = 1_000.0
FIRST_TICK = 2**32 - 50_000

Arrival = tuple[float, int, int, bytes]
"""Seconds since the beginning, sequence number, ticks since the first packet, payload."""


def packets(sound: Samples, first: int = 0, at_s: float = 0.0) -> list[Arrival]:
    """One every 20 ms, as they are spoken, sent without delay."""
    pieces = [sound[i : i + PACKET] for i in range(0, len(sound) - PACKET + 1, PACKET)]
    at = round(at_s * 48_000)
    return [
        (at_s + i * 0.02, first + i, at + i * 960, piece.tobytes())
        for i, piece in enumerate(pieces)
    ]


def ended(sent: Sequence[Arrival]) -> list[Arrival]:
    """With the packet behind the last one that says so."""
    at, sequence, ticks, _ = sent[-1]
    return [*sent, (at, sequence + 1, ticks + 960, FALLS_SILENT)]


def delayed(sent: Iterable[Arrival], by_s: dict[int, float]) -> list[Arrival]:
    """Some packets, by sequence number, arrive later."""
    return [(at + by_s.get(n, 0.0), n, ticks, payload) for at, n, ticks, payload in sent]


def without(sent: Iterable[Arrival], lost: Iterable[int]) -> list[Arrival]:
    gone = set(lost)
    return [packet for packet in sent if packet[1] not in gone]


class Line:
    def __init__(
        self,
        decoder: Decoder | None = None,
        block_ms: int = 10,
        min_ms: int = 20,
        max_ms: int = 60,
    ) -> None:
        decoder = decoder or RawPcm(RATE_HZ)
        self.playout = PlayoutBuffer(decoder.rate_hz)
        self.playout.on_drained = lambda ms: self.drained.append(self.now - BEGIN_S)
        self.arrivals = Arrivals(min_ms, max_ms)
        self.jitter = JitterBuffer(decoder, self.playout, self.arrivals)
        self.drained: list[float] = []
        self.delays_ms: list[float] = []
        self.now = BEGIN_S
        self._heard: list[Samples] = []
        self._block_s = block_ms / 1000
        self._next_pull = BEGIN_S + 0.0037  # a loudspeaker keeps its own time

    def carry(self, arrivals: Iterable[Arrival], until_s: float) -> None:
        """Let it all happen, in order."""
        coming = [(BEGIN_S + at, n, ticks, payload) for at, n, ticks, payload in arrivals]
        heapq.heapify(coming)
        end = BEGIN_S + until_s
        while True:
            deadline = self.jitter.deadline
            due = [self._next_pull, end]
            due += [coming[0][0]] if coming else []
            due += [max(deadline, self.now)] if deadline is not None else []
            self.now = min(due)
            if coming and coming[0][0] <= self.now:
                _, n, ticks, payload = heapq.heappop(coming)
                stamp = (FIRST_TICK + ticks) % 2**32
                self.jitter.push(7, n % 2**16, stamp, payload, self.now)
                self.delays_ms.append(self.jitter.statistics().delay_ms)
            elif deadline is not None and deadline <= self.now:
                self.jitter.expire(self.now)
            elif self._next_pull <= self.now:
                self._heard.append(self.playout.pull(round(self._block_s * self.playout.rate_hz)))
                self._next_pull += self._block_s
            else:
                return

    @property
    def heard(self) -> Samples:
        """All that came out of the loudspeaker."""
        return np.concatenate(self._heard) if self._heard else np.zeros(0, np.int16)

    @property
    def sound(self) -> Samples:
        """From the first to the last sample that is not zero."""
        (loud,) = np.nonzero(self.heard)
        return self.heard[loud[0] : loud[-1] + 1] if len(loud) else self.heard[:0]
