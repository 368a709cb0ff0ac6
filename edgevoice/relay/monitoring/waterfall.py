"""One turn's latency waterfall as the relay sees it: where the time went. Pure.

The device draws its own (`daemon/diary/waterfall.py`), from the wake word to the loudspeaker; this
one begins when the turn detector decides that the user has stopped.
"""

from dataclasses import dataclass, field
from enum import Enum


class Stage(Enum):
    """The marks of a turn, in the order they usually fall."""

    SPEECH_STOPPED = "speech_stopped"
    TRANSCRIPT_READY = "transcript_ready"
    RESPONSE_CREATED = "response_created"
    FIRST_AUDIO_MADE = "first_audio_made"
    FIRST_PACKET_SENT = "first_packet_sent"
    RESPONSE_DONE = "response_done"
    ANSWER_ENDED = "answer_ended"
    """Its last packet has had its time to be heard, or the answer was silenced."""


@dataclass(frozen=True, slots=True)
class TurnReport:
    number: int
    """Counts from one in its session."""
    spoken: bool
    """It began with the user's voice, not with an event of the client."""
    outcome: str
    """The status of the response; `interrupted`, or `unanswered`."""
    marks: tuple[tuple[Stage, float], ...]
    """Seconds since the first mark, in order of time."""

    def at(self, stage: Stage) -> float | None:
        return dict(self.marks).get(stage)


@dataclass(slots=True)
class Waterfall:
    """The marks of a turn in progress."""

    number: int
    spoken: bool
    _marks: dict[Stage, float] = field(default_factory=dict)

    def mark(self, stage: Stage, now: float) -> None:
        """The first mark of a stage counts."""
        self._marks.setdefault(stage, now)

    def has(self, stage: Stage) -> bool:
        return stage in self._marks

    def report(self, outcome: str) -> TurnReport:
        usual = list(Stage)
        by_time = sorted(
            self._marks.items(), key=lambda mark: (round(mark[1], 4), usual.index(mark[0]))
        )
        start = by_time[0][1] if by_time else 0.0
        marks = tuple((stage, at - start) for stage, at in by_time)
        return TurnReport(self.number, self.spoken, outcome, marks)
