"""Brightness is right on average, however late the thread is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.hardware.gpio.soft_pwm import DutyCycle

PERIOD_S = 0.01


def lit(duty: float, late_s: list[float], periods: int = 400) -> float:
    """Which part of the time it was on, called so much too late each time."""
    cycle = DutyCycle(PERIOD_S, duty, 0.0)
    now = on_s = 0.0
    on = False
    for number in range(periods):
        later = cycle.due + late_s[number % len(late_s)]
        on_s += (later - now) * on
        now = later
        on = cycle.step(now)
    return on_s / now


@pytest.mark.parametrize("duty", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_on_time_it_is_exact(duty: float) -> None:
    assert lit(duty, [0.0]) == pytest.approx(duty, abs=0.005)


@given(st.floats(0.02, 0.98), st.lists(st.floats(0, 0.004), min_size=1, max_size=20))
def test_late_pulses_are_made_up_for(duty: float, late_s: list[float]) -> None:
    assert lit(duty, late_s) == pytest.approx(duty, abs=0.05)


def test_a_very_dim_light_pulses_less_often_instead_of_too_briefly() -> None:
    cycle = DutyCycle(PERIOD_S, 0.004, 0.0)
    levels = []
    for _ in range(12):
        levels.append(cycle.step(cycle.due))
    assert levels.count(True) <= 4
    assert True in levels


def test_it_switches_twice_in_a_period() -> None:
    cycle = DutyCycle(PERIOD_S, 0.25, 0.0)
    assert cycle.step(0.0)
    assert cycle.due == pytest.approx(0.0025)
    assert not cycle.step(0.0025)
    assert cycle.due == pytest.approx(PERIOD_S)
