"""The device's mind. Pure: handed a fact and the time, it says what must be done.

What is true outside a session lives here: muted, offline, a lost microphone, a
ringing timer, the minutes of the day; and the opening and closing of everything
that a session opens. The session itself is `session.py`, whose turn it is
`turn_rules.py`. No asyncio, no clock, no samples, no I/O.

The gate: it is opened in one method and closed in one other. Something of
`indication.SESSION` is shown before it opens and until it is closed.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgevoice.config import ContextConfig, LinkConfig, TurnConfig
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.server_events import EdgevoiceReceived, Error, ServerEvent
from edgevoice.transceiver.actions import (
    Action,
    Announce,
    CloseGate,
    CloseLink,
    CloseMicrophone,
    FlushPlayout,
    OpenGate,
    OpenLink,
    OpenLinkEarly,
    OpenMicrophone,
    PlaySound,
    Problem,
    RememberMute,
    StopSounds,
    WakePhrase,
)
from edgevoice.transceiver.deadlines import OF_A_SESSION, Deadlines, Due
from edgevoice.transceiver.duplex import Duplex, barge_in
from edgevoice.transceiver.greeting import introduce
from edgevoice.transceiver.indication import Facts, Indication, indication
from edgevoice.transceiver.inputs import (
    STOP_WORD,
    AnnouncementReady,
    AnnouncementSaid,
    ButtonPressed,
    DeadlinePassed,
    EventReceived,
    ForgetRequested,
    HushRequested,
    Input,
    MicrophoneFound,
    MicrophoneLost,
    MuteRequested,
    QuietChanged,
    RingMissed,
    ShutdownRequested,
    SpeakerFound,
    SpeakerLost,
    SpeechStarted,
    SpeechStopped,
    StopRequested,
    TimerRang,
    UnmuteRequested,
    WakeDetected,
    WakeHinted,
)
from edgevoice.transceiver.limits import BUTTON_LEAD_SAMPLES, REPEAT_S, DayMeter
from edgevoice.transceiver.manners import USUAL, Manners
from edgevoice.transceiver.memory import Memory, Remembered
from edgevoice.transceiver.persona import Persona, persona_of
from edgevoice.transceiver.session import Session
from edgevoice.transceiver.setup import NEW, Rest, Setup
from edgevoice.transceiver.standing import IllegalTransition, Standing
from edgevoice.transceiver.states import State
from edgevoice.transceiver.turn_rules import Ending, Woken
from edgevoice.transceiver.unasked import Unasked

__all__ = ["IllegalTransition", "RelayError", "Transceiver"]

log = logging.getLogger(__name__)

CHIMES = frozenset({"wake", "connecting", "done"})
"""Sounds that nobody would miss."""


@dataclass(frozen=True, slots=True)
class RelayError:
    """The last `error` event."""

    code: str
    message: str


class Transceiver:
    def __init__(
        self,
        turn: TurnConfig,
        context: ContextConfig,
        link: LinkConfig,
        tools: Sequence[dict[str, Any]],
        wake_phrase_samples: int,
        *,
        chime: bool = True,
        muted: bool = False,
        microphone_lost: bool = False,
        speaker_lost: bool = False,
        personas: Mapping[str, Persona] | None = None,
        hears_voices: bool = False,
        remembered: Remembered | None = None,
        manners: Manners = USUAL,
        rest: Rest = NEW,
    ) -> None:
        """`muted`: as it was remembered; the microphone is not opened then.

        `hears_voices`: the device tells a voice from its own echo, and says so.

        `personas`: by wake word; who is not there is `link.instructions`.

        `remembered`: of the conversation, before the program was restarted.

        `rest`: of a transceiver that this one is to follow.
        """
        self._setup = Setup(
            turn,
            context,
            link,
            tools,
            wake_phrase_samples,
            chime,
            muted,
            microphone_lost,
            speaker_lost,
            personas or {},
            hears_voices,
            manners=manners,
            rest=rest,
        )
        self._begin(self._setup, remembered)

    def _begin(self, given: Setup, remembered: Remembered | None) -> None:
        """Nothing has happened yet."""
        self.gate_open = False
        self.unknown_events = 0
        """Events of a type this version does not know."""
        self.last_error: RelayError | None = None
        self.last_ending = ""
        """Why the last session ended, or why none began."""
        self.received: EdgevoiceReceived | None = None
        """What the relay has received of the session, if it says so."""
        self._barge_in = barge_in(given.turn.barge_in, given.hears_voices)
        self._usual = Persona(given.link.instructions)
        rest = given.rest
        self._standing = Standing(
            Facts(
                given.muted,
                given.microphone_lost,
                given.speaker_lost,
                missed=rest.missed,
                quiet=rest.quiet,
                offline=rest.offline,
            )
        )
        self._deadlines = Deadlines()
        self._memory = Memory(given.context, remembered)
        if self._memory.forget_at is not None:
            self._deadlines.arm(Due.FORGET, self._memory.forget_at)
        self._unasked = Unasked(self._standing, self._deadlines, given.manners)
        turn = given.turn
        self._day = DayMeter(turn.minutes_per_day, rest.day_began, rest.day_used_s, turn.session_s)
        self._session: Session | None = None
        self._in_speech = rest.in_speech
        """By the device's own VAD, between sessions as well."""
        self._shut_down = False
        self._missed_at = rest.missed_at
        """When the loss of the microphone was told to nobody in particular."""

    @property
    def state(self) -> State:
        return self._standing.state

    @property
    def facts(self) -> Facts:
        return self._standing.facts

    @property
    def indication(self) -> Indication:
        """What is to be shown now; at start and after a rebuild nothing else says so."""
        return indication(self.state, self.facts)

    @property
    def deadline(self) -> float | None:
        """When to hand in `DeadlinePassed` at the latest; never None outside IDLE."""
        return self._deadlines.next

    @property
    def conversation(self) -> Conversation:
        """The replica of what the relay holds."""
        return self._memory.conversation

    @property
    def memory(self) -> Memory:
        """What is kept of the conversation, and what relays were told of it."""
        return self._memory

    @property
    def rests(self) -> bool:
        """Nothing is going on, nothing is due and nothing is remembered: `setup` tells all."""
        forgotten = self._memory.is_empty and self._deadlines.next is None
        return (
            self._session is None
            and not self._shut_down
            and self._unasked.rests
            and (self._memory.is_untouched or forgotten)
        )

    @property
    def day(self) -> tuple[float | None, float]:
        """When it began and how much of it is used up: `rest.day_began` and `rest.day_used_s`."""
        return self._day.began, self._day.used_s

    @property
    def setup(self) -> Setup | None:
        """Of this, another one can be built that does the same from now on; None: not now."""
        if not self.rests:
            return None
        facts = self.facts
        return replace(
            self._setup,
            muted=facts.muted,
            microphone_lost=facts.microphone_lost,
            speaker_lost=facts.speaker_lost,
            remembered=self._memory.remembered if self._memory.is_untouched else None,
            rest=Rest(
                facts.offline,
                facts.missed,
                facts.quiet,
                self._in_speech,
                self._missed_at,
                self._day.began,
                self._day.used_s,
            ),
        )

    def handle(self, happened: Input, now: float) -> list[Action]:
        """Take in one fact; what must now be done, in order.

        Facts come first, then what is overdue: a deadline is kept even if the inbox
        is never empty, and a fact that was only handed in late still counts.
        """
        actions = self._react(happened, now)
        while (due := self._deadlines.take(now)) is not None:
            actions += self._expire(due, now)
        return [*self._audible(actions), *self._unasked.go_on(now)]

    def _react(self, happened: Input, now: float) -> list[Action]:
        match happened:
            case DeadlinePassed():
                return []
            case MuteRequested():
                return self._mute(now)
            case UnmuteRequested():
                return self._unmute()
            case MicrophoneLost():
                return self._lose_microphone(now)
            case MicrophoneFound():
                return self._note(microphone_lost=False)
            case SpeakerLost() | SpeakerFound():
                return self._note(speaker_lost=isinstance(happened, SpeakerLost))
            case TimerRang(kind=kind):
                return self._unasked.ring(kind, now)
            case RingMissed():
                self._standing.note(missed=True)
                return [*self._standing.show()]
            case HushRequested():
                return self._unasked.hush()
            case QuietChanged(quiet):
                self._standing.note(quiet=quiet)
                return []
            case AnnouncementReady():
                return self._unasked.ready(happened)
            case AnnouncementSaid(number):
                return self._unasked.said(number)
            case StopRequested(source) if source == STOP_WORD:
                return self._stop_by_word(now)
            case StopRequested():
                return [*self._unasked.stop(), *self._stop("stopped", now)]
            case ForgetRequested():
                self._deadlines.disarm(Due.FORGET)
                self._memory.forget()
                return []
            case ShutdownRequested():
                self._shut_down = True
                return [*self._stop("shut down", now), *self._unasked.shut_down()]
            case ButtonPressed() if self.facts.ringing:
                return self._unasked.hush()
            case ButtonPressed() if self.facts.announcing and self._session is None:
                return self._unasked.stop_announcement()
            case (WakeDetected() | ButtonPressed()) as woken if self._session is None:
                return self._wake(woken, now)
            case WakeHinted():
                return self._hinted()
            case WakeDetected():
                hushed = [*self._unasked.give_way(), *self._standing.show()]
                return [*hushed, *self._in_session(happened, now)]
            case _:
                return self._in_session(happened, now)

    def _expire(self, due: Due, now: float) -> list[Action]:
        match due:
            case Due.RING | Due.ANNOUNCEMENT:
                return self._unasked.expire(due)
            case Due.FORGET:
                self._memory.forget()
                return []
            case _:
                assert self._session is not None, f"{due} outlived its session"
                return self._follow(self._session, self._session.expire(due, now), now)

    # Sessions.

    def _wake(self, woken: Woken, now: float) -> list[Action]:
        if self._shut_down:
            return []
        if self.facts.muted:
            return [PlaySound("muted")]
        if self.facts.microphone_lost:
            return self._refuse(Problem.MICROPHONE_LOST)
        left_s = self._day.left_s(now)
        if left_s is not None and left_s <= 0:
            return self._refuse(Problem.DAILY_LIMIT)
        return [*self._unasked.give_way(), *self._open(woken, left_s, now)]

    def _hinted(self) -> list[Action]:
        if (
            self._session
            or self._shut_down
            or self.facts.muted
            or not self._setup.link.speculative_connect
        ):
            return []
        return [OpenLinkEarly(self._memory.claim())]

    def _refuse(self, problem: Problem) -> list[Action]:
        self.last_ending = problem.value.replace("_", " ")
        log.warning("not listening: %s", self.last_ending)
        return [Announce(problem)]

    def _open(self, woken: Woken, left_s: float | None, now: float) -> list[Action]:
        """The gate opens at once: what is said while connecting waits behind the link."""
        first = self._first_sample(woken)
        persona = persona_of(woken, self._setup.personas, self._usual)
        self.received = None
        self._deadlines.disarm(Due.FORGET)
        self._day.begin(now)
        if left_s is not None:
            self._deadlines.arm(Due.DAY, now + left_s)
        context = self._memory.begin()
        duplex = Duplex(self._deadlines, self._barge_in)
        self._session = Session(
            self._standing,
            self._deadlines,
            self._setup.turn,
            duplex,
            lambda extensions: introduce(persona, self._setup.tools, duplex.barge_in, extensions),
            self._memory,
            first,
            self._setup.link.renew_s,
            self._setup.link.first_turn,
            frozenset(str(tool.get("name")) for tool in self._setup.tools),
        )
        shown = self._session.begin(woken, now, self._in_speech)
        wake = None
        if isinstance(woken, WakeDetected):
            wake = WakePhrase(woken.name, woken.phrase_start, woken.phrase_end)
        cause = woken.name if isinstance(woken, WakeDetected) else woken.source
        self.gate_open = True
        chime: list[Action] = [PlaySound("wake")] if self._setup.chime else []
        return [*shown, *chime, OpenLink(first, wake, context), OpenGate(first, cause)]

    def _first_sample(self, woken: Woken) -> int:
        if isinstance(woken, ButtonPressed):
            return max(0, woken.sample - BUTTON_LEAD_SAMPLES)
        earliest = min(woken.phrase_start, woken.detected_at - self._setup.wake_phrase_samples)
        return max(0, earliest)

    def _in_session(self, happened: Input, now: float) -> list[Action]:
        """Nothing for what comes after the session it belongs to."""
        if isinstance(happened, SpeechStarted | SpeechStopped):
            self._in_speech = isinstance(happened, SpeechStarted)
        if self._session is None:
            return []
        if isinstance(happened, EventReceived):
            self._note_event(happened.event)
        return self._follow(self._session, self._session.handle(happened, now), now)

    def _note_event(self, event: ServerEvent) -> None:
        self._memory.apply(event)
        match event:
            case EdgevoiceReceived():
                self.received = event
            case Error(error=details):
                self.last_error = RelayError(details.code or "", details.message or "")
                log.warning("the relay reports an error: %.80r", details.code)
            case UnknownEvent(type=kind):
                self.unknown_events += 1
                log.info("event of unknown type %.80r ignored", kind)

    def _follow(self, session: Session, actions: list[Action], now: float) -> list[Action]:
        """After whatever the session did: it may be over."""
        ending = session.rules.ending
        if ending is None:
            return actions
        hushed = self._unasked.said_goodbye() if ending.reason == "goodbye" else []
        closed = self._close(session, ending, now)
        told = self._unasked.tell_missed() if ending.problem is None else []
        return [*actions, *hushed, *closed, *told]

    def _close(self, session: Session, ending: Ending, now: float) -> list[Action]:
        self._session, self.gate_open = None, False
        self._memory.doubt(session.rules.answering.unheard_items)
        self.last_ending = ending.reason
        actions: list[Action] = [CloseGate(ending.reason)]
        if session.rules.is_sounding:
            actions.append(FlushPlayout())
        actions += [CloseLink(ending.reason), *session.rules.turn.end(ending.reason, now)]
        actions += session.rules.duplex.unduck()
        self._deadlines.disarm(*OF_A_SESSION)
        self._day.end(now)
        self._forget_later(now)
        if ending.is_offline:
            self._standing.note(offline=True)
        actions += self._standing.go(State.IDLE, ending.reason, now)
        actions += self._unasked.session_over()
        return actions if ending.problem is None else [*actions, Announce(ending.problem)]

    def _forget_later(self, now: float) -> None:
        forget_at = self._memory.end(now)
        if forget_at is not None:
            self._deadlines.arm(Due.FORGET, forget_at)

    def _stop(self, why: str, now: float) -> list[Action]:
        """Be quiet and hang up, whatever is going on."""
        closed = self._close(self._session, Ending(why), now) if self._session else []
        return [*closed, *([] if FlushPlayout() in closed else [FlushPlayout()]), StopSounds()]

    def _stop_by_word(self, now: float) -> list[Action]:
        """Where nothing sounds it is a word like any other, and may be part of a sentence."""
        stopped = self._unasked.stop()
        if self._session is None or not self._session.rules.is_stoppable:
            return stopped
        return [*stopped, *self._close(self._session, Ending("stopped"), now)]

    # What is true beside the state.

    def _note(
        self, *, microphone_lost: bool | None = None, speaker_lost: bool | None = None
    ) -> list[Action]:
        self._standing.note(microphone_lost=microphone_lost, speaker_lost=speaker_lost)
        return [*self._standing.show()]

    def _mute(self, now: float) -> list[Action]:
        """Survives a reboot. Only `UnmuteRequested`, which has no remote source, ends it."""
        if self.facts.muted:
            return []
        self._standing.note(muted=True)
        self._in_speech = False
        closed = self._close(self._session, Ending("muted"), now) if self._session else []
        return [*closed, CloseMicrophone(), RememberMute(True), *self._standing.show()]

    def _unmute(self) -> list[Action]:
        if not self.facts.muted:
            return []
        self._standing.note(muted=False)
        return [RememberMute(False), OpenMicrophone(), *self._standing.show()]

    def _lose_microphone(self, now: float) -> list[Action]:
        lost_before = self.facts.microphone_lost
        self._standing.note(microphone_lost=True)
        self._in_speech = False
        if self._session is not None:
            self._missed_at = now
            ending = Ending("microphone lost", Problem.MICROPHONE_LOST)
            return self._close(self._session, ending, now)
        told = [] if lost_before or self.facts.muted else self._miss_microphone(now)
        return [*self._standing.show(), *told]

    def _miss_microphone(self, now: float) -> list[Action]:
        """Nobody has asked for anything: say it, but do not go on about it."""
        recently = self._missed_at is not None and now - self._missed_at < REPEAT_S
        if recently or self._shut_down or self.facts.quiet:
            return []
        self._missed_at = now
        return [Announce(Problem.MICROPHONE_LOST)]

    def _audible(self, actions: list[Action]) -> list[Action]:
        """In quiet hours nothing sounds that only says what the light says as well."""
        if not self.facts.quiet:
            return actions
        return [a for a in actions if not (isinstance(a, PlaySound) and a.name in CHIMES)]
