"""What happens on the board, in words for others. No transcripts, no names of wake-word models.

The names are those of Home Assistant's voice satellites where there is one (linux-voice-assistant,
docs/peripheral_api.md), so that lights and scripts made for them need little change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from edgevoice.transceiver.indication import Facts
from edgevoice.transceiver.inputs import ButtonPressed, Input, WakeDetected
from edgevoice.transceiver.states import State

Value: TypeAlias = str | int | float | bool

STATES = {
    State.IDLE: "idle",
    State.CONNECTING: "connecting",
    State.LISTENING: "listening",
    State.THINKING: "thinking",
    State.SPEAKING: "tts_speaking",
}
"""Told when the conversation enters them."""

FACTS = {
    "muted": ("muted", "unmuted"),
    "ringing": ("timer_ringing", "timer_stopped"),
    "missed": ("timer_missed", "missed_timer_told"),
    "announcing": ("announcement", "announcement_over"),
    "quiet": ("do_not_disturb", "disturb_again"),
    "offline": ("relay_lost", "relay_found"),
    "microphone_lost": ("microphone_lost", "microphone_found"),
    "speaker_lost": ("speaker_lost", "speaker_found"),
}
"""Told when one becomes true, and when it is true no longer."""

WAKE, BUTTON, TURN = "wake_word_detected", "button_pressed", "turn_ended"


@dataclass(frozen=True, slots=True)
class Happening:
    name: str
    """One of `config_neighbours.HappeningName`."""
    fields: Mapping[str, Value] = field(default_factory=dict)


class Mind(Protocol):
    """The part of a transceiver that is looked at here."""

    @property
    def state(self) -> State: ...

    @property
    def facts(self) -> Facts: ...


class Narrator:
    """An observer of the runner: tells what has happened, and what has changed by it."""

    def __init__(self, tell: Callable[[Happening], None]) -> None:
        self._tell = tell
        self._state = State.IDLE
        self._facts = Facts()

    def observe(self, happened: Input, mind: Mind) -> None:
        match happened:
            case WakeDetected(name, score):
                self._tell(Happening(WAKE, {"word": name, "score": round(score, 3)}))
            case ButtonPressed():
                self._tell(Happening(BUTTON))
        self._compare(mind)

    def _compare(self, mind: Mind) -> None:
        for fact, (begins, ends) in FACTS.items():
            is_true = getattr(mind.facts, fact)
            if is_true != getattr(self._facts, fact):
                self._tell(Happening(begins if is_true else ends))
        if mind.state is not self._state:
            self._tell(Happening(STATES[mind.state]))
        self._state, self._facts = mind.state, mind.facts


def latency_ms(turn: Mapping[str, Any] | None) -> int | None:
    """From the end of the user's speech to the first sample of the answer."""
    marks: Mapping[str, float] = turn["marks"] if turn else {}
    try:
        return round((marks["first answer sample"] - marks["end of speech"]) * 1000)
    except KeyError:
        return None
