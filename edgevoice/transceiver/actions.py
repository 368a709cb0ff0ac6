"""What a conversation can ask for. Imperative, frozen, no behaviour."""

from dataclasses import dataclass
from enum import Enum

from edgevoice.realtime.client_events import ClientEvent
from edgevoice.realtime.context_claim import ContextClaim
from edgevoice.transceiver.indication import Indication


class Stage(Enum):
    """The marks of a turn's latency waterfall, in the order they usually fall."""

    WAKE_END = "wake end"
    WAKE_DECIDED = "wake decided"
    LINK_OPEN = "link open"
    FIRST_SAMPLE_SENT = "first sample sent"
    SPEECH_START = "start of speech"
    ANSWER_SILENCED = "answer silenced"
    SPEECH_END = "end of speech"
    TURN_COMMITTED = "turn committed"
    RESPONSE_CREATED = "response created"
    FIRST_ANSWER_SAMPLE = "first answer sample"
    END = "end"


@dataclass(frozen=True, slots=True)
class WakePhrase:
    """Where the wake phrase lies, so that the relay can take it off the transcript."""

    name: str
    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True)
class OpenLink:
    first_sample: int
    """The first captured sample that will be sent: index 0 of what the relay receives."""
    wake: WakePhrase | None = None
    context: ContextClaim | None = None
    """What is known of the conversation, so that nobody is told what it knows."""


@dataclass(frozen=True, slots=True)
class OpenLinkEarly:
    """Somebody may be about to wake us: connect, and hang up again if nobody does. No audio."""

    context: ContextClaim | None = None


@dataclass(frozen=True, slots=True)
class ReopenLink:
    """Make another connection beside the one there is, or was; `LinkOpened` follows.

    The old one, if it still lives, carries the session until then.
    """

    reason: str
    resume: bool = True
    """Ask the relay to go on with the session; else, and where it cannot, a new one begins."""
    context: ContextClaim | None = None
    """What is known of the conversation, for a session that takes over."""


@dataclass(frozen=True, slots=True)
class CloseLink:
    reason: str


@dataclass(frozen=True, slots=True)
class OpenGate:
    """Let captured audio leave, beginning with this sample (which may be in the past)."""

    from_sample: int
    reason: str


@dataclass(frozen=True, slots=True)
class CloseGate:
    reason: str


@dataclass(frozen=True, slots=True)
class SendEvent:
    event: ClientEvent


@dataclass(frozen=True, slots=True)
class AppendAudio:
    """What the gate lets out goes through the event channel from now on, not as media."""

    from_sample: int | None = None
    """From here on, also what has left already; None: what comes next."""


@dataclass(frozen=True, slots=True)
class CommitAppended:
    """The turn is over: these events follow the append that holds its last sample."""

    until_sample: int | None
    """None: what has been captured by now is all of it."""
    events: tuple[ClientEvent, ...]


@dataclass(frozen=True, slots=True)
class AttachMedia:
    """What the gate lets out is sent as media from now on; none of it was appended."""

    from_sample: int | None = None
    """From here on, also what has left already, to another session; None: what comes next."""


@dataclass(frozen=True, slots=True)
class PlaySound:
    """One of the files in `edgevoice/sounds`, by name; mixed over any answer."""

    name: str
    repeat: bool = False


class Problem(Enum):
    """What can be said of a failure; each value names a sentence kept on the board."""

    RELAY_UNREACHABLE = "relay_unreachable"
    CONNECTION_LOST = "connection_lost"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    ANSWER_FAILED = "answer_failed"
    MICROPHONE_LOST = "microphone_lost"
    SESSION_LIMIT = "session_limit"
    DAILY_LIMIT = "daily_limit"


@dataclass(frozen=True, slots=True)
class Announce:
    """Say aloud what is wrong (or make the error sound), without any relay."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring until `StopRing`, growing louder; while it rings: become soft, or grow again."""

    kind: str
    """timer or alarm."""
    softly: bool


@dataclass(frozen=True, slots=True)
class StopRing:
    pass


@dataclass(frozen=True, slots=True)
class RememberRung:
    """What has rung rings no more: somebody stopped it, or nobody came."""

    missed: bool


@dataclass(frozen=True, slots=True)
class TellMissed:
    """Say aloud, without any relay, that something rang while nobody came."""


@dataclass(frozen=True, slots=True)
class SayAnnouncement:
    """What it says is known to whoever posted `AnnouncementReady`; `AnnouncementSaid` follows."""

    number: int


@dataclass(frozen=True, slots=True)
class StopAnnouncement:
    """Be silent at once in the middle of it."""


@dataclass(frozen=True, slots=True)
class DropAnnouncement:
    """It is not wanted any more; `reason` is empty where it was said."""

    number: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StopSounds:
    pass


@dataclass(frozen=True, slots=True)
class FlushPlayout:
    """Drop what is left of the answer at once; answered by `PlayoutFlushed`."""


@dataclass(frozen=True, slots=True)
class DuckPlayout:
    """Lower the answer: somebody may be speaking."""


@dataclass(frozen=True, slots=True)
class UnduckPlayout:
    pass


@dataclass(frozen=True, slots=True)
class Show:
    indication: Indication


@dataclass(frozen=True, slots=True)
class RunTool:
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class OpenMicrophone:
    pass


@dataclass(frozen=True, slots=True)
class CloseMicrophone:
    pass


@dataclass(frozen=True, slots=True)
class RememberMute:
    muted: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the current turn: a point on the sample clock, or `now` (seconds)."""

    stage: Stage
    now: float
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class BeginTurn:
    """A new latency waterfall begins; `cause` is wake, button, follow-up or barge-in."""

    cause: str


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The waterfall of this turn is complete: report it. `outcome` is one word or two."""

    outcome: str


Action = (
    OpenLink
    | OpenLinkEarly
    | ReopenLink
    | CloseLink
    | OpenGate
    | CloseGate
    | SendEvent
    | AppendAudio
    | CommitAppended
    | AttachMedia
    | PlaySound
    | Announce
    | Ring
    | StopRing
    | RememberRung
    | TellMissed
    | SayAnnouncement
    | StopAnnouncement
    | DropAnnouncement
    | StopSounds
    | FlushPlayout
    | DuckPlayout
    | UnduckPlayout
    | Show
    | RunTool
    | OpenMicrophone
    | CloseMicrophone
    | RememberMute
    | Mark
    | BeginTurn
    | EndTurn
)
