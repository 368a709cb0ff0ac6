import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.webrtc.reorder import AHEAD, PACKET_TICKS, Piece, Reorder, unwrap

SEQUENCE, TIMESTAMP = 65_530, 2**32 - 2_000
"""Both wrap within the first few packets, so every story below crosses it."""


class Sender:
    """Numbers packets as a sender does; `silence` moves the clock without a packet."""

    def __init__(self) -> None:
        self.sent = 0
        self.ticks = 0

    def packet(self) -> tuple[int, int, bytes]:
        made = (
            (SEQUENCE + self.sent) % 2**16,
            (TIMESTAMP + self.ticks) % 2**32,
            b"%d" % self.sent,
        )
        self.sent += 1
        self.ticks += PACKET_TICKS
        return made

    def packets(self, count: int) -> list[tuple[int, int, bytes]]:
        return [self.packet() for _ in range(count)]

    def silence(self, ticks: int) -> None:
        self.ticks += ticks


def run(reorder: Reorder, packets: list[tuple[int, int, bytes]], now: float = 0.0) -> list[Piece]:
    return [piece for packet in packets for piece in reorder.push(*packet, now)]


def pieces(*numbers: int | None, start: int = 0) -> list[Piece]:
    return [
        (start + i * PACKET_TICKS, None if n is None else b"%d" % n) for i, n in enumerate(numbers)
    ]


def test_what_comes_in_order_is_handed_out_at_once() -> None:
    reorder = Reorder()
    assert run(reorder, Sender().packets(20)) == pieces(*range(20))
    assert reorder.deadline is None


def test_two_packets_that_changed_places_change_back() -> None:
    a, b, c, d = Sender().packets(4)
    reorder = Reorder()
    assert run(reorder, [a, c, b, d]) == pieces(0, 1, 2, 3)
    assert reorder.lost == reorder.late == 0


def test_a_lost_packet_keeps_its_place_after_the_wait() -> None:
    a, _, c, d = Sender().packets(4)
    reorder = Reorder(wait_s=0.06)
    assert run(reorder, [a, c, d], now=1.0) == pieces(0)
    assert reorder.deadline == pytest.approx(1.06)
    assert reorder.expire(1.05) == []
    assert reorder.expire(1.06) == pieces(None, 2, 3, start=PACKET_TICKS)
    assert reorder.lost == 1
    assert reorder.deadline is None


def test_too_many_waiting_packets_end_the_wait() -> None:
    first, _, *rest = Sender().packets(7)
    reorder = Reorder(capacity=4)
    assert run(reorder, [first, *rest]) == pieces(0, None, 2, 3, 4, 5, 6)


def test_what_comes_after_it_was_given_up_is_late() -> None:
    a, b, c = Sender().packets(3)
    reorder = Reorder()
    run(reorder, [a, c])
    reorder.expire(1.0)
    assert run(reorder, [b]) == []
    assert reorder.late == 1


def test_a_packet_twice_counts_once() -> None:
    a, b, c = Sender().packets(3)
    reorder = Reorder()
    assert run(reorder, [a, a, c, c, b, b]) == pieces(0, 1, 2)
    assert reorder.duplicates == 3


def test_a_closed_gate_is_a_gap_and_not_a_loss() -> None:
    sender = Sender()
    before = sender.packets(2)
    sender.silence(48_000)
    reorder = Reorder()
    heard = run(reorder, before + sender.packets(2))
    assert heard == pieces(0, 1) + pieces(2, 3, start=2 * PACKET_TICKS + 48_000)
    assert (reorder.gaps, reorder.lost) == (1, 0)


def test_loss_beside_a_gap_conceals_no_more_than_was_lost() -> None:
    sender = Sender()
    first, _ = sender.packets(2)
    sender.silence(48_000)
    reorder = Reorder()
    run(reorder, [first, sender.packet()])
    assert reorder.expire(1.0) == [
        (PACKET_TICKS, None),
        (2 * PACKET_TICKS + 48_000, b"2"),
    ]


def test_with_a_known_start_the_first_packet_may_be_lost() -> None:
    _, b, c = Sender().packets(3)
    reorder = Reorder(first_timestamp=TIMESTAMP)
    assert run(reorder, [b, c]) == []
    assert reorder.expire(1.0) == pieces(None, 1, 2)


def test_with_a_known_start_the_first_packet_may_come_second() -> None:
    a, b, c = Sender().packets(3)
    assert run(Reorder(first_timestamp=TIMESTAMP), [b, a, c]) == pieces(0, 1, 2)


def test_without_one_the_first_to_arrive_is_the_start() -> None:
    _, b, c = Sender().packets(3)
    assert run(Reorder(), [b, c]) == pieces(1, 2)


def test_one_packet_from_out_of_the_blue_changes_nothing() -> None:
    a, b = Sender().packets(2)
    stray = ((SEQUENCE + 20_000) % 2**16, 77, b"stray")
    reorder = Reorder()
    assert run(reorder, [a, stray, b]) == pieces(0, 1)


def test_two_neighbours_from_out_of_the_blue_are_a_sender_that_restarted() -> None:
    reorder = Reorder()
    run(reorder, Sender().packets(2))
    fresh = [((SEQUENCE + 20_000 + i) % 2**16, i * PACKET_TICKS, b"%d" % i) for i in range(3)]
    heard = run(reorder, fresh)
    assert [payload for _, payload in heard] == [b"1", b"2"]
    assert reorder.resyncs >= 1


def test_a_clock_that_jumps_back_does_not_take_positions_back() -> None:
    reorder = Reorder()
    run(reorder, [(1, 100_000, b"a"), (2, 100_960, b"b")])
    assert run(reorder, [(3, 50, b"c"), (4, 1_010, b"d")]) == [(1_920, b"c"), (2_880, b"d")]
    assert reorder.resyncs == 1


def test_an_hour_of_loss_is_not_concealed() -> None:
    reorder = Reorder()
    run(reorder, [(0, 0, b"a"), (2_000, 2_000 * PACKET_TICKS, b"b")])
    assert reorder.expire(1.0) == [(2_000 * PACKET_TICKS, b"b")]
    assert reorder.lost == 1_999


def test_sound_from_the_future_goes_where_the_last_one_ended() -> None:
    """A sender that jumps five seconds with each packet would have hours worked off."""
    reorder = Reorder()
    jumps = [(i, i * 240_000, b"%d" % i) for i in range(1_000)]
    heard = [piece for n, jump in enumerate(jumps) for piece in reorder.push(*jump, now=n * 0.02)]
    assert len(heard) == 1_000
    assert heard[-1][0] <= AHEAD + 20 * 48_000 + PACKET_TICKS


def test_nobody_speaks_much_faster_than_the_clock() -> None:
    reorder = Reorder()
    sender = Sender()
    heard = run(reorder, sender.packets(10_000))
    assert heard[-1][0] == AHEAD
    assert reorder.hasty == 10_000 - len(heard)
    [(_, later)] = run(reorder, sender.packets(2), now=3600.0)
    assert later == b"10001"


def test_what_waited_a_minute_is_welcome_at_once() -> None:
    assert run(Reorder(), Sender().packets(3_000)) == pieces(*range(3_000))


def test_no_more_than_ten_seconds_are_concealed_however_long_a_packet_is() -> None:
    reorder = Reorder()
    run(reorder, [(0, 0, b"a")])
    reorder.lasted(5_760)
    run(reorder, [(401, 401 * 5_760, b"b")])
    assert reorder.expire(1.0) == [(401 * 5_760, b"b")]


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31) + 1, 2**31 - 1))
def test_unwrap_finds_the_nearest(reference: int, distance: int) -> None:
    assert unwrap((reference + distance) % 2**32, reference, 32) == reference + distance


@given(
    lost=st.sets(st.integers(1, 38)),
    swaps=st.lists(st.integers(0, 37), max_size=12),
    echoes=st.lists(st.integers(0, 37), max_size=5),
    silences=st.dictionaries(st.integers(1, 39), st.integers(1, 200_000), max_size=3),
)
def test_no_history_shifts_a_position(
    lost: set[int], swaps: list[int], echoes: list[int], silences: dict[int, int]
) -> None:
    sender = Sender()
    sent = []
    where = {}
    for i in range(40):
        sender.silence(silences.get(i, 0))
        where[b"%d" % i] = sender.ticks
        sent.append(sender.packet())
    arriving = [packet for i, packet in enumerate(sent) if i not in lost]
    for i in swaps:
        if i + 1 < len(arriving):
            arriving[i : i + 2] = arriving[i + 1], arriving[i]
    arriving += [arriving[i] for i in echoes if i < len(arriving)]
    reorder = Reorder(first_timestamp=TIMESTAMP)
    heard = run(reorder, arriving) + reorder.expire(9.0)
    assert {payload: at for at, payload in heard if payload} == {
        b"%d" % i: where[b"%d" % i] for i in range(40) if i not in lost
    }
    assert [at for at, _ in heard] == sorted({at for at, _ in heard})
    assert reorder.lost == len(lost)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 65_535),
            st.integers(0, 2**32 - 1),
            st.binary(max_size=3),
            st.floats(0, 0.1),
        ),
        max_size=60,
    )
)
def test_any_packets_at_all_keep_order_and_bounds(
    packets: list[tuple[int, int, bytes, float]],
) -> None:
    reorder, now, last = Reorder(capacity=8), 0.0, -1
    for sequence, timestamp, payload, pause in packets:
        now += pause
        for at, _ in reorder.push(sequence, timestamp, payload, now) + reorder.expire(now):
            assert at > last
            last = at
        assert len(reorder._waiting) <= 9
