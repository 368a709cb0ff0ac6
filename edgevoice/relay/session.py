"""One session: a client's call on one side, a brain on the other.

Wires the parts and owns the tasks. What is said and answered is the brain's business
(`brain.py`). Knows nothing of HTTP or WebRTC.

It outlives its transport. Rule 1: a transport that breaks without a goodbye leaves the
session held, for a device that can come back. Rule 2: whoever comes back on a new
transport takes over with its first message and in one step, whether the old transport
is known to be broken or not; until then nothing changes. Rule 3: a brain that cannot go
on is followed by the next one, with the same conversation and what is not answered yet.
"""

import asyncio
import contextlib
import logging
import math
from asyncio import Task, TaskGroup
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from edgevoice.audio.departures import Departures
from edgevoice.audio.frames import Samples
from edgevoice.config import RelayConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime import wire
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.response import ErrorDetails
from edgevoice.realtime.session import SessionPatch
from edgevoice.relay.access.limits import Bucket
from edgevoice.relay.answers.voice import Voice
from edgevoice.relay.brain import BrainLost, MakeBrain, Stage, Unanswered
from edgevoice.relay.carrying.call_transport import MakeTransport, Received
from edgevoice.relay.carrying.line import Leg, Line, LineCallbacks
from edgevoice.relay.carrying.outbox import Outbox
from edgevoice.relay.carrying.sideband import Sidebands
from edgevoice.relay.carrying.sound_format import event_bytes
from edgevoice.relay.conversations import TakenUp
from edgevoice.relay.ids import NewId, random_id
from edgevoice.relay.patience import Patience
from edgevoice.relay.session_settings import initial_settings
from edgevoice.relay.state import Asked, SessionState, Told
from edgevoice.relay.turns.wake_phrase import WakePhrase

log = logging.getLogger(__name__)

MAX_SURPLUS_EVENTS = 1000
"""Events dropped for coming too fast, after which it is abuse."""
PING = '"edgevoice.ping"'
PING_CHARS = 120
"""What is dropped is not parsed, and still a ping must not be counted."""


@dataclass(frozen=True, slots=True)
class CallTerms:
    """What the caller asked for and was granted."""

    session_s: float
    patch: SessionPatch
    """Settings that came with the call."""
    wake: WakePhrase | None = None
    extensions: bool = False
    """The client understands `edgevoice.*` events."""
    standby: bool = False
    """It connects in advance, and nobody has woken it yet."""
    taken_up: TakenUp | None = None
    """The conversation to go on with; None: a new one."""
    expires_at: int | None = None
    """By the wall clock, as the client is told."""
    sound_in_events: bool = False
    """No media runs beside the events."""


def _new_conversation(new_id: NewId) -> Conversation:
    """Every response names it; nobody is told before, as OpenAI's server does not either."""
    conversation = Conversation()
    conversation.id = new_id("conv")
    return conversation


class Session:
    """Carried by the transports that are made for its legs, one at a time."""

    on_held: Callable[[str], None]
    """The transport broke, for this reason, and the session waits for its device."""
    on_woken: Callable[[], None]
    """It was on standby, and is used now."""
    on_resumed: Callable[[float], None]
    """It goes on at another transport, after so many seconds without one."""
    on_brain_changed: Callable[[], None]
    """One that could not go on is followed by the next."""
    on_surplus: Callable[[], None]
    """An event of the client was dropped."""

    def __init__(
        self,
        config: RelayConfig,
        brains: Sequence[MakeBrain],
        terms: CallTerms,
        make_transport: MakeTransport,
        new_id: NewId = random_id,
    ) -> None:
        """`brains`: the first one begins, each of the others follows one that cannot go on."""
        self.on_held = lambda reason: None
        self.on_resumed = lambda after_s: None
        self.on_woken = lambda: None
        self.on_surplus = lambda: None
        self.on_brain_changed = lambda: None
        self._limits = limits = config.limits
        by_events = terms.sound_in_events
        self._event_bytes = event_bytes(limits) if by_events else limits.event_bytes
        self._terms = terms
        hold_s = config.limits.hold_s if terms.extensions else 0.0
        self._is_holdable = hold_s > 0
        self._group: TaskGroup | None = None
        self._tasks: set[Task[None]] = set()
        self._hung_up = asyncio.Event()
        self._news = asyncio.Event()
        """For the watch: a deadline may be nearer now."""
        self._reason = ""
        settings = initial_settings(config, terms.patch, new_id("sess"), terms.expires_at)
        first = Leg(make_transport)
        self._line = Line(first, self._line_callbacks(), self._part, hold_s)
        outbox = Outbox(self._line.send, new_id, keep=self._is_holdable)
        self._taken_up = terms.taken_up or TakenUp(_new_conversation(new_id))
        self._state = SessionState(
            settings,
            self._taken_up.conversation,
            outbox,
            new_id,
            self._spawn,
            terms.extensions,
            sound_in_events=terms.sound_in_events,
        )
        self._voice = Voice(
            first.transport.output, self._voice_started, self._voice_stopped, hold_s
        )
        self.sidebands = Sidebands(self._state, self._event_bytes, self._part, self._obey)
        self._successors = list(brains[1:])
        self._brain = brains[0](self._stage())
        self._past_turns = 0
        self._past_responses = 0
        """Those of the brains before this one."""
        now = self._now()
        self._patience = Patience(config.limits.idle_s, terms.session_s, now, standby=terms.standby)
        rate = config.limits.events_per_s
        self._event_budget = Bucket(rate, 2 * rate, now)
        self._surplus_events = 0
        self._received_events = 0
        """As the client counts those it has sent."""
        self._stopped_as = 0
        """The number of the event that said so of the last answer."""

    @property
    def turns(self) -> int:
        return self._past_turns + self._brain.turns

    @property
    def responses(self) -> int:
        return self._past_responses + self._brain.responses

    @property
    def busy(self) -> bool:
        """An answer is being made or spoken."""
        return self._brain.busy

    @property
    def engine(self) -> str:
        """What answers now."""
        return self._brain.engine

    @property
    def extensions(self) -> bool:
        return self._terms.extensions

    @property
    def conversation(self) -> Conversation:
        return self._state.conversation

    @property
    def received(self) -> Received:
        """The client's sound so far, on all its transports."""
        return self._line.received

    def departures(self) -> Departures:
        """Packets to the client since the last time, by how late they left."""
        return self._voice.departures()

    def watch(self, published: Told, made: Callable[[str], None], asked: Asked) -> None:
        """Have somebody see each event, and each answer whose first sound is made."""
        self._state.watch, self._state.asked = published, asked
        self._voice.on_made = made

    async def run(self) -> str:
        """Until either side hangs up; says why. An exception from here is a bug."""
        try:
            async with TaskGroup() as self._group:
                watch = self._group.create_task(self._watch())
                self._part(self._line.begin())
                self._spawn(self._think())
                await self._hung_up.wait()
                for task in self._tasks:
                    task.cancel()
                await watch  # never cancelled: a transport's goodbye is not to be cut short
        finally:
            self._hung_up.set()
            self._brain.abandon()
            await self._close_lines()
        return self._reason or "the client hung up"

    def hang_up(self, reason: str, code: str = "") -> None:
        """End the session; the first reason counts. `code`: the client is told so first."""
        if not self._reason:
            self._reason = reason
            self._report()
            if code:
                self._complain(code, reason)
        self._over()

    def _complain(self, code: str, reason: str) -> None:
        message = f"the relay hangs up: {reason}"
        details = ErrorDetails(type="invalid_request_error", code=code, message=message)
        self._state.publish(says.Error(error=details))

    async def close(self) -> None:
        """For a session that is never run."""
        await self._line.close()

    # Another transport.

    @property
    def is_running(self) -> bool:
        return self._group is not None and not self._hung_up.is_set()

    @property
    def may_resume(self) -> bool:
        """There is something that a device could come back to."""
        return self.is_running and self._is_holdable

    def new_leg(self, make_transport: MakeTransport) -> Leg:
        """A transport for a device that comes back; `admit` it once its offer is answered."""
        return Leg(make_transport)

    def admit(self, leg: Leg) -> bool:
        """Run it: its first message takes the session over. False: too late."""
        if not self.may_resume:
            return False
        self._line.consider(leg, self._now())
        self._news.set()
        self._part(self._line.run(leg))
        return True

    def _claimed(self, leg: Leg, text: str) -> None:
        """The first message on a transport that may take over."""
        if self._hung_up.is_set():
            return
        try:
            event = wire.decode_client_event(text, self._limits.event_bytes)
            if not isinstance(event, asks.EdgevoiceResume):
                raise RemoteProtocolError("edgevoice.resume comes first on this transport")
            self._state.outbox.since(event.events)
        except RemoteProtocolError as error:
            details = ErrorDetails(
                type="invalid_request_error", code="resume_refused", message=str(error)
            )
            refusal = says.Error(event_id=self._state.new_id("event"), error=details)
            leg.transport.send(wire.encode(refusal))
            self._line.dismiss(leg)
            return
        self._take_over(leg, event)

    def _take_over(self, leg: Leg, event: asks.EdgevoiceResume) -> None:
        now, since = self._now(), self._line.held_since
        position = self._brain.position
        self._line.switch(leg, position)
        self._brain.moved()
        self._state.outbox.tell(
            says.EdgevoiceResumed(events=self._received_events, samples=position)
        )
        is_reopened = self._voice.attach(leg.transport.output, event.response_id, event.heard_ms)
        if is_reopened and event.events < self._stopped_as:
            self._state.outbox.take_back(self._stopped_as)
        if self._state.outbox.is_open:
            for text in self._state.outbox.since(event.events):
                self._line.send(text)
        else:
            self.on_open()
        self._patience.active(now)
        self.on_resumed(0.0 if since is None else now - since)

    # What the transport in use says.

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
        """Sound of the client, 16 kHz; `first` counts from the first sample of the session."""
        self._wake_up()
        self._brain.receive(first, samples)
        if self._brain.speaking:
            self._patience.active(self._now())

    def on_message(self, text: str) -> None:
        now = self._now()
        is_paced = self._terms.sound_in_events  # such a transport reads no faster
        if not is_paced and not self._event_budget.take(now):
            self._received_events += not (len(text) < PING_CHARS and PING in text)
            self._refuse_surplus(text)
            return
        limit = self._event_bytes
        try:
            event = wire.decode_client_event(text, limit)
        except RemoteProtocolError as error:
            self._received_events += 1
            self._patience.active(now)
            event_id = wire.event_id_of(text, limit)
            self._state.outbox.refuse(str(error), code="invalid_value", event_id=event_id)
            return
        if isinstance(event, asks.EdgevoicePing) and self._terms.extensions:
            self._state.outbox.tell(says.EdgevoicePong())
            return
        if isinstance(event, asks.EdgevoiceResume) and self._terms.extensions:
            self._go_back(event)
            return
        self._received_events += 1
        self._state.outbox.asked(event.event_id)
        self._obey(event)

    def _obey(self, event: asks.ClientEvent) -> None:
        self._wake_up()
        self._patience.active(self._now())
        self._state.asked(event)
        self._brain.obey(event)

    def _go_back(self, event: asks.EdgevoiceResume) -> None:
        """The path was away for a moment: on a reliable channel only sound can be missing."""
        told = says.EdgevoiceResumed(events=self._received_events, samples=self._brain.position)
        self._state.outbox.tell(told)
        if self._line.leg is not None and self._is_holdable:
            output = self._line.leg.transport.output
            self._voice.attach(output, event.response_id, event.heard_ms)

    def _wake_up(self) -> None:
        if self._patience.is_standby:
            self._patience.wake(self._now())
            self._news.set()
            self.on_woken()

    def _left(self, reason: str, lost: bool) -> None:
        """The transport has ended. Whoever has offered another one did not mean to hang up."""
        if self.may_resume and (lost or self._line.is_contested):
            self._voice.detach()
            self._line.hold(self._now())
            self._news.set()
            self.on_held(reason)
            return
        self._reason = self._reason or reason
        self._over()

    # Thinking.

    async def _think(self) -> None:
        try:
            await self._brain.run()
        except BrainLost as error:
            self._change_brain(error)

    def _change_brain(self, error: BrainLost) -> None:
        if not self._successors:
            self.hang_up(str(error), code="server_error")
            return
        log.warning("another brain goes on: %s", error)
        left = self._leave_brain()
        self._brain = self._successors.pop(0)(self._stage())
        self._brain.follow(left)
        self.on_brain_changed()
        self._spawn(self._think())

    def _leave_brain(self) -> Unanswered:
        left, brain = self._brain.abandon(), self._brain
        self._past_turns += brain.turns
        self._past_responses += brain.responses
        return left

    def _stage(self) -> Stage:
        return Stage(self._state, self._voice, self._terms.wake, self._somebody_spoke, self._report)

    def _somebody_spoke(self) -> None:
        self._patience.active(self._now())

    # What the parts say.

    def _line_callbacks(self) -> LineCallbacks:
        return LineCallbacks(
            opened=self.on_open,
            message=self.on_message,
            audio=self.on_audio,
            claimed=self._claimed,
            left=self._left,
        )

    def _voice_started(self, response_id: str) -> None:
        self._state.publish(says.OutputAudioBufferStarted(response_id=response_id))

    def _voice_stopped(self, response_id: str) -> None:
        self._patience.active(self._now())
        # First, because a device closes the book of a turn when the answer has stopped.
        self._report()
        self._state.publish(says.OutputAudioBufferStopped(response_id=response_id))
        self._stopped_as = self._state.outbox.count

    def _report(self) -> None:
        """Tell an edgevoice device what arrived, so that it can prove that nothing was lost."""
        if not self._terms.extensions:
            return
        received = self._line.received
        self._state.publish(
            says.EdgevoiceReceived(
                samples=received.samples,
                packets=received.packets,
                lost=received.lost,
                concealed=received.concealed,
            )
        )

    def _refuse_surplus(self, text: str) -> None:
        self._surplus_events += 1
        self.on_surplus()
        if self._surplus_events == 1:
            rate = self._limits.events_per_s
            self._state.outbox.refuse(
                f"more than {rate} events per second; some were dropped",
                code="rate_limit_exceeded",
                event_id=wire.event_id_of(text, self._event_bytes),
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

    def _part(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs to its own end, which is not to be cut short."""
        assert self._group is not None, "transports come and go while the session runs"
        self._group.create_task(work)

    def _over(self) -> None:
        self._hung_up.set()
        self._news.set()

    async def _watch(self) -> None:
        """Hang up when somebody says so, or patience ends."""
        while not self._hung_up.is_set():
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._deadline()):
                    await self._news.wait()
            self._lose_patience(self._now())
        await self._close_lines()

    async def _close_lines(self) -> None:
        async with TaskGroup() as group:
            group.create_task(self._line.close())
            group.create_task(self.sidebands.close())

    def _deadline(self) -> float:
        return min(self._patience.deadline, self._line.deadline or math.inf)

    def _lose_patience(self, now: float) -> None:
        if self._brain.busy or self._voice.is_heard:
            self._patience.active(now)
        reason = self._line.expire(now) or self._patience.expired(now)
        if reason is None or self._hung_up.is_set():
            return
        self.hang_up(reason, code="session_expired")

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
