"""One turn's latency waterfall and its sample counts: where time went, and that nothing was lost.

Filled from `Mark` actions and from the uplink; turned into a report when the turn
ends. No clock is read here.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from edgevoice.transceiver.actions import Stage


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """What happened to the audio of the session, up to the end of this turn."""

    first_sample: int
    """The first one to be sent; tells sessions apart."""
    captured: int
    """Samples from that one up to the newest one sent."""
    sent: int
    """Samples handed to the encoder."""
    gaps: int
    """Places where the ring buffer no longer held what was to be sent."""
    received: int | None
    """What the relay says it has received; None when it cannot say."""
    lost_on_the_way: int | None
    """In packets that did not reach the relay, which had to guess them."""

    @property
    def lost(self) -> int:
        return self.captured - self.sent + (self.lost_on_the_way or 0)


@dataclass(frozen=True, slots=True)
class TurnReport:
    number: int
    cause: str
    outcome: str
    marks: tuple[tuple[str, float], ...]
    """Stage and seconds since the first mark, in order of time."""
    samples: SampleCounts

    def as_json(self) -> dict[str, Any]:
        """Plain values for `report.json` and the control socket."""
        plain = asdict(self)
        plain["marks"] = {stage: round(at, 4) for stage, at in self.marks}
        plain["samples"]["lost"] = self.samples.lost
        return plain

    @property
    def latency_ms(self) -> int | None:
        """From the end of what was said to the first sound of the answer; None without either."""
        at = dict(self.marks)
        begun, answered = at.get(Stage.SPEECH_END.value), at.get(Stage.FIRST_ANSWER_SAMPLE.value)
        if begun is None or answered is None:
            return None
        return round((answered - begun) * 1e3)

    def lines(self) -> list[str]:
        """The waterfall as text, one stage a line."""
        head = f"turn {self.number} ({self.cause}): {self.outcome}"
        rows, before = [], 0.0
        for stage, at in self.marks:
            rows.append(f"  {stage:<20}{at * 1e3:9.0f} ms  {(at - before) * 1e3:+8.0f}")
            before = at
        return [head, *rows, f"  {_counts(self.samples)}"]


def _counts(samples: SampleCounts) -> str:
    text = f"samples captured: {samples.captured}  sent: {samples.sent}"
    if samples.received is not None:
        text += f"  received: {samples.received}"
    return f"{text}  gaps: {samples.gaps}  lost: {samples.lost}"


@dataclass(slots=True)
class Waterfall:
    """The marks of the turn in progress."""

    number: int
    cause: str
    _marks: dict[Stage, float] = field(default_factory=dict)

    def mark(self, stage: Stage, at: float) -> None:
        """The first mark of a stage counts, except that the end moves on."""
        if stage is Stage.END or stage not in self._marks:
            self._marks[stage] = at

    def report(self, outcome: str, samples: SampleCounts) -> TurnReport:
        usual = list(Stage)
        by_time = sorted(
            self._marks.items(), key=lambda mark: (round(mark[1], 3), usual.index(mark[0]))
        )
        start = min(self._marks.values(), default=0.0)
        marks = tuple((stage.value, at - start) for stage, at in by_time)
        return TurnReport(self.number, self.cause, outcome, marks, samples)
