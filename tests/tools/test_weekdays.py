"""Times of day and days of the week, as they are written."""

import pytest

from edgevoice.errors import ToolError
from edgevoice.tools.weekdays import EVERY_DAY, WEEKDAYS, WEEKEND, read_clock, read_days, say_days


@pytest.mark.parametrize(
    ("text", "clock"),
    [("7:30", (7, 30)), ("07:30", (7, 30)), ("19:05", (19, 5)), ("7 pm", (19, 0)),
     ("12 am", (0, 0)), ("12:15 p.m.", (12, 15)), ("0:00", (0, 0)), ("730", (7, 30))],
)  # fmt: skip
def test_clocks(text: str, clock: tuple[int, int]) -> None:
    assert read_clock(text) == clock


@pytest.mark.parametrize(
    "text", ["", "7", "24:00", "7:60", "13 pm", "0 am", "soon", "7:3", "-1:30"]
)
def test_no_clocks(text: str) -> None:
    with pytest.raises(ToolError, match="no time of day"):
        read_clock(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [("weekdays", WEEKDAYS), ("Weekends", WEEKEND), ("daily", EVERY_DAY), ("every  day", EVERY_DAY),
     ("once", frozenset()), ("mon, Friday", {0, 4}), ("mondays and thursdays", {0, 3}),
     ("sunday", {6})],
)  # fmt: skip
def test_days(text: str, days: set[int]) -> None:
    assert read_days(text) == days


@pytest.mark.parametrize("text", ["never", "mon, x", "t", ","])
def test_no_days(text: str) -> None:
    with pytest.raises(ToolError, match="no day"):
        read_days(text)


@pytest.mark.parametrize(
    ("days", "told"),
    [(WEEKDAYS, "weekdays"), (EVERY_DAY, "daily"), ({0}, "Monday"),
     ({0, 2, 4}, "Monday, Wednesday and Friday")],
)  # fmt: skip
def test_saying_them(days: set[int], told: str) -> None:
    assert say_days(days) == told
