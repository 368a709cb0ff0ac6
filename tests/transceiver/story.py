"""Readable stories about conversations.

A story hands facts to a transceiver, lets time pass, and gives back what must be
done. Every step is checked against `invariants.py` as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from edgevoice.config import ContextConfig, LinkConfig, TurnConfig
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import ContentPart, FunctionCall, assistant_audio, user_audio
from edgevoice.realtime.response import ErrorDetails, Response
from edgevoice.realtime.session import Session
from edgevoice.transceiver.actions import Action, BeginTurn, EndTurn, Mark, SendEvent, Show, Stage
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    DeadlinePassed,
    EventReceived,
    Input,
    LinkOpened,
    PlayoutDrained,
    PlayoutStarted,
    WakeDetected,
)
from edgevoice.transceiver.manners import Manners
from edgevoice.transceiver.memory import Remembered
from edgevoice.transceiver.persona import Persona
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver
from tests.transceiver.invariants import House, check

PHRASE = 19_200
"""1.2 s, the default of `wake.phrase_s`."""

wake = WakeDetected("alexa", 0.9, phrase_start=85_000, phrase_end=98_000, detected_at=100_000)
FIRST_SAMPLE = 100_000 - PHRASE
button = ButtonPressed(100_000)


def linked(extensions: bool = True) -> LinkOpened:
    return LinkOpened("relay", extensions)


session_created = says.SessionCreated(session=Session(id="sess_1"))


def speech_started(at_ms: int = 1_500, item: str = "item_u1") -> says.ServerEvent:
    return says.InputAudioBufferSpeechStarted(item_id=item, audio_start_ms=at_ms)


def speech_stopped(at_ms: int = 3_000, item: str = "item_u1") -> says.ServerEvent:
    return says.InputAudioBufferSpeechStopped(item_id=item, audio_end_ms=at_ms)


def committed(item: str = "item_u1") -> says.ServerEvent:
    return says.InputAudioBufferCommitted(item_id=item)


def transcribed(text: str, item: str = "item_u1") -> says.ServerEvent:
    return says.ConversationItemInputAudioTranscriptionCompleted(
        item_id=item, content_index=0, transcript=text
    )


def created(response: str = "resp_1") -> says.ServerEvent:
    return says.ResponseCreated(response=Response(id=response, status="in_progress"))


def audio_part(response: str = "resp_1", item: str = "item_a1") -> says.ServerEvent:
    return says.ResponseContentPartAdded(
        response_id=response,
        item_id=item,
        output_index=0,
        content_index=0,
        part=ContentPart("audio"),
    )


def streaming(response: str = "resp_1") -> says.ServerEvent:
    return says.OutputAudioBufferStarted(response_id=response)


def stream_over(response: str = "resp_1") -> says.ServerEvent:
    return says.OutputAudioBufferStopped(response_id=response)


def stream_cleared(response: str = "resp_1") -> says.ServerEvent:
    return says.OutputAudioBufferCleared(response_id=response)


def done(
    response: str = "resp_1", status: str = "completed", audio: bool = False
) -> says.ServerEvent:
    output = (assistant_audio("words", id="item_a1"),) if audio else ()
    return says.ResponseDone(response=Response(id=response, status=status, output=output))


def call(name: str = "lamp", call_id: str = "call_1", response: str = "resp_1") -> says.ServerEvent:
    return says.ResponseFunctionCallArgumentsDone(
        response_id=response,
        item_id=f"item_{call_id}",
        output_index=0,
        call_id=call_id,
        name=name,
        arguments="{}",
    )


def call_item(
    name: str = "lamp", call_id: str = "call_1", response: str = "resp_1"
) -> says.ServerEvent:
    return says.ResponseOutputItemDone(
        response_id=response,
        output_index=0,
        item=FunctionCall(name=name, arguments="{}", call_id=call_id, id=f"item_{call_id}"),
    )


def error(code: str, event_id: str | None = None) -> says.ServerEvent:
    return says.Error(error=ErrorDetails(type="e", code=code, message="m", event_id=event_id))


def item_added(text: str, item: str, role: str = "user") -> says.ServerEvent:
    make = user_audio if role == "user" else assistant_audio
    return says.ConversationItemAdded(item=make(text, id=item, status="completed"))


class Story:
    def __init__(
        self,
        *,
        tools: Sequence[dict[str, Any]] = (),
        instructions: str = "",
        keep_minutes: float = 10.0,
        chime: bool = True,
        muted: bool = False,
        personas: Mapping[str, Persona] | None = None,
        hears_voices: bool = False,
        renew_s: float = 3_300.0,
        speculative: bool = False,
        remembered: Remembered | None = None,
        first_turn: Literal["auto", "media"] = "auto",
        ring_timers_in_quiet: bool = True,
        hold_announcements: bool = True,
        **turn: Any,
    ) -> None:
        self.transceiver = Transceiver(
            TurnConfig(**{"barge_in": True, **turn}),
            ContextConfig(keep_minutes=keep_minutes),
            LinkConfig(
                instructions=instructions,
                renew_s=renew_s,
                speculative_connect=speculative,
                first_turn=first_turn,
            ),
            tools,
            PHRASE,
            chime=chime,
            muted=muted,
            personas=personas,
            hears_voices=hears_voices,
            remembered=remembered,
            manners=Manners(
                ring_timers_in_quiet=ring_timers_in_quiet, hold_announcements=hold_announcements
            ),
        )
        self.now = 1_000.0
        self.house = House(shown=self.transceiver.indication)
        self.book: list[Action] = []
        """Everything that was done."""

    @property
    def state(self) -> State:
        return self.transceiver.state

    @property
    def shown(self) -> Indication:
        return self.house.shown

    def happens(self, *facts: Input) -> list[Action]:
        """Facts, all at this moment; what must be done."""
        actions: list[Action] = []
        for fact in facts:
            self.house.hear(fact)
            step = self.transceiver.handle(fact, self.now)
            for action in step:
                self.house.perform(action)
            check(self.house, self.transceiver, self.now)
            actions += step
        self.book += actions
        return actions

    def says(self, *events: says.ServerEvent) -> list[Action]:
        """The relay does."""
        return self.happens(*(EventReceived(event) for event in events))

    def passes(self, seconds: float) -> list[Action]:
        """Time, with nothing but deadlines in it."""
        until, actions = self.now + seconds, []
        while (deadline := self.transceiver.deadline) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            actions += self.happens(DeadlinePassed())
        self.now = until
        return actions

    # The usual ways to get somewhere.

    def connected(self, extensions: bool = True) -> "Story":
        self.happens(wake, linked(extensions))
        self.says(session_created)
        return self

    def asked(self) -> "Story":
        """The user has said something; the answer is awaited."""
        if self.state is State.IDLE:
            self.connected()
        self.says(speech_started(), speech_stopped(), committed())
        return self

    def speaking(self, response: str = "resp_1", item: str = "item_a1") -> "Story":
        """The answer is being heard."""
        if self.state is not State.THINKING:
            self.asked()
        self.says(created(response), audio_part(response, item), streaming(response))
        self.happens(PlayoutStarted())
        return self

    def answered(self, response: str = "resp_1") -> list[Action]:
        """The answer is heard to its end."""
        if self.state is not State.SPEAKING:
            self.speaking(response)
        actions = self.says(done(response), stream_over(response))
        return [*actions, *self.happens(PlayoutDrained(2_000))]


def sent(actions: Sequence[Action]) -> list[Any]:
    """The events among them."""
    return [action.event for action in actions if isinstance(action, SendEvent)]


def shown(actions: Sequence[Action]) -> list[Indication]:
    return [action.indication for action in actions if isinstance(action, Show)]


def turns(actions: Sequence[Action]) -> list[str]:
    """Causes and outcomes, in order."""
    named = []
    for action in actions:
        if isinstance(action, BeginTurn):
            named.append(action.cause)
        elif isinstance(action, EndTurn):
            named.append(action.outcome)
    return named


def marks(actions: Sequence[Action]) -> dict[Stage, int | None]:
    return {action.stage: action.sample for action in actions if isinstance(action, Mark)}
