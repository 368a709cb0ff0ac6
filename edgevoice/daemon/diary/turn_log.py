"""Keeps the waterfall of the turn in progress and hands out its report when it ends.

Everything that is logged meanwhile carries the turn's number (`journalctl TURN=3`).
Durations and counts only: what was said never comes here.
"""

import logging
from collections import deque
from collections.abc import Callable

from edgevoice.audio.sample_clock import SampleClock
from edgevoice.daemon.diary.waterfall import SampleCounts, TurnReport, Waterfall
from edgevoice.log_fields import stand
from edgevoice.transceiver.actions import BeginTurn, EndTurn, Mark, Stage

log = logging.getLogger(__name__)

REPORTS_KEPT = 50
"""For `edgevoice status` and the simulator."""


class TurnLog:
    def __init__(self, clock: SampleClock, counts: Callable[[], SampleCounts]) -> None:
        self._clock = clock
        self._counts = counts
        self._current: Waterfall | None = None
        self._turns = 0
        self.reports: deque[TurnReport] = deque(maxlen=REPORTS_KEPT)
        self.on_begin: Callable[[], None] = lambda: None
        self.on_report: Callable[[TurnReport], None] = lambda report: None

    def go_on(self, before: "TurnLog") -> None:
        """With the numbers and reports of another one, which has ended."""
        self._turns = before._turns
        self.reports.extend(before.reports)

    def begin(self, begun: BeginTurn) -> None:
        if self._current is not None:
            self.end(EndTurn("superseded"))
        self._turns += 1
        self.on_begin()
        self._current = Waterfall(self._turns, begun.cause)
        stand(turn=str(self._turns))

    def mark(self, mark: Mark) -> None:
        """A sample's time comes from the sample clock, everything else happened `now`."""
        captured_at = self._clock.time_of(mark.sample) if mark.sample is not None else None
        self.mark_at(mark.stage, mark.now if captured_at is None else captured_at)

    def mark_at(self, stage: Stage, at: float) -> None:
        if self._current is not None:
            self._current.mark(stage, at)

    def end(self, ended: EndTurn) -> None:
        if self._current is None:
            return
        report = self._current.report(ended.outcome, self._counts())
        self._current = None
        self.reports.append(report)
        self.on_report(report)
        head, *more = report.lines()
        told = {"event": "turn", "cause": report.cause, "outcome": report.outcome}
        if report.latency_ms is not None:
            told["latency_ms"] = str(report.latency_ms)
        log.info("%s", head, extra=told)
        for line in more:
            log.info("%s", line)
        stand(turn="")
