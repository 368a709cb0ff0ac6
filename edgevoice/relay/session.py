"""One session: a client's call on one side, an engine on the other.

Wires the parts and owns the tasks. What a turn is lives in `turn_detector.py`, the
user's side in `user_turns.py`, the assistant's in `responses.py`, the client's
wishes in `client_commands.py`. Knows nothing of HTTP or WebRTC.
"""

import asyncio
from asyncio import Task, TaskGroup
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from edgevoice.audio.frames import Samples
from edgevoice.audio.vad import Vad
from edgevoice.config import RelayConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.realtime import wire
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.response import ErrorDetails
from edgevoice.realtime.session import (
    Audio,
    AudioInput,
    SessionPatch,
    Transcription,
    merge,
)
from edgevoice.realtime.session import Session as Settings
from edgevoice.relay.call_transport import CallTransport
from edgevoice.relay.client_commands import ClientCommands
from edgevoice.relay.conversations import TakenUp
from edgevoice.relay.detection import default_detection, turn_rules
from edgevoice.relay.engines.engine import Engine
from edgevoice.relay.hearing import Hearing
from edgevoice.relay.ids import NewId, random_id
from edgevoice.relay.limits import Bucket
from edgevoice.relay.outbox import Outbox
from edgevoice.relay.patience import Patience
from edgevoice.relay.responses import Responses
from edgevoice.relay.state import SessionState
from edgevoice.relay.user_turns import TurnCallbacks, UserTurns
from edgevoice.relay.voice import Voice
from edgevoice.relay.wake_phrase import WakePhrase

MAX_SURPLUS_EVENTS = 1000
"""Events dropped for coming too fast, after which it is abuse."""


@dataclass(frozen=True, slots=True)
class CallTerms:
    """What the caller asked for and was granted."""

    session_s: float
    patch: SessionPatch
    """Settings that came with the call."""
    wake: WakePhrase | None = None
    extensions: bool = False
    """The client understands `edgevoice.*` events."""
    taken_up: TakenUp | None = None
    """The conversation to go on with; None: a new one."""


def initial_settings(config: RelayConfig, terms: CallTerms, new_id: NewId) -> Settings:
    """RemoteProtocolError when the client asks for what cannot be."""
    defaults = Settings(
        id=new_id("sess"),
        audio=Audio(
            input=AudioInput(
                transcription=Transcription(model=f"edgevoice-{config.engine}"),
                turn_detection=default_detection(config.detection),
            )
        ),
    )
    settings = merge(defaults, {"model": f"edgevoice-{config.engine}", **terms.patch})
    turn_rules(settings.audio.input.turn_detection)
    return settings


def _new_conversation(new_id: NewId) -> Conversation:
    """Every response names it; nobody is told before, as OpenAI's server does not either."""
    conversation = Conversation()
    conversation.id = new_id("conv")
    return conversation


class Session:
    """Given to a transport as the one it calls: on_open, on_message, on_audio, on_closed."""

    def __init__(
        self,
        config: RelayConfig,
        engine: Engine,
        vad: Vad,
        terms: CallTerms,
        make_transport: Callable[["Session"], CallTransport],
        new_id: NewId = random_id,
    ) -> None:
        self._limits = config.limits
        self._terms = terms
        self._group: TaskGroup | None = None
        self._tasks: set[Task[None]] = set()
        self._hung_up = asyncio.Event()
        self._reason = ""
        settings = initial_settings(config, terms, new_id)
        self.transport = make_transport(self)
        outbox = Outbox(self.transport.send, new_id)
        self._taken_up = terms.taken_up or TakenUp(_new_conversation(new_id))
        self._state = SessionState(
            settings,
            self._taken_up.conversation,
            outbox,
            engine,
            new_id,
            self._spawn,
            terms.extensions,
        )
        self._hearing = Hearing(vad, turn_rules(settings.audio.input.turn_detection), terms.wake)
        self._turns = UserTurns(self._state, self._hearing, self._turn_callbacks())
        self._voice = Voice(self.transport.output, self._voice_started, self._voice_stopped)
        self._responses = Responses(self._state, self._turns, self._voice, self._report)
        self._commands = ClientCommands(self._state, self._hearing, self._turns, self._responses)
        now = self._now()
        self._patience = Patience(config.limits.idle_s, terms.session_s, now)
        rate = config.limits.events_per_s
        self._event_budget = Bucket(rate, 2 * rate, now)
        self._surplus_events = 0

    @property
    def turns(self) -> int:
        return self._turns.count

    @property
    def responses(self) -> int:
        return self._responses.count

    @property
    def extensions(self) -> bool:
        return self._terms.extensions

    @property
    def conversation(self) -> Conversation:
        return self._state.conversation

    async def run(self) -> str:
        """Until either side hangs up; says why. An exception from here is a bug."""
        try:
            async with TaskGroup() as self._group:
                watch = self._group.create_task(self._watch())
                await self.transport.run()
                self._hung_up.set()
                for task in self._tasks:
                    task.cancel()
                await watch  # never cancelled: a transport's goodbye is not to be cut short
        finally:
            self._turns.abandon()
            await self.transport.close()
        return self._reason or "the client hung up"

    def hang_up(self, reason: str) -> None:
        """End the session; the first reason counts."""
        if not self._reason:
            self._reason = reason
            self._report()
        self._hung_up.set()

    # What the transport says.

    def on_open(self) -> None:
        self._patience.opened(self._now())
        greeting: list[says.ServerEvent] = [says.SessionCreated(session=self._state.settings)]
        if self._terms.extensions:
            greeting += [self._taken_up.told, *self._announced()]
        self._state.outbox.open(*greeting)

    def _announced(self) -> Iterator[says.ServerEvent]:
        """What the device may have missed of the session before."""
        for item in self._taken_up.later:
            previous = self._state.item_before(item.id)
            for tell in (says.ConversationItemAdded, says.ConversationItemDone):
                yield tell(item=item, previous_item_id=previous)

    def on_audio(self, first: int, samples: Samples) -> None:
        """Sound of the client, 16 kHz; `first` counts from the first sample it sent."""
        self._commands.media_flows = True
        self._turns.receive(self._hearing.receive(first, samples))
        if self._turns.speaking:
            self._patience.active(self._now())

    def on_message(self, text: str) -> None:
        now = self._now()
        if not self._event_budget.take(now):
            self._refuse_surplus()
            return
        self._patience.active(now)
        limit = self._limits.event_bytes
        try:
            event = wire.decode_client_event(text, limit)
        except RemoteProtocolError as error:
            event_id = wire.event_id_of(text, limit)
            self._state.outbox.refuse(str(error), code="invalid_value", event_id=event_id)
            return
        self._commands.obey(event)

    def on_closed(self, reason: str) -> None:
        self._reason = self._reason or reason

    # What the parts say.

    def _turn_callbacks(self) -> TurnCallbacks:
        return TurnCallbacks(
            speech=self._user_speaks,
            stopped=self._report,
            heard=lambda transcript: self._responses.answer(transcript),
            failed=lambda error: self._responses.fail(error),
        )

    def _user_speaks(self) -> None:
        self._patience.active(self._now())
        self._responses.interrupt()

    def _voice_started(self, response_id: str) -> None:
        self._state.publish(says.OutputAudioBufferStarted(response_id=response_id))

    def _voice_stopped(self, response_id: str) -> None:
        self._patience.active(self._now())
        # First, because a device closes the book of a turn when the answer has stopped.
        self._report()
        self._state.publish(says.OutputAudioBufferStopped(response_id=response_id))

    def _report(self) -> None:
        """Tell an edgevoice device what arrived, so that it can prove that nothing was lost."""
        if not self._terms.extensions:
            return
        received = self.transport.received
        self._state.publish(
            says.EdgevoiceReceived(
                samples=received.samples,
                packets=received.packets,
                lost=received.lost,
                concealed=received.concealed,
            )
        )

    def _refuse_surplus(self) -> None:
        self._surplus_events += 1
        if self._surplus_events == 1:
            rate = self._limits.events_per_s
            self._state.outbox.refuse(
                f"more than {rate} events per second; some were dropped",
                code="rate_limit_exceeded",
            )
        if self._surplus_events > MAX_SURPLUS_EVENTS:
            self.hang_up("too many events")

    # Time and tasks.

    def _spawn(self, work: Coroutine[Any, Any, None]) -> Task[None]:
        assert self._group is not None, "audio and events come while the session runs"
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _watch(self) -> None:
        """Hang up when somebody says so, or patience ends."""
        while not self._hung_up.is_set():
            try:
                async with asyncio.timeout_at(self._patience.deadline):
                    await self._hung_up.wait()
            except TimeoutError:
                self._lose_patience(self._now())
        await self.transport.close()

    def _lose_patience(self, now: float) -> None:
        if self._responses.busy:
            self._patience.active(now)
        reason = self._patience.expired(now)
        if reason is None:
            return
        self._state.publish(
            says.Error(
                error=ErrorDetails(
                    type="invalid_request_error",
                    code="session_expired",
                    message=f"the relay hangs up: {reason}",
                )
            )
        )
        self.hang_up(reason)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
