"""Who is too fast waits as long as it takes to be within the rate again."""

import pytest

from edgevoice.relay.carrying.pace import Pace


def test_a_burst_costs_nothing():
    pace = Pace(10, 5)
    assert [pace.wait_s(1, 100.0) for _ in range(5)] == pytest.approx([0.0] * 5)


def test_whoever_waits_as_told_keeps_the_rate():
    pace, now = Pace(10, 5), 100.0
    for _ in range(105):
        now += pace.wait_s(1, now)
    assert now == pytest.approx(110.0)


def test_what_is_large_takes_longer_and_is_not_refused():
    assert Pace(10, 5).wait_s(50, 100.0) == pytest.approx(4.5)


def test_rest_is_saved_up_to_the_burst_only():
    pace = Pace(10, 5)
    pace.wait_s(5, 100.0)
    assert pace.wait_s(5, 1_000.0) == 0.0
    assert pace.wait_s(5, 1_000.0) == pytest.approx(0.5)
