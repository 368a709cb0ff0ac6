"""A leak is found, and noise is not taken for one."""

import random

import pytest

from edgevoice.simulator.soak.flatness import Point, binned, rises, slope, thirds, trend

MINUTES = 8


def series(per_hour: float = 0.0, noise: float = 0.0, seed: int = 1, base: float = 150.0):
    chance = random.Random(seed)
    seconds = range(0, MINUTES * 60, 2)
    return [
        Point(at, base + per_hour * at / 3600 + chance.gauss(0, noise) if noise else
              base + per_hour * at / 3600)
        for at in seconds
    ]  # fmt: skip


def test_what_stands_still_has_no_slope():
    found = trend([series()])
    assert found.slope is not None
    assert (found.slope.low, found.slope.middle, found.slope.high) == (0.0, 0.0, 0.0)
    assert (found.first, found.last) == (150.0, 150.0)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_growth_in_nearly_all_runs(seed: int):
    found = trend([series(noise=1.5, seed=seed)])
    assert found.slope is not None
    assert found.slope.low < 6.0 and found.slope.high > -6.0
    assert found.slope.high - found.slope.low < 20.0


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_is_measured_through_the_noise(seed: int):
    found = trend([series(per_hour=40.0, noise=1.0, seed=seed)])
    assert found.slope is not None
    assert found.slope.is_growth
    assert found.slope.middle == pytest.approx(40.0, rel=0.25)
    assert found.slope.low > 25.0 and found.slope.high < 55.0


def test_a_few_wild_values_do_not_move_it():
    points = series()
    for at in (3, 77, 130, 200):
        points[at] = Point(points[at].at_s, 900.0)
    found = trend([points])
    assert found.slope is not None and found.slope.middle == 0.0 and not found.slope.is_growth


def test_a_step_is_seen_in_the_thirds_and_is_no_steady_growth():
    points = series()
    half = len(points) // 2
    stepped = points[:half] + [Point(p.at_s, p.value + 5.0) for p in points[half:]]
    found = trend([stepped])
    assert (found.first, found.last) == (150.0, 155.0)
    assert found.slope is not None and not found.slope.is_growth and not found.rises


def test_two_steps_rise():
    assert rises([Point(0, 3), Point(5, 3), Point(15, 4), Point(30, 5)])
    assert not rises([Point(0, 3), Point(5, 5), Point(15, 4), Point(30, 4)])
    assert not rises([Point(0, 3), Point(30, 5)])


def test_a_restart_is_no_slope():
    """The second life begins lower and is as flat as the first."""
    second = [Point(p.at_s + 600, p.value - 40) for p in series()]
    found = trend([series(), second])
    assert found.slope is not None and found.slope.middle == 0.0
    assert (found.first, found.last) == (150.0, 150.0)


def test_lives_are_looked_at_together():
    """Each alone is too short to be sure."""
    lives = [
        [Point(600 * life + 10 * at, 100.0 + at) for at in range(5)] for life in range(4)
    ]  # fmt: skip
    found = slope(lives)
    assert found is not None
    assert found.middle == pytest.approx(360.0)


def test_three_points_make_no_slope():
    assert slope([series()[:3]]) is None
    assert trend([]).count == 0
    assert trend([[Point(0, 1)]]).last == 1


def test_bins_are_medians():
    points = [Point(float(at), 1.0 if at % 10 else 99.0) for at in range(300)]
    boxes = binned(points, 10)
    assert len(boxes) == 10
    assert {box.value for box in boxes} == {1.0}
    assert boxes[0].at_s == pytest.approx(14.5, abs=1)


def test_thirds_are_thirds_of_the_time():
    points = [Point(0, 5), Point(10, 9), Point(100, 7), Point(190, 2), Point(300, 3)]
    assert thirds(points) == (9, 3)
