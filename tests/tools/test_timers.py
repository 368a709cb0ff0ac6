"""Timers told the time: setting, naming, ringing, cancelling, and waking up after a power cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import ToolError
from edgevoice.tools.timers import LATE_S, MOST, Timers


class Kitchen:
    def __init__(self) -> None:
        self.rung: list[str] = []
        self.timers = Timers(self.rung.append)


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


def test_it_rings_when_it_is_due_and_not_before(kitchen: Kitchen) -> None:
    kitchen.timers.set(300, "pasta", now=10.0)
    assert kitchen.timers.deadline == 310.0
    assert kitchen.timers.passed(309.9) == 0
    assert kitchen.timers.passed(310.0) == 1
    assert kitchen.rung == ["pasta"]
    assert kitchen.timers.deadline is None


def test_the_earliest_is_next(kitchen: Kitchen) -> None:
    kitchen.timers.set(300, "pasta", now=0)
    kitchen.timers.set(60, "egg", now=0)
    assert kitchen.timers.deadline == 60
    kitchen.timers.passed(1000)
    assert kitchen.rung == ["egg", "pasta"]


def test_every_timer_has_a_name_of_its_own(kitchen: Kitchen) -> None:
    for label in ("", "", "Pasta", "pasta", " "):
        kitchen.timers.set(60, label, now=0)
    labels = [timer.label for timer in kitchen.timers.pending]
    assert labels == ["timer", "timer 2", "Pasta", "pasta 2", "timer 3"]


def test_cancelling_by_name_does_not_mind_case_or_spaces(kitchen: Kitchen) -> None:
    kitchen.timers.set(60, "green  tea", now=0)
    kitchen.timers.set(90, "eggs", now=0)
    assert kitchen.timers.cancel(" Green tea").label == "green tea"
    kitchen.timers.passed(100)
    assert kitchen.rung == ["eggs"]


def test_the_only_one_needs_no_name(kitchen: Kitchen) -> None:
    kitchen.timers.set(60, "tea", now=0)
    assert kitchen.timers.cancel(None).label == "tea"


def test_which_of_several_must_be_said(kitchen: Kitchen) -> None:
    kitchen.timers.set(60, "tea", now=0)
    kitchen.timers.set(30, "egg", now=0)
    with pytest.raises(ToolError, match="say which: egg, tea"):
        kitchen.timers.cancel(None)


def test_nothing_to_cancel(kitchen: Kitchen) -> None:
    with pytest.raises(ToolError, match="no timer is running"):
        kitchen.timers.cancel(None)
    kitchen.timers.set(60, "tea", now=0)
    with pytest.raises(ToolError, match="running: tea"):
        kitchen.timers.cancel("coffee")


def test_there_is_an_end_to_how_many(kitchen: Kitchen) -> None:
    for _ in range(MOST):
        kitchen.timers.set(60, "", now=0)
    with pytest.raises(ToolError, match="cancel one"):
        kitchen.timers.set(60, "", now=0)


def reborn(state: dict[str, Any], now: float, wall_now: float) -> Kitchen:
    kitchen = Kitchen()
    kitchen.timers.restore(json.loads(json.dumps(state)), now, wall_now)
    return kitchen


def test_a_restart_costs_a_timer_no_time(kitchen: Kitchen) -> None:
    kitchen.timers.set(300, "pasta", now=5000.0)
    state = kitchen.timers.saved(now=5100.0, wall_now=1_800_000_000.0)
    again = reborn(state, now=7.0, wall_now=1_800_000_060.0)
    (timer,) = again.timers.pending
    assert timer.label == "pasta"
    assert timer.remaining_s(7.0) == pytest.approx(140)


@pytest.mark.parametrize(("late_s", "rings"), [(1, True), (LATE_S - 1, True), (LATE_S + 1, False)])
def test_one_that_ran_out_meanwhile_rings_unless_it_is_long_ago(
    kitchen: Kitchen, late_s: float, rings: bool
) -> None:
    kitchen.timers.set(60, "egg", now=0)
    state = kitchen.timers.saved(now=0, wall_now=1000.0)
    again = reborn(state, now=3.0, wall_now=1060.0 + late_s)
    again.timers.passed(3.0)
    assert again.rung == (["egg"] if rings else [])
    assert again.timers.deadline is None


def test_a_board_that_woke_up_in_1970_waits_no_longer_than_asked_for(kitchen: Kitchen) -> None:
    kitchen.timers.set(300, "pasta", now=0)
    state = kitchen.timers.saved(now=0, wall_now=1_800_000_000.0)
    again = reborn(state, now=3.0, wall_now=100.0)
    assert again.timers.deadline == 303.0


GOOD = {"label": "tea", "seconds": 60, "due_at": 1000.0}


@pytest.mark.parametrize(
    "entry",
    [None, 3, "x", [], {}, {**GOOD, "seconds": "x"}, {**GOOD, "due_at": float("nan")},
     {**GOOD, "seconds": -1}, {**GOOD, "seconds": 10**400}, {**GOOD, "due_at": None}],
)  # fmt: skip
def test_a_damaged_entry_costs_that_entry_only(
    kitchen: Kitchen, entry: Any, caplog: pytest.LogCaptureFixture
) -> None:
    kitchen.timers.restore({"timers": [entry, GOOD]}, now=0.0, wall_now=990.0)
    assert [timer.label for timer in kitchen.timers.pending] == ["tea"]
    assert "dropped" in caplog.text


@pytest.mark.parametrize("state", [{}, {"timers": None}, {"timers": 3}, {"timers": {"a": 1}}])
def test_a_damaged_state_is_no_timers(kitchen: Kitchen, state: Any) -> None:
    kitchen.timers.restore(state, now=0.0, wall_now=0.0)
    assert kitchen.timers.deadline is None


@given(st.lists(st.tuples(st.integers(1, 86_400), st.text(max_size=40)), max_size=20))
def test_every_timer_rings_exactly_once_and_in_order(wanted: list[tuple[int, str]]) -> None:
    kitchen = Kitchen()
    due = {kitchen.timers.set(seconds, label, 0).label: seconds for seconds, label in wanted}
    assert len(due) == len(wanted)
    while (deadline := kitchen.timers.deadline) is not None:
        kitchen.timers.passed(deadline)
    assert sorted(kitchen.rung) == sorted(due)
    assert [due[label] for label in kitchen.rung] == sorted(due.values())
