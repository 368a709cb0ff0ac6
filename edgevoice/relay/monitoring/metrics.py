"""What Prometheus is told; the only importer of prometheus_client.

Counts facts in a registry of its own. Names carry their units (prometheus.io/docs/practices/
naming). No label takes values that a stranger can choose: whatever is not one of a few known
words is counted as `other`, and callers are never named.
"""

import math
from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from edgevoice.audio.departures import BOUNDS_S, Departures
from edgevoice.hardware.system.own_process import holdings
from edgevoice.relay.monitoring import ends, facts
from edgevoice.relay.monitoring.waterfall import Stage, TurnReport

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
PREFIX = "edgevoice_relay"
STAGE_BOUNDS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
SESSION_BOUNDS_S = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
LOOP_BOUNDS_S = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
MOST_WORDS = 40
"""Of one label. Codes of refusals are ours, a few dozen; a server behind us may have more."""


HELD: tuple[tuple[str, str, Callable[[], float]], ...] = (
    ("tasks", "Tasks of the event loop", lambda: holdings().tasks),
    ("threads", "Threads of the process", lambda: holdings().threads),
)
"""Looked at when somebody asks; memory and descriptors are the process collector's."""


class Metrics:
    def __init__(self, version: str, engine: str) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        Info(PREFIX, "This relay", registry=self._registry).info(
            {"version": version, "engine": engine}
        )
        self._live: dict[str, tuple[str, float]] = {}
        """State and beginning of each live session."""
        self._sessions = self._gauge("sessions", "Live sessions", "state")
        self._starts = self._counter("session_starts", "Sessions begun", "kind", "transport")
        self._ends = self._counter("session_ends", "Sessions ended, by reason", "reason")
        self._resumes = self._counter("session_resumes", "Sessions gone on with elsewhere")
        self._failovers = self._counter("failovers", "Sessions that went on with this", "engine")
        self._lengths = self._histogram(
            "session_duration_seconds", "From beginning to end", SESSION_BOUNDS_S
        )
        self._turns = self._counter("turns", "Turns, by what became of them", "outcome")
        self._stages = self._histogram(
            "turn_stage_seconds",
            "From the end of the user's speech (as decided) to each stage of a turn",
            STAGE_BOUNDS_S,
            "stage",
        )
        self._tokens = self._counter("tokens", "Tokens of responses", "direction", "kind")
        self._cost = self._counter("cost_usd", "Cost of responses, by the configured prices")
        self._packets = self._counter("packets", "Sound in packets", "direction")
        self._lost = self._counter("lost_packets", "Packets of callers that had to be made up")
        self._dropped = self._counter("dropped_events", "Events of clients that were too many")
        self._refusals = self._counter("refusals", "Requests not taken", "status", "code")
        self._foreseen = self._counter(
            "foreseen_answers", "Answers begun before the question was over", "used"
        )
        self._loop = self._histogram(
            "event_loop_lag_seconds", "How late the event loop wakes", LOOP_BOUNDS_S
        )
        for name, told, of in HELD:
            self._gauge(name, told).set_function(of)
        self._pacing = _Pacing()
        self._registry.register(self._pacing)
        self._codes = _Words()
        self._outcomes = _Words()
        for state in ("live", "held", "standby"):
            self._sessions.labels(state)

    def text(self) -> bytes:
        """The exposition, as `CONTENT_TYPE` says."""
        return generate_latest(self._registry)

    def see(self, fact: facts.Fact, now: float) -> None:
        match fact:
            case facts.SessionBegan():
                self._starts.labels(fact.kind, fact.transport).inc()
                self._enter(fact.call_id, "standby" if fact.standby else "live", now)
            case facts.SessionWoken(call_id):
                self._enter(call_id, "live", now)
            case facts.SessionHeld(call_id):
                self._enter(call_id, "held", now)
            case facts.SessionResumed(call_id, standby=standby):
                self._resumes.inc()
                self._enter(call_id, "standby" if standby else "live", now)
            case facts.EngineChanged(engine=engine):
                self._failovers.labels(engine).inc()
            case facts.SessionEnded(call_id, reason):
                self._ends.labels(ends.class_of(reason)).inc()
                self._leave(call_id, now)
            case facts.TurnEnded(report=report):
                self._count_turn(report)
            case facts.ResponseBilled(tokens=tokens, cost_usd=cost_usd):
                self._bill(tokens, cost_usd)
            case _:
                self._see_traffic(fact)

    def _see_traffic(self, fact: facts.Fact) -> None:
        match fact:
            case facts.MediaCounted(received=received, lost=lost, sent=sent):
                self._packets.labels("in").inc(received)
                self._packets.labels("out").inc(sent.frames)
                self._lost.inc(lost)
                self._pacing.departed += sent
            case facts.EventsDropped(events=events):
                self._dropped.inc(events)
            case facts.Refused(status, code):
                self._refusals.labels(str(status), self._codes.known(code)).inc()
            case facts.AnswerForeseen(used):
                self._foreseen.labels("yes" if used else "no").inc()
            case facts.LoopLagged(lag_s):
                self._loop.observe(lag_s)

    def _enter(self, call_id: str, state: str, now: float) -> None:
        before, began = self._live.get(call_id, ("", now))
        self._live[call_id] = state, began
        self._sessions.labels(state).inc()
        if before:
            self._sessions.labels(before).dec()

    def _leave(self, call_id: str, now: float) -> None:
        if call_id in self._live:
            state, began = self._live.pop(call_id)
            self._sessions.labels(state).dec()
            self._lengths.observe(now - began)

    def _count_turn(self, report: TurnReport) -> None:
        self._turns.labels(self._outcomes.known(report.outcome)).inc()
        if not report.spoken:
            return
        for stage, at in report.marks:
            if stage is not Stage.SPEECH_STOPPED:
                self._stages.labels(stage.value).observe(at)

    def _bill(self, tokens: facts.Tokens, cost_usd: float) -> None:
        self._tokens.labels("in", "text").inc(tokens.input_text)
        self._tokens.labels("in", "audio").inc(tokens.input_audio)
        self._tokens.labels("in", "cached").inc(tokens.cached)
        self._tokens.labels("out", "text").inc(tokens.output_text)
        self._tokens.labels("out", "audio").inc(tokens.output_audio)
        self._cost.inc(cost_usd)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", told, labels, registry=self._registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", told, labels, registry=self._registry)

    def _histogram(
        self, name: str, told: str, bounds: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", told, labels, buckets=bounds, registry=self._registry)


class _Words:
    """The values of one label: the first so many, and no more."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def known(self, word: str) -> str:
        if word in self._seen or len(self._seen) < MOST_WORDS:
            self._seen.add(word)
            return word
        return "other"


class _Pacing(Collector):
    """Packets are counted where they leave; here the counts are only added up."""

    def __init__(self) -> None:
        self.departed = Departures()

    def collect(self) -> Iterator[HistogramMetricFamily]:
        buckets, below = [], 0
        for bound, count in zip((*BOUNDS_S, math.inf), self.departed.counts, strict=True):
            below += count
            buckets.append(("+Inf" if bound == math.inf else str(bound), float(below)))
        yield HistogramMetricFamily(
            f"{PREFIX}_pacing_lag_seconds",
            "How late packets of answers leave",
            buckets=buckets,
            sum_value=self.departed.late_s,
        )
