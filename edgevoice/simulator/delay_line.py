"""One direction of a bad network: which packets arrive, and when. Pure: `now` is an argument.

Delay, jitter, loss, duplicates, reordering, a slow line with a short queue, a cut
cable, a firewall that lets no UDP through. Packets are IP packets as a TUN device
hands them out; who reads and writes them is `carrier.py`'s business.
"""

import heapq
import random
from dataclasses import asdict, dataclass
from typing import Literal

UDP = 17
DNS_PORT = 53

MAX_PACKETS = 4096
"""On the line at once; what comes then is dropped, as by a router whose memory is full."""


@dataclass(frozen=True, slots=True)
class LineConfig:
    """What one direction does to packets. The defaults are a perfect line."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Delay varies evenly by so much in both directions, and never reorders by itself."""
    loss: float = 0.0
    """Share of the packets, each lost independently of the others."""
    duplicates: float = 0.0
    reorders: bool = False
    """Jitter may let a packet overtake another one."""
    rate_kbit: float = 0.0
    """0: as fast as they come."""
    queue_ms: float = 300.0
    """With a rate: what would wait longer than this is dropped (drop-tail)."""
    is_cut: bool = False
    """Nothing arrives, nor does what is on the way."""
    udp: Literal["all", "dns", "none"] = "all"
    """What a firewall lets through of it."""


@dataclass(slots=True)
class Counts:
    """Packets of one direction since the beginning."""

    sent: int = 0
    """Handed to the line."""
    arrived: int = 0
    """Duplicates included."""
    lost: int = 0
    overflowed: int = 0
    """Dropped because the queue was full."""
    cut: int = 0
    blocked: int = 0
    """By the firewall."""
    arrived_bytes: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class DelayLine:
    def __init__(self, config: LineConfig, seed: int) -> None:
        self.config = config
        """May be replaced at any time; what is on the way keeps its time of arrival."""
        self.counts = Counts()
        self._random = random.Random(seed)
        self._on_the_way: list[tuple[float, int, bytes]] = []
        self._free_at = 0.0
        self._last_arrival = 0.0

    @property
    def deadline(self) -> float | None:
        """When `arrivals` next has something."""
        return self._on_the_way[0][0] if self._on_the_way else None

    def push(self, packet: bytes, now: float) -> None:
        self.counts.sent += 1
        config = self.config
        if config.is_cut:
            self.counts.cut += 1
        elif not admits(config.udp, packet):
            self.counts.blocked += 1
        elif self._random.random() < config.loss:
            self.counts.lost += 1
        else:
            self._queue(packet, now)

    def _queue(self, packet: bytes, now: float) -> None:
        start = max(now, self._free_at) if self.config.rate_kbit else now
        if len(self._on_the_way) >= MAX_PACKETS or start - now > self.config.queue_ms / 1000:
            self.counts.overflowed += 1
            return
        if self.config.rate_kbit:
            start = self._free_at = start + len(packet) * 8 / (self.config.rate_kbit * 1000)
        self._send(packet, start)
        if self._random.random() < self.config.duplicates:
            self._send(packet, start)

    def _send(self, packet: bytes, start: float) -> None:
        jitter_ms = self._random.uniform(-self.config.jitter_ms, self.config.jitter_ms)
        at = start + max(0.0, self.config.delay_ms + jitter_ms) / 1000
        if not self.config.reorders:
            at = self._last_arrival = max(at, self._last_arrival)
        heapq.heappush(self._on_the_way, (at, self.counts.sent, packet))

    def arrivals(self, now: float) -> list[bytes]:
        """What reaches the other end by now, in order."""
        arrived = []
        while self._on_the_way and self._on_the_way[0][0] <= now:
            _, _, packet = heapq.heappop(self._on_the_way)
            if self.config.is_cut:
                self.counts.cut += 1
                continue
            self.counts.arrived += 1
            self.counts.arrived_bytes += len(packet)
            arrived.append(packet)
        return arrived


def admits(udp: str, packet: bytes) -> bool:
    """Whether the firewall lets this packet through."""
    if udp == "all":
        return True
    ports = udp_ports(packet)
    return not ports or (udp == "dns" and DNS_PORT in ports)


def udp_ports(packet: bytes) -> tuple[int, ...]:
    """Source and destination; none if it is not UDP. Later fragments name no ports: (0, 0)."""
    if len(packet) < 20:
        return ()
    if packet[0] >> 4 == 6:
        protocol, at = packet[6], 40
    else:
        protocol, at = packet[9], 4 * (packet[0] & 15)
        if protocol == UDP and (packet[6] & 0x1F or packet[7]):
            return (0, 0)
    if protocol != UDP:
        return ()
    return (
        int.from_bytes(packet[at : at + 2], "big"),
        int.from_bytes(packet[at + 2 : at + 4], "big"),
    )
