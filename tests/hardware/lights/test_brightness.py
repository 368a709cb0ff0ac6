"""Day and night, and what is never dark."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import IndicatorConfig
from edgevoice.hardware.lights.brightness import LEAST, Brightness, brightness

NIGHT = IndicatorConfig(
    brightness_percent=80, night_from="22:00", night_until="6:30", night_brightness_percent=0
)


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        (time(21, 59, 59), 0.8),
        (time(22, 0), 0.0),
        (time(0, 0), 0.0),
        (time(6, 29, 59), 0.0),
        (time(6, 30), 0.8),
        (time(12, 0), 0.8),
    ],
)
def test_a_night_goes_over_midnight(wall: time, expected: float) -> None:
    assert brightness(NIGHT).at(wall, must_be_seen=False) == expected


def test_a_night_may_lie_within_a_day() -> None:
    siesta = Brightness(1.0, 0.1, (time(13), time(15)))
    assert [siesta.at(time(hour), False) for hour in (12, 13, 14, 15)] == [1.0, 0.1, 0.1, 1.0]


def test_without_hours_there_is_no_night() -> None:
    plain = brightness(IndicatorConfig())
    assert plain.at(time(3), False) == 0.6
    assert not plain.changes


@given(st.times(), st.floats(0, 1), st.floats(0, 1))
def test_what_must_be_seen_is_never_dark(wall: time, by_day: float, by_night: float) -> None:
    shade = Brightness(by_day, by_night, (time(22), time(7)))
    assert LEAST <= shade.at(wall, must_be_seen=True) <= 1.0
