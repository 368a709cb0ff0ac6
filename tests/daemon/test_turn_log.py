"""One waterfall at a time, and a report for each."""

from edgevoice.audio.sample_clock import SampleClock
from edgevoice.daemon.turn_log import REPORTS_KEPT, TurnLog
from edgevoice.daemon.waterfall import SampleCounts
from edgevoice.transceiver.actions import BeginTurn, EndTurn, Mark, Stage

COUNTS = SampleCounts(0, 320, 320, 0, None, None)


def book() -> tuple[TurnLog, SampleClock]:
    clock = SampleClock()
    return TurnLog(clock, lambda: COUNTS), clock


def test_a_mark_on_a_sample_falls_when_the_sample_was_captured() -> None:
    turns, clock = book()
    clock.observe(16_000, 101.0)
    turns.begin(BeginTurn("wake"))
    turns.mark(Mark(Stage.WAKE_END, now=101.3, sample=16_000))
    turns.mark(Mark(Stage.WAKE_DECIDED, now=101.3))
    turns.end(EndTurn("answered"))
    (report,) = turns.reports
    assert report.marks[0] == ("wake end", 0.0)
    assert abs(report.marks[1][1] - 0.3) < 1e-6


def test_before_the_first_block_a_mark_falls_now() -> None:
    turns, _ = book()
    turns.begin(BeginTurn("button"))
    turns.mark(Mark(Stage.WAKE_END, now=5.0, sample=99))
    turns.end(EndTurn("cancelled"))
    assert turns.reports[0].marks == (("wake end", 0.0),)


def test_a_turn_that_begins_within_another_ends_it() -> None:
    turns, _ = book()
    turns.begin(BeginTurn("wake"))
    turns.begin(BeginTurn("barge-in"))
    turns.end(EndTurn("answered"))
    assert [(r.number, r.cause, r.outcome) for r in turns.reports] == [
        (1, "wake", "superseded"),
        (2, "barge-in", "answered"),
    ]


def test_marks_and_ends_without_a_turn_are_nothing() -> None:
    turns, _ = book()
    turns.mark(Mark(Stage.END, now=1.0))
    turns.end(EndTurn("answered"))
    assert not turns.reports


def test_only_so_many_reports_are_kept() -> None:
    turns, _ = book()
    for _ in range(REPORTS_KEPT + 5):
        turns.begin(BeginTurn("wake"))
        turns.end(EndTurn("answered"))
    assert len(turns.reports) == REPORTS_KEPT and turns.reports[-1].number == REPORTS_KEPT + 5
