"""What can happen to a conversation. Past tense, frozen, no behaviour.

Samples are indices on the device's one sample clock: the number of samples the
microphone had delivered since the daemon started (16 kHz, mono).
"""

from dataclasses import dataclass

from edgevoice.realtime.server_events import ServerEvent

STOP_WORD = "stop word"
"""Source of a `StopRequested` that was spoken; with nothing to stop it means nothing."""


@dataclass(frozen=True, slots=True)
class WakeDetected:
    """A wake phrase was recognised; its limits are estimates."""

    name: str
    score: float
    phrase_start: int
    phrase_end: int
    detected_at: int


@dataclass(frozen=True, slots=True)
class WakeHinted:
    """Something began that may turn out to be a wake word. Mostly it does not."""


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    sample: int
    source: str = "button"
    """Or whoever does what it does: `control`."""


@dataclass(frozen=True, slots=True)
class MuteRequested:
    source: str


@dataclass(frozen=True, slots=True)
class UnmuteRequested:
    source: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Be quiet and hang up: the control socket, or a wake word whose action is `stop`."""

    source: str


@dataclass(frozen=True, slots=True)
class LinkOpened:
    """Media flows and events can be sent."""

    relay: str
    extensions: bool
    """The other end is an edgevoice relay and understands `edgevoice.*` events."""
    resumed: bool = False
    """The session goes on where the link before broke off: nothing was lost or forgotten."""
    next_sample: int = 0
    """The sample that would be sent next."""
    session: str = ""
    """What the relay calls it, for whoever compares its log with ours."""


@dataclass(frozen=True, slots=True)
class LinkStruggles:
    """No relay could be reached so far; the link goes on trying until it is closed."""

    reason: str
    refused: bool = False
    """One was there, and did not want us now."""
    again_s: float = 0.0
    """Nobody is called before so much has passed: that was asked for."""


@dataclass(frozen=True, slots=True)
class LinkFailed:
    """The link could not be opened, and will not be."""

    reason: str
    refused: bool = False
    """The relay was there, and does not want us (HTTP 4xx): trying again is of no use."""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """An open link broke, or the other side hung up."""

    reason: str
    hung_up: bool = False
    """On purpose: the other side said goodbye."""
    next_sample: int = 0
    """The sample that would have been sent next; those just before it may not have arrived."""


@dataclass(frozen=True, slots=True)
class NetworkChanged:
    """The board has other addresses or another way out than before."""


@dataclass(frozen=True, slots=True)
class EventReceived:
    event: ServerEvent


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The device's own VAD; `sample` is where the speech began."""

    sample: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The device's own VAD; `sample` is where the speech ended."""

    sample: int


@dataclass(frozen=True, slots=True)
class BargeInConfirmed:
    """Somebody has been speaking into the answer since `sample`, for certain.

    A hint of it is a `SpeechStarted`.
    """

    sample: int


@dataclass(frozen=True, slots=True)
class PlayoutStarted:
    """The first sample of an answer reached the speaker."""


@dataclass(frozen=True, slots=True)
class PlayoutDrained:
    """Everything received so far has been played."""

    played_ms: int


@dataclass(frozen=True, slots=True)
class PlayoutFlushed:
    """`FlushPlayout` was carried out after this much of the answer had been heard."""

    played_ms: int


@dataclass(frozen=True, slots=True)
class ToolFinished:
    call_id: str
    output: str
    """JSON text, as the Realtime protocol wants it."""


@dataclass(frozen=True, slots=True)
class TimerRang:
    label: str
    kind: str = "timer"
    """timer or alarm."""


@dataclass(frozen=True, slots=True)
class RingMissed:
    """Something should have rung while the board was off, or nobody came and it still matters."""


@dataclass(frozen=True, slots=True)
class HushRequested:
    """Stop what rings, and nothing else."""

    source: str


@dataclass(frozen=True, slots=True)
class QuietChanged:
    """The house wants quiet, or does not any more."""

    quiet: bool


@dataclass(frozen=True, slots=True)
class AnnouncementReady:
    """Somebody wants something said here, and its sound is at hand."""

    number: int
    length_s: float
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class AnnouncementSaid:
    """It was heard to its end."""

    number: int


@dataclass(frozen=True, slots=True)
class MicrophoneLost:
    reason: str


@dataclass(frozen=True, slots=True)
class MicrophoneFound:
    pass


@dataclass(frozen=True, slots=True)
class SpeakerLost:
    reason: str


@dataclass(frozen=True, slots=True)
class SpeakerFound:
    pass


@dataclass(frozen=True, slots=True)
class ForgetRequested:
    """The owner wants nothing that was said to be kept."""


@dataclass(frozen=True, slots=True)
class ShutdownRequested:
    pass


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    pass


Input = (
    WakeDetected
    | WakeHinted
    | ButtonPressed
    | MuteRequested
    | UnmuteRequested
    | StopRequested
    | LinkOpened
    | LinkStruggles
    | LinkFailed
    | LinkLost
    | NetworkChanged
    | EventReceived
    | SpeechStarted
    | SpeechStopped
    | BargeInConfirmed
    | PlayoutStarted
    | PlayoutDrained
    | PlayoutFlushed
    | ToolFinished
    | TimerRang
    | RingMissed
    | HushRequested
    | QuietChanged
    | AnnouncementReady
    | AnnouncementSaid
    | MicrophoneLost
    | MicrophoneFound
    | SpeakerLost
    | SpeakerFound
    | ForgetRequested
    | ShutdownRequested
    | DeadlinePassed
)
