"""What the light says, and which of several truths wins.

The order is the priority of design: a muted board says so even while it speaks.
"""

from dataclasses import dataclass
from enum import Enum

from edgevoice.transceiver.states import State


class Indication(Enum):
    """Highest priority first."""

    MUTED = "muted"
    ERROR = "error"
    RINGING = "timer ringing"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    CONNECTING = "connecting"
    ANNOUNCING = "announcement"
    MISSED = "timer missed"
    OFFLINE = "offline"
    RECORDING = "recording"
    """Idle, and the sound of turns is kept on the board; no transceiver asks for it."""
    IDLE = "idle"


SESSION = frozenset(
    {Indication.LISTENING, Indication.THINKING, Indication.SPEAKING, Indication.CONNECTING}
)
"""Patterns that mean: audio may be leaving the board."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """The timer that rings next, on the clock of the event loop; shown while idle."""

    ends_at: float
    total_s: float


@dataclass(frozen=True, slots=True)
class Hold:
    """A button is held down, and something will happen if it still is at `acts_at`."""

    began: float
    acts_at: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true beside the state."""

    muted: bool = False
    microphone_lost: bool = False
    speaker_lost: bool = False
    ringing: bool = False
    missed: bool = False
    """Something rang, and nobody came."""
    announcing: bool = False
    quiet: bool = False
    """The house wants no sound that nobody asked for."""
    offline: bool = False


def indication(state: State, facts: Facts) -> Indication:
    """The one thing to show.

    Neither ringing nor a lost loudspeaker, which ends no session, hides that the gate
    may be open; without a microphone it is closed.
    """
    truths = {Indication[state.name]}
    if facts.muted:
        truths.add(Indication.MUTED)
    if facts.microphone_lost or (facts.speaker_lost and state is State.IDLE):
        truths.add(Indication.ERROR)
    if facts.ringing and state is State.IDLE:
        truths.add(Indication.RINGING)
    if facts.announcing:
        truths.add(Indication.ANNOUNCING)
    if facts.missed:
        truths.add(Indication.MISSED)
    if facts.offline:
        truths.add(Indication.OFFLINE)
    return next(shown for shown in Indication if shown in truths)
