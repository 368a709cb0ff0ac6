"""How long to wait for packets: learnt from how unsteadily they come, and sound is pulled."""

import random

import pytest

from edgevoice.webrtc.arrivals import LEAST_MARGIN_MS, MOST_MARGIN_MS, Arrivals, Pulls


def steadily(arrivals: Arrivals, packets: int, jitter_ms: float = 0.0, first: int = 0) -> None:
    chance = random.Random(first)
    for n in range(first, first + packets):
        arrivals.arrived(n * 960, 500.0 + n * 20 + chance.uniform(0, jitter_ms))


def test_it_begins_in_the_middle() -> None:
    assert 35 <= Arrivals(20, 60).target_ms(10) <= 45


def test_a_steady_network_needs_the_least() -> None:
    arrivals = Arrivals(20, 60)
    steadily(arrivals, 200)
    assert arrivals.target_ms(10) == 20


@pytest.mark.parametrize(("jitter_ms", "least", "most"), [(20, 28, 35), (35, 42, 50), (80, 60, 60)])
def test_the_target_covers_nearly_all_of_the_jitter(
    jitter_ms: float, least: float, most: float
) -> None:
    arrivals = Arrivals(20, 60)
    steadily(arrivals, 400, jitter_ms)
    assert least <= arrivals.target_ms(10) <= most


def test_jitter_is_forgotten() -> None:
    arrivals = Arrivals(20, 60)
    steadily(arrivals, 300, 40)
    steadily(arrivals, 400, first=300)
    assert arrivals.target_ms(10) == 20


def test_a_longer_way_is_no_jitter_for_long() -> None:
    """The route changes: everything comes 100 ms later, and the least time is learned anew."""
    arrivals = Arrivals(20, 60)
    steadily(arrivals, 200)
    for n in range(200, 200 + 5 * 50):
        arrivals.arrived(n * 960, 600.0 + n * 20)
    assert arrivals.least_ms == 600.0
    for n in range(450, 700):
        arrivals.arrived(n * 960, 600.0 + n * 20)
    assert arrivals.target_ms(10) == 20


def test_a_loss_makes_room_for_the_packet_that_mends_it() -> None:
    arrivals = Arrivals(20, 60)
    steadily(arrivals, 200)
    arrivals.lost(1)
    assert arrivals.target_ms(10) == 35
    steadily(arrivals, 200, first=200)
    assert arrivals.target_ms(10) == 20


def test_another_clock_is_noticed() -> None:
    arrivals = Arrivals(20, 60)
    steadily(arrivals, 100)
    arrivals.arrived(48_000 * 3600, 2_520.0)
    assert arrivals.least_ms == pytest.approx(2_520 - 3_600_000)
    arrivals.arrived(0, 2_540.0)
    assert arrivals.least_ms == 2_540.0


def test_the_card_takes_as_much_at_once_as_its_block() -> None:
    for block_ms in (5, 10, 20, 30, 100):
        pulls = Pulls()
        pulls.pushed(1_000)
        for ms in range(0, 900, 3):
            pulls.saw(1_000 - ms // block_ms * block_ms, 7_000 + ms)
        expected = min(MOST_MARGIN_MS, max(LEAST_MARGIN_MS, block_ms))
        assert pulls.margin_ms == pytest.approx(expected, abs=3)


def test_pulling_in_vain_says_nothing() -> None:
    pulls = Pulls()
    for ms in range(0, 1_000, 20):
        pulls.saw(0, ms)
    assert pulls.margin_ms == LEAST_MARGIN_MS
