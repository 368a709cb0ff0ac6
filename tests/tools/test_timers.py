"""Timers told the time: setting, naming, changing, and waking up after a power cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import ToolError
from edgevoice.tools.timers import LATE_S, LONGEST_S, MOST, Timers


@pytest.fixture
def timers() -> Timers:
    return Timers()


def rung(timers: Timers, now: float) -> list[str]:
    return [timer.label for timer in timers.passed(now)]


def left(timers: Timers, now: float) -> dict[str, float]:
    return {timer.label: timer.remaining_s(now) for timer in timers.pending}


def test_it_rings_when_it_is_due_and_not_before(timers: Timers) -> None:
    timers.set(300, "pasta", now=10.0)
    assert timers.deadline == 310.0
    assert rung(timers, 309.9) == []
    assert rung(timers, 310.0) == ["pasta"]
    assert timers.deadline is None


def test_the_earliest_is_next(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    timers.set(60, "egg", now=0)
    assert timers.deadline == 60
    assert rung(timers, 1000) == ["egg", "pasta"]


def test_every_timer_has_a_name_of_its_own(timers: Timers) -> None:
    for label in ("", "", "Pasta", "pasta", " "):
        timers.set(60, label, now=0)
    labels = [timer.label for timer in timers.pending]
    assert labels == ["timer", "timer 2", "Pasta", "pasta 2", "timer 3"]


def test_cancelling_by_name_does_not_mind_case_or_spaces(timers: Timers) -> None:
    timers.set(60, "green  tea", now=0)
    timers.set(90, "eggs", now=0)
    assert timers.cancel(" Green tea").label == "green tea"
    assert rung(timers, 100) == ["eggs"]


def test_the_only_one_needs_no_name(timers: Timers) -> None:
    timers.set(60, "tea", now=0)
    assert timers.cancel(None).label == "tea"


def test_which_of_several_must_be_said(timers: Timers) -> None:
    timers.set(60, "tea", now=0)
    timers.set(30, "egg", now=0)
    with pytest.raises(ToolError, match="say which: egg, tea"):
        timers.cancel(None)


def test_nothing_to_cancel(timers: Timers) -> None:
    with pytest.raises(ToolError, match="no timer is running"):
        timers.cancel(None)
    timers.set(60, "tea", now=0)
    with pytest.raises(ToolError, match="only: tea"):
        timers.cancel("coffee")


def test_there_is_an_end_to_how_many(timers: Timers) -> None:
    for _ in range(MOST):
        timers.set(60, "", now=0)
    with pytest.raises(ToolError, match="cancel one"):
        timers.set(60, "", now=0)


def test_a_paused_timer_stands_still(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    timers.pause(None, now=100)
    assert timers.deadline is None
    assert rung(timers, 10_000) == []
    assert timers.resume(None, now=10_000).due == 10_200
    assert rung(timers, 10_200) == ["pasta"]


def test_the_only_paused_one_goes_on_without_being_named(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    timers.set(300, "egg", now=0)
    timers.pause("egg", now=10)
    assert timers.resume(None, now=20).label == "egg"


def test_pausing_twice_and_resuming_what_runs_is_said(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    with pytest.raises(ToolError, match="running already"):
        timers.resume("pasta", now=1)
    timers.pause("pasta", now=1)
    with pytest.raises(ToolError, match="paused already"):
        timers.pause("pasta", now=2)


def test_more_time_and_less(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    assert timers.add(300, "pasta", now=100).remaining_s(100) == 500
    assert timers.add(-450, None, now=100).due == 150
    assert timers.add(-450, None, now=100).due == 101, "it still rings"


def test_a_paused_one_can_be_made_longer(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    timers.pause(None, now=100)
    timers.add(60, None, now=200)
    assert left(timers, 5_000) == {"pasta": 260}


def test_a_timer_is_a_day_at_most(timers: Timers) -> None:
    timers.set(LONGEST_S, "", now=0)
    with pytest.raises(ToolError, match="24 hours"):
        timers.add(60, None, now=30)


WALL = 1.8e9


def reborn(
    timers: Timers,
    then: float,
    wall_then: float | None,
    now: float,
    wall_now: float | None,
    same_boot: bool = False,
) -> tuple[Timers, list[str]]:
    """After a restart; without `wall_now` the clock is still wrong. What was lost."""
    again = Timers()
    state = json.loads(json.dumps(timers.saved(then, wall_then)))
    lost = again.restore(state, now, same_boot)
    if wall_now is not None:
        lost += again.believe(now, wall_now)
    return again, [each.timer.label for each in lost]


def test_a_restart_costs_a_timer_no_time(timers: Timers) -> None:
    timers.set(300, "pasta", now=5000.0)
    again, _ = reborn(timers, 5100.0, WALL, 7.0, WALL + 60)
    assert left(again, 7.0) == pytest.approx({"pasta": 140})


def test_within_one_boot_no_clock_is_needed_for_that(timers: Timers) -> None:
    timers.set(300, "pasta", now=5000.0)
    again, _ = reborn(timers, 5100.0, None, 5160.0, None, same_boot=True)
    assert left(again, 5160.0) == {"pasta": 140}


@pytest.mark.parametrize("same_boot", [True, False])
@pytest.mark.parametrize(("late_s", "rings"), [(1, True), (LATE_S - 1, True), (LATE_S + 1, False)])
def test_one_that_ran_out_meanwhile_rings_unless_it_is_long_ago(
    timers: Timers, late_s: float, rings: bool, same_boot: bool
) -> None:
    timers.set(60, "egg", now=0)
    again, lost = reborn(timers, 0, WALL, 60 + late_s, WALL + 60 + late_s, same_boot)
    assert rung(again, 60 + late_s) == (["egg"] if rings else [])
    assert lost == ([] if rings else ["egg"])
    assert again.deadline is None


def test_a_board_that_woke_up_in_1970_waits_until_it_knows_better(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    again, _ = reborn(timers, 100.0, WALL, 3.0, None)
    assert again.deadline == 203.0, "no longer than was left"
    assert again.uncertain
    again.believe(23.0, WALL + 120)
    assert left(again, 23.0) == pytest.approx({"pasta": 80})
    assert not again.uncertain


def test_what_was_set_without_a_clock_waits_as_long_as_was_left(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    again, _ = reborn(timers, 100.0, None, 3.0, WALL)
    assert left(again, 3.0) == {"pasta": 200}


def test_a_paused_one_is_still_paused_after_a_restart(timers: Timers) -> None:
    timers.set(300, "pasta", now=0)
    timers.pause(None, now=100)
    again, _ = reborn(timers, 150.0, WALL, 3.0, WALL + 86_400)
    assert again.deadline is None
    assert left(again, 3.0) == {"pasta": 200}


GOOD = {"label": "tea", "seconds": 60, "due_at": WALL}


@pytest.mark.parametrize(
    "entry",
    [None, 3, "x", [], {}, {**GOOD, "seconds": "x"}, {**GOOD, "due_at": float("nan")},
     {**GOOD, "seconds": -1}, {**GOOD, "seconds": 10**400}, {**GOOD, "left_s": {}}],
)  # fmt: skip
def test_a_damaged_entry_costs_that_entry_only(
    timers: Timers, entry: Any, caplog: pytest.LogCaptureFixture
) -> None:
    timers.restore([entry, GOOD], now=0.0, same_boot=False)
    assert [timer.label for timer in timers.pending] == ["tea"]
    assert "dropped" in caplog.text


@pytest.mark.parametrize("entries", [None, 3, {"a": 1}])
def test_a_damaged_state_is_no_timers(timers: Timers, entries: Any) -> None:
    timers.restore(entries, now=0.0, same_boot=False)
    assert timers.deadline is None


@given(st.lists(st.tuples(st.integers(1, 86_400), st.text(max_size=40)), max_size=20))
def test_every_timer_rings_exactly_once_and_in_order(wanted: list[tuple[int, str]]) -> None:
    timers = Timers()
    due = {timers.set(seconds, label, 0).label: seconds for seconds, label in wanted}
    assert len(due) == len(wanted)
    heard = []
    while (deadline := timers.deadline) is not None:
        heard += rung(timers, deadline)
    assert sorted(heard) == sorted(due)
    assert [due[label] for label in heard] == sorted(due.values())
