"""What the relay tells of itself: facts about sessions and turns, in the past tense.

Each is published once (`observers.py`) and read by several: the metrics, the live page. No
fact holds a word of what was said, a token or a secret.
"""

from dataclasses import dataclass
from typing import Literal

from edgevoice.audio.departures import Departures
from edgevoice.relay.monitoring.waterfall import TurnReport

Kind = Literal["token", "device", "secret"]
"""By what the caller was known."""
Transport = Literal["webrtc", "websocket"]


@dataclass(frozen=True, slots=True)
class SessionBegan:
    call_id: str
    caller: str
    """The name of the token or device."""
    kind: Kind
    engine: str
    transport: Transport
    standby: bool = False
    """It connects in advance, and nobody has woken it yet."""


@dataclass(frozen=True, slots=True)
class SessionWoken:
    """It was on standby, and is used from now on."""

    call_id: str


@dataclass(frozen=True, slots=True)
class SessionHeld:
    """Its transport broke, and it waits for its device."""

    call_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SessionResumed:
    call_id: str
    after_s: float
    """Without a transport."""
    standby: bool = False
    """It has not been used yet."""


@dataclass(frozen=True, slots=True)
class EngineChanged:
    """The one before could not go on, and this one does."""

    call_id: str
    engine: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    call_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    call_id: str
    report: TurnReport


@dataclass(frozen=True, slots=True)
class Tokens:
    """As the engine counts them, in words and in sound."""

    input_text: int = 0
    input_audio: int = 0
    output_text: int = 0
    output_audio: int = 0
    cached: int = 0
    """Of the input: read before, and cheaper."""

    @property
    def total(self) -> int:
        return self.input_text + self.input_audio + self.output_text + self.output_audio


@dataclass(frozen=True, slots=True)
class ResponseBilled:
    """A response is done, and this is what it took."""

    call_id: str
    tokens: Tokens
    cost_usd: float = 0.0
    """By the configured prices."""


@dataclass(frozen=True, slots=True)
class MediaCounted:
    """Since the fact of this kind before, on this session."""

    call_id: str
    received: int
    """Packets of the caller."""
    lost: int
    """Of the caller's packets, and had to be made up."""
    sent: Departures
    """Packets to the caller, and how late they left."""


@dataclass(frozen=True, slots=True)
class EventsDropped:
    """A client sent more than it may, and so many were not read."""

    call_id: str
    events: int = 1


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was not taken."""

    status: int
    code: str


@dataclass(frozen=True, slots=True)
class AnswerForeseen:
    """An answer was begun before the question was over."""

    used: bool
    """It was the question that was asked in the end."""


@dataclass(frozen=True, slots=True)
class LoopLagged:
    """The event loop woke somebody so much later than asked for."""

    lag_s: float


Fact = (
    SessionBegan
    | SessionWoken
    | SessionHeld
    | SessionResumed
    | EngineChanged
    | SessionEnded
    | TurnEnded
    | ResponseBilled
    | MediaCounted
    | EventsDropped
    | Refused
    | AnswerForeseen
    | LoopLagged
)
