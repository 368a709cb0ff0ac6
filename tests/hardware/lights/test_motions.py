"""Motions frame by frame, as numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.hardware.lights.motions import (
    FALL_S,
    STEP_S,
    Blink,
    Chase,
    Follow,
    Motion,
    Pulse,
    Spots,
    Steady,
    bar,
    follow,
)

ALL = [Steady(), Blink(0.3, 0.6), Pulse(1.0, 0.3), Follow(0.5), Chase(1.2, 0.35), Spots(3)]


@pytest.mark.parametrize(
    ("t", "shine", "stays_s"),
    [(0.0, 1.0, 0.3), (0.29, 1.0, 0.01), (0.3, 0.0, 0.6), (0.89, 0.0, 0.01), (0.9, 1.0, 0.3)],
)
def test_a_blink_is_on_first(t: float, shine: float, stays_s: float) -> None:
    assert Blink(0.3, 0.6).at(t, 1, 0.0) == ((shine,), pytest.approx(stays_s))


def test_a_pulse_fades_and_swells_in_steps() -> None:
    seen = [round(Pulse(1.0, low=0.2).at(t / 100, 1, 0.0)[0][0], 2) for t in range(0, 104, 8)]
    assert seen == [1.0, 0.95, 0.81, 0.63, 0.43, 0.28, 0.2, 0.23, 0.35, 0.53, 0.72, 0.89, 0.99]


def test_a_pulse_stays_until_its_next_step() -> None:
    assert Pulse(1.0).at(0.05, 1, 0.0)[1] == pytest.approx(0.03)


def test_a_chase_runs_around_the_ring() -> None:
    chase = Chase(turn_s=0.6, low=0.0)
    seen = ["".join("#" if s else "." for s in chase.at(t, 6, 0.0)[0]) for t in (0, 0.1, 0.25, 0.5)]
    assert seen == ["##....", ".##...", "..##..", "#....#"]


def test_spots_and_steady_light_never_change() -> None:
    assert Spots(3).at(5.0, 6, 0.0) == ((1.0, 0.0, 0.0, 1.0, 0.0, 0.0), math.inf)
    assert Steady(0.5).at(5.0, 2, 0.0) == ((0.5, 0.5), math.inf)


def test_light_follows_a_level_but_not_into_the_dark() -> None:
    assert [Follow(0.5).at(0.0, 1, level)[0][0] for level in (-1.0, 0.0, 0.5, 1.0, 9.0)] == [
        0.5, 0.5, 0.75, 1.0, 1.0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("share", "shine"),
    [
        (-1.0, (0.0, 0.0, 0.0, 0.0)),
        (0.0, (0.0, 0.0, 0.0, 0.0)),
        (0.5, (1.0, 1.0, 0.0, 0.0)),
        (0.625, (1.0, 1.0, 0.5, 0.0)),
        (1.0, (1.0, 1.0, 1.0, 1.0)),
        (2.0, (1.0, 1.0, 1.0, 1.0)),
    ],
)
def test_a_bar_ends_in_a_dimmer_led(share: float, shine: tuple[float, ...]) -> None:
    assert bar(share, 4) == pytest.approx(shine)


def test_a_bar_may_lie_on_light() -> None:
    assert bar(0.5, 2, full=1.0, rest=0.25) == (1.0, 0.25)


@given(
    st.sampled_from(ALL),
    st.floats(0, 1e6),
    st.integers(1, 256),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_whenever_asked_a_motion_stays_within_its_limits(
    motion: Motion, t: float, count: int, level: float
) -> None:
    shine, stays_s = motion.at(t, count, level)
    assert len(shine) == count
    assert all(0.0 <= s <= 1.0 for s in shine)
    assert stays_s > 0.0


@given(st.sampled_from(ALL), st.integers(0, 5_000), st.integers(1, 24))
def test_what_stays_does_stay_and_then_the_next_phase_begins(
    motion: Motion, step: int, count: int
) -> None:
    t = step * 0.007
    shine, stays_s = motion.at(t, count, 0.5)
    if not math.isinf(stays_s):
        assert motion.at(t + stays_s * 0.9, count, 0.5)[0] == pytest.approx(shine)
        assert motion.at(t + stays_s, count, 0.5)[1] > min(STEP_S, stays_s) / 100


def test_light_rises_at_once_and_falls_slowly() -> None:
    assert follow(0.0, 1.0, 0.1) > 0.8
    assert follow(1.0, 0.0, FALL_S) == pytest.approx(math.exp(-1))
    assert follow(0.4, 1.0, -1.0) == 0.4
