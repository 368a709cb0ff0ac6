"""Alarms by the wall: days of the week, daylight saving, clocks that are set, long absences."""

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import ToolError
from edgevoice.tools.alarms import DAY_S, LATE_S, MOST, Alarm, Alarms
from edgevoice.tools.weekdays import EVERY_DAY, WEEKDAYS, WEEKEND

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: str, clock: str = "00:00", zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=zone, fold=fold).timestamp()


MONDAY, FRIDAY = "2027-03-01", "2027-03-05"


def alarm(since: float | None, hour: int = 7, minute: int = 30, **more: Any) -> Alarm:
    return Alarm("wake up", hour, minute, since=since, **more)


def ringing(alarms: Alarms, *moments: float) -> list[float]:
    """How late it rang, looked at in these moments."""
    return [due.late_s for moment in moments for due in alarms.passed(moment, BERLIN)]


@pytest.mark.parametrize(
    ("set_at", "days", "rings"),
    [
        (at(MONDAY, "06:00"), frozenset(), at(MONDAY, "07:30")),
        (at(MONDAY, "08:00"), frozenset(), at("2027-03-02", "07:30")),
        (at(MONDAY, "07:30"), frozenset(), at("2027-03-02", "07:30")),
        (at(FRIDAY, "08:00"), WEEKDAYS, at("2027-03-08", "07:30")),
        (at(FRIDAY, "08:00"), WEEKEND, at("2027-03-06", "07:30")),
        (at(MONDAY, "08:00"), frozenset({0}), at("2027-03-08", "07:30")),
    ],
)
def test_when_it_rings_next(set_at: float, days: frozenset[int], rings: float) -> None:
    assert alarm(set_at, days=days).next_at(set_at, BERLIN) == rings


def test_once_is_once() -> None:
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY)))
    assert ringing(alarms, at(MONDAY, "07:29"), at(MONDAY, "07:30"), at(FRIDAY)) == [0.0]
    assert alarms.all == []


def test_on_a_day_of_its_own() -> None:
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY), on=date(2027, 3, 3)))
    assert ringing(alarms, at(MONDAY, "08:00"), at("2027-03-03", "07:30")) == [0.0]


def test_every_day_of_the_week_once() -> None:
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY), days=EVERY_DAY))
    hours = [at(MONDAY) + 3600.0 * hour for hour in range(1, 7 * 24)]
    assert ringing(alarms, *hours) == [1800.0] * 7


@pytest.mark.parametrize(
    ("day", "clock", "rings_utc"),
    [
        ("2027-03-27", "07:30", "2027-03-27 06:30"),
        ("2027-03-28", "07:30", "2027-03-28 05:30"),  # the night has an hour less
        ("2027-03-28", "02:30", "2027-03-28 01:30"),  # there is no such time: 03:30
        ("2027-10-31", "02:30", "2027-10-31 00:30"),  # there are two: the first
        ("2027-10-31", "07:30", "2027-10-31 06:30"),
    ],
)
def test_daylight_saving_moves_no_alarm(day: str, clock: str, rings_utc: str) -> None:
    hour, minute = map(int, clock.split(":"))
    wanted = datetime.fromisoformat(rings_utc).replace(tzinfo=UTC).timestamp()
    assert alarm(at(day), hour, minute, days=EVERY_DAY).next_at(at(day), BERLIN) == wanted


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"])
def test_it_rings_once_in_the_night_when_the_clocks_change(day: str) -> None:
    alarms = Alarms()
    alarms.set(alarm(at(day), 2, 30, days=EVERY_DAY))
    assert len(ringing(alarms, *(at(day) + 600.0 * n for n in range(24 * 6)))) == 1


def test_a_board_that_moves_keeps_the_time_on_the_wall() -> None:
    kept = alarm(at(MONDAY))
    tokyo = ZoneInfo("Asia/Tokyo")
    assert kept.next_at(at(MONDAY), tokyo) == at("2027-03-02", "07:30", tokyo)


@pytest.mark.parametrize(("late_s", "missed"), [(LATE_S - 1, False), (LATE_S + 1, True)])
def test_late_is_better_than_never_but_not_for_ever(late_s: float, missed: bool) -> None:
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY), days=EVERY_DAY))
    (due,) = alarms.passed(at(MONDAY, "07:30") + late_s, BERLIN)
    assert (due.late_s, due.missed) == (late_s, missed)


def test_after_a_week_away_only_the_last_one_counts() -> None:
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY), days=EVERY_DAY))
    assert ringing(alarms, at("2027-03-08", "07:40")) == [600.0]


def test_after_a_year_away_too() -> None:
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY), days=EVERY_DAY))
    assert ringing(alarms, at("2028-03-08", "07:40")) == [600.0]


def test_once_missed_is_told_by_when_it_should_have_rung() -> None:
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY)))
    assert ringing(alarms, at(FRIDAY, "07:30")) == [4 * DAY_S]


def test_set_without_a_clock_it_counts_from_when_there_is_one() -> None:
    alarms = Alarms()
    alarms.set(alarm(None))
    assert alarms.next_at(at(MONDAY), BERLIN) is None
    assert ringing(alarms, at(MONDAY, "08:00")) == []
    assert ringing(alarms, at("2027-03-02", "07:30")) == [0.0]


def test_a_small_step_back_does_not_make_it_ring_twice() -> None:
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY), days=EVERY_DAY))
    assert ringing(alarms, at(MONDAY, "07:30")) == [0.0]
    alarms.stepped(-120.0)
    assert ringing(alarms, at(MONDAY, "07:28"), at(MONDAY, "07:31")) == []


def test_a_clock_that_was_half_a_day_ahead_costs_no_alarm() -> None:
    """It rang at seven, which was seven in the evening; the morning is still to come."""
    alarms = Alarms()
    alarms.set(alarm(at(MONDAY), days=EVERY_DAY))
    assert ringing(alarms, at("2027-03-02", "07:30")) == [0.0]
    alarms.stepped(-12 * 3600.0)
    assert ringing(alarms, at(MONDAY, "19:31"), at("2027-03-02", "07:30")) == [0.0]


def test_what_was_noted_by_a_clock_days_ahead_is_forgotten() -> None:
    alarms = Alarms()
    alarms.set(alarm(at("2029-01-01"), days=EVERY_DAY))
    assert ringing(alarms, at(MONDAY), at(MONDAY, "07:30")) == [0.0]


def test_names_and_cancelling() -> None:
    alarms = Alarms()
    for label in ("", "work", "Work"):
        alarms.set(Alarm(label, 6, 0, since=at(MONDAY)))
    assert [each.label for each in alarms.all] == ["Work 2", "alarm", "work"]
    assert alarms.cancel("WORK").label == "work"
    with pytest.raises(ToolError, match="several alarms, say which"):
        alarms.cancel(None)


def test_there_is_an_end_to_how_many() -> None:
    alarms = Alarms()
    for _ in range(MOST):
        alarms.set(alarm(0.0))
    with pytest.raises(ToolError, match="cancel one"):
        alarms.set(alarm(0.0))


def test_they_outlive_the_program() -> None:
    alarms, again = Alarms(), Alarms()
    alarms.set(alarm(at(MONDAY), days=WEEKDAYS))
    alarms.set(Alarm("dentist", 15, 5, on=date(2027, 4, 1), since=None))
    again.restore(json.loads(json.dumps(alarms.saved())))
    assert again.all == alarms.all


GOOD = {"label": "up", "time": "07:30", "days": [0], "on": None, "since": 1.8e9}


@pytest.mark.parametrize(
    "entry",
    [None, 3, {}, {**GOOD, "time": "25:00"}, {**GOOD, "days": [9]}, {**GOOD, "on": "soon"},
     {**GOOD, "since": float("inf")}, {**GOOD, "since": 1e300}],
)  # fmt: skip
def test_a_damaged_entry_costs_that_entry_only(
    entry: Any, caplog: pytest.LogCaptureFixture
) -> None:
    alarms = Alarms()
    alarms.restore([entry, GOOD])
    assert [each.label for each in alarms.all] == ["up"]
    assert "dropped" in caplog.text


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.floats(1.78e9, 1.85e9),
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_the_next_one_is_ahead_on_a_wanted_day_and_within_a_week(
    hour: int, minute: int, days: frozenset[int], now: float, name: str
) -> None:
    zone = ZoneInfo(name)
    found = Alarm("x", hour, minute, days, since=now).next_at(now, zone)
    assert found is not None
    assert now < found <= now + 7 * DAY_S + 2 * 3600.0
    assert abs(datetime.fromtimestamp(found, zone).hour - hour) in (0, 1)
    assert datetime.fromtimestamp(found - 3 * 3600.0, zone).weekday() in days | {
        (day - 1) % 7 for day in days if hour < 4
    }
