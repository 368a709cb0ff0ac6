"""Packets go in, and come out late, twice or not at all."""

import pytest

from edgevoice.simulator.delay_line import MAX_PACKETS, DelayLine, LineConfig, udp_ports

PACKET = bytes([0x45]) + bytes(99)


def udp(source: int, destination: int, *, fragment: int = 0) -> bytes:
    head = bytearray(20)
    head[0], head[9] = 0x45, 17
    head[6:8] = fragment.to_bytes(2, "big")
    return bytes(head) + source.to_bytes(2, "big") + destination.to_bytes(2, "big") + bytes(4)


def line(seed: int = 1, **settings: object) -> DelayLine:
    return DelayLine(LineConfig(**settings), seed)  # type: ignore[arg-type]


def numbered(n: int) -> bytes:
    return PACKET + n.to_bytes(4, "big")


def test_a_packet_arrives_after_the_delay_and_not_before() -> None:
    wire = line(delay_ms=25)
    wire.push(PACKET, 10.0)
    assert wire.deadline == pytest.approx(10.025)
    assert wire.arrivals(10.024) == []
    assert wire.arrivals(10.026) == [PACKET]
    assert wire.deadline is None


@pytest.mark.parametrize("reorders", [False, True])
def test_jitter_reorders_only_where_it_may(reorders: bool) -> None:
    wire = line(delay_ms=50, jitter_ms=40, reorders=reorders)
    sent = [numbered(n) for n in range(200)]
    for n, packet in enumerate(sent):
        wire.push(packet, n * 0.005)
    arrived = wire.arrivals(99.0)
    assert sorted(arrived) == sent
    assert (arrived != sent) == reorders


def test_what_is_lost_is_counted_and_depends_on_the_seed_alone() -> None:
    def survivors(seed: int) -> list[bytes]:
        wire = line(seed, loss=0.2)
        for n in range(1000):
            wire.push(numbered(n), 0.0)
        arrived = wire.arrivals(0.0)
        assert wire.counts.lost == 1000 - len(arrived) == 1000 - wire.counts.arrived
        assert 150 < wire.counts.lost < 250
        return arrived

    assert survivors(1) == survivors(1) != survivors(2)


def test_duplicates_arrive_twice() -> None:
    wire = line(duplicates=1.0)
    wire.push(PACKET, 0.0)
    assert wire.arrivals(0.0) == [PACKET, PACKET]


def test_a_slow_line_queues_and_drops_the_tail() -> None:
    wire = line(rate_kbit=8, queue_ms=250)  # a packet of 100 bytes takes 100 ms
    for _ in range(5):
        wire.push(PACKET, 0.0)
    assert wire.counts.overflowed == 2
    assert [len(wire.arrivals(at)) for at in (0.05, 0.11, 0.21, 0.31, 9.0)] == [0, 1, 1, 1, 0]


def test_no_more_is_kept_than_memory_allows() -> None:
    wire = line(delay_ms=1000)
    for _ in range(MAX_PACKETS + 3):
        wire.push(PACKET, 0.0)
    assert wire.counts.overflowed == 3


def test_a_cut_takes_what_is_on_the_way() -> None:
    wire = line(delay_ms=50)
    wire.push(PACKET, 0.0)
    wire.config = LineConfig(delay_ms=50, is_cut=True)
    wire.push(PACKET, 0.01)
    assert wire.arrivals(0.06) == []
    wire.config = LineConfig(delay_ms=50)
    wire.push(PACKET, 0.07)
    assert wire.arrivals(0.13) == [PACKET]
    assert wire.counts.cut == 2


@pytest.mark.parametrize(
    ("packet", "passes"),
    [
        (udp(40_000, 3478), "all"),
        (udp(40_000, 53), "all dns"),
        (udp(53, 40_000), "all dns"),
        (udp(40_000, 53, fragment=185), "all"),
        (PACKET, "all dns none"),
        (b"", "all dns none"),
    ],
)
def test_a_firewall_lets_through_what_it_says(packet: bytes, passes: str) -> None:
    for kind in ("all", "dns", "none"):
        wire = line(udp=kind)
        wire.push(packet, 0.0)
        assert wire.counts.blocked == (kind not in passes.split()), kind


def test_udp_is_known_over_ipv6_too() -> None:
    head = bytearray(40)
    head[0], head[6] = 0x60, 17
    assert udp_ports(bytes(head) + bytes([0, 53, 0x9C, 0x40])) == (53, 40_000)
