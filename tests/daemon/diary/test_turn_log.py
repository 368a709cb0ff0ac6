"""One waterfall at a time, and a report for each."""

import logging

import pytest

from edgevoice.audio.sample_clock import SampleClock
from edgevoice.daemon.diary.turn_log import REPORTS_KEPT, TurnLog
from edgevoice.daemon.diary.waterfall import SampleCounts
from edgevoice.log_fields import AddFields
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


def test_whatever_is_logged_in_a_turn_is_found_by_its_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.handler.addFilter(AddFields())
    caplog.set_level("INFO")
    turns, _ = book()
    turns.begin(BeginTurn("wake"))
    logging.getLogger("edgevoice.anything").info("in between")
    turns.mark(Mark(Stage.SPEECH_END, now=10.0))
    turns.mark(Mark(Stage.FIRST_ANSWER_SAMPLE, now=10.75))
    turns.end(EndTurn("answered"))
    logging.getLogger("edgevoice.anything").info("afterwards")
    between, head, *more, after = [vars(record) for record in caplog.records]
    assert {line["turn"] for line in (between, head, *more)} == {"1"}
    assert "turn" not in after
    assert (head["event"], head["outcome"], head["latency_ms"]) == ("turn", "answered", "750")


def test_another_one_goes_on_counting() -> None:
    (before, _), (turns, _) = book(), book()
    before.begin(BeginTurn("wake"))
    before.end(EndTurn("answered"))
    turns.go_on(before)
    turns.begin(BeginTurn("wake"))
    turns.end(EndTurn("cancelled"))
    assert [(r.number, r.outcome) for r in turns.reports] == [(1, "answered"), (2, "cancelled")]


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
