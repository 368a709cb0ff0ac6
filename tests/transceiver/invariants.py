"""What must hold in every history, checked action by action as a performer would see them."""

from dataclasses import dataclass, field
from math import isfinite

from edgevoice.realtime.client_events import ResponseCreate
from edgevoice.realtime.server_events import Error, ResponseDone
from edgevoice.transceiver.actions import (
    Action,
    AppendAudio,
    AttachMedia,
    BeginTurn,
    CloseGate,
    CloseLink,
    CommitAppended,
    DropAnnouncement,
    DuckPlayout,
    EndTurn,
    FlushPlayout,
    Mark,
    OpenGate,
    OpenLink,
    OpenLinkEarly,
    PlaySound,
    ReopenLink,
    Ring,
    SayAnnouncement,
    SendEvent,
    Show,
    StopAnnouncement,
    StopRing,
    UnduckPlayout,
)
from edgevoice.transceiver.indication import SESSION, Indication
from edgevoice.transceiver.inputs import EventReceived, Input, LinkOpened
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver


@dataclass
class House:
    """A performer that only remembers, and objects to nonsense."""

    shown: Indication = Indication.IDLE
    gate: bool = False
    link: bool = False
    link_is_up: bool = False
    """Or has been: a link that broke keeps what it is to send."""
    turn: bool = False
    ducked: bool = False
    ringing: bool = False
    saying: int | None = None
    """The announcement that is heard."""
    response_asked: bool = False
    outgoing: str = "media"
    """How what the gate lets out is sent; a foreign server's first turn goes as data."""
    sent: list[object] = field(default_factory=list)

    def hear(self, happened: Input) -> None:
        """Before the transceiver does."""
        match happened:
            case LinkOpened() if self.link:
                self.link_is_up = True
                self.response_asked = self.response_asked and happened.resumed
            case EventReceived(ResponseDone() | Error()):
                self.response_asked = False

    def perform(self, action: Action) -> None:
        match action:
            case OpenLink():
                assert not self.link, "a link is opened beside another"
                self.link, self.response_asked, self.outgoing = True, False, "media"
            case OpenLinkEarly():
                assert not self.link
            case ReopenLink():
                assert self.link, "no link to open again"
            case CloseLink():
                assert self.link, "no link to close"
                assert not self.gate, "the link closes before the gate"
                self.link = self.link_is_up = False
            case OpenGate():
                assert not self.gate, "the gate is open already"
                assert self.shown in SESSION, "the gate opens unseen"
                self.gate = True
            case CloseGate():
                assert self.gate, "the gate is closed already"
                self.gate = False
            case Show(indication):
                assert indication is not self.shown, "shown already"
                assert not self.gate or indication in SESSION, f"{indication} hides an open gate"
                self.shown = indication
            case SendEvent(event):
                assert self.link_is_up, f"nobody to send {event} to"
                self._send(event)
            case AppendAudio() | CommitAppended() | AttachMedia():
                self._perform_first_turn(action)
            case _:
                self._perform_sound_and_book(action)

    def _perform_first_turn(self, action: AppendAudio | CommitAppended | AttachMedia) -> None:
        assert self.link_is_up, "nobody to send the first turn to"
        match action, self.outgoing:
            case AttachMedia(int()), _:
                self.outgoing = "media"  # to another session
            case AppendAudio(int()), _:
                self.outgoing = "appends"
            case AppendAudio(), "media":
                self.outgoing = "appends"
            case CommitAppended(events=events), "appends":
                self.outgoing = "nothing"
                for event in events:
                    self._send(event)
            case AttachMedia(), "nothing":
                self.outgoing = "media"
            case _:
                raise AssertionError(f"{action} while {self.outgoing} goes out")

    def _send(self, event: object) -> None:
        if isinstance(event, ResponseCreate):
            assert not self.response_asked, "two responses asked for at a time"
            self.response_asked = True
        self.sent.append(event)

    def _perform_sound_and_book(self, action: Action) -> None:
        match action:
            case BeginTurn():
                assert not self.turn, "a turn within a turn"
                self.turn = True
            case EndTurn():
                assert self.turn, "no turn to end"
                self.turn = False
            case Mark(now=now):
                assert self.turn, f"{action} belongs to no turn"
                assert isfinite(now)
            case DuckPlayout():
                assert not self.ducked
                self.ducked = True
            case UnduckPlayout():
                self.ducked = False
            case FlushPlayout():
                pass
            case PlaySound(repeat=repeat):
                assert not repeat, "who would stop it?"
            case _:
                self._perform_unasked(action)

    def _perform_unasked(self, action: Action) -> None:
        match action:
            case Ring(_, softly):
                assert not self.gate or softly, "it shouts into a conversation"
                assert self.saying is None or softly, "it shouts into an announcement"
                self.ringing = True
            case StopRing():
                self.ringing = False
            case SayAnnouncement(number):
                assert self.saying is None, "two announcements at a time"
                self.saying = number
            case StopAnnouncement():
                assert self.saying is not None, "nothing to stop"
                self.saying = None
            case DropAnnouncement(number, ""):
                self.saying = None if self.saying == number else self.saying


def check(house: House, transceiver: Transceiver, now: float) -> None:
    """After everything was performed."""
    state, facts, deadline = transceiver.state, transceiver.facts, transceiver.deadline
    idle = state is State.IDLE
    assert house.gate == transceiver.gate_open == (not idle)
    assert house.link == (not idle)
    assert not (facts.muted and house.gate), "muted, and yet heard"
    assert not (facts.microphone_lost and house.gate)
    assert house.shown is transceiver.indication
    assert (house.shown in SESSION) == house.gate, "the light and the gate disagree"
    assert idle or deadline is not None, f"{state} has no way home"
    assert deadline is None or (isfinite(deadline) and deadline >= now), "overdue"
    assert facts.ringing == house.ringing
    assert facts.announcing == (house.saying is not None)
    assert not idle or deadline is not None or not (facts.ringing or facts.announcing)
    assert not (idle and house.turn), "the turn outlives the session"
    assert state is State.SPEAKING or not house.ducked, "ducked for ever"
