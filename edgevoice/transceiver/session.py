"""One session, from the wake word until the link is closed: what each input is about.

Turns are decided in `turn_rules.py`. Here is the way there: the link, the
greeting, and the words of the protocol.

The button hangs up while it is the user's turn; during an answer, or the wait
for one, it stops that and listens, as the wake word does.
"""

from collections.abc import Callable, Container

from edgevoice.config import TurnConfig
from edgevoice.realtime.client_events import EdgevoiceWake
from edgevoice.realtime.items import ContentPart, FunctionCall
from edgevoice.realtime.response import ErrorDetails
from edgevoice.realtime.server_events import (
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionFailed,
    EdgevoiceConversation,
    Error,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    OutputAudioBufferCleared,
    OutputAudioBufferStarted,
    OutputAudioBufferStopped,
    ResponseContentPartAdded,
    ResponseCreated,
    ResponseDone,
    ResponseFunctionCallArgumentsDone,
    ResponseOutputItemDone,
    ServerEvent,
    SessionCreated,
    SessionUpdated,
)
from edgevoice.realtime.session import Session as Effective
from edgevoice.transceiver.actions import (
    Action,
    AttachMedia,
    PlaySound,
    Problem,
    ReopenLink,
    SendEvent,
)
from edgevoice.transceiver.deadlines import Deadlines, Due
from edgevoice.transceiver.duplex import Duplex
from edgevoice.transceiver.first_turn import FirstTurn
from edgevoice.transceiver.greeting import seeds
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    ButtonPressed,
    EventReceived,
    Input,
    LinkFailed,
    LinkLost,
    LinkOpened,
    LinkStruggles,
    NetworkChanged,
    PlayoutDrained,
    PlayoutFlushed,
    PlayoutStarted,
    SpeechStarted,
    SpeechStopped,
    ToolFinished,
    WakeDetected,
)
from edgevoice.transceiver.limits import MAX_EARLY_EVENTS, RENEW_AGAIN_S
from edgevoice.transceiver.memory import Memory
from edgevoice.transceiver.mending import Mending
from edgevoice.transceiver.standing import Standing
from edgevoice.transceiver.states import State
from edgevoice.transceiver.turn_rules import TurnRules, Woken

FATAL: dict[str, Problem | None] = {
    "session_replaced": None,
    "session_expired": Problem.SESSION_LIMIT,
    "insufficient_quota": Problem.REFUSED,
    "invalid_api_key": Problem.REFUSED,
}
"""Error codes after which a session is of no use; all others leave it alive."""

Introduce = Callable[[bool], Action]
"""The `session.update` for a relay with or without our extensions."""


class Session:
    def __init__(
        self,
        standing: Standing,
        deadlines: Deadlines,
        config: TurnConfig,
        duplex: Duplex,
        introduce: Introduce,
        memory: Memory,
        first_sample: int,
        renew_s: float,
        first_turn: str = "media",
        own_tools: Container[str] = (),
    ) -> None:
        """`first_turn`: `link.first_turn`. `own_tools`: names of those that the device runs."""
        self.rules = TurnRules(standing, deadlines, config, duplex, first_sample)
        self._first_turn = FirstTurn(first_turn, self.rules, deadlines, config, first_sample)
        self._standing = standing
        self._deadlines = deadlines
        self._config = config
        self._introduce = introduce
        self._memory = memory
        self._opening = self._first_sample = first_sample
        """What was captured before it never leaves; and what this session's samples count from."""
        self._renew_s = renew_s
        self._own_tools = own_tools
        self._extensions = False
        self._greeted = False
        self._owes_context = False
        self._mending = Mending()
        self._woken_at = 0.0
        self._was_open = False
        self._replacing = False
        """Another link is being made while this one holds."""
        self._owed = ""
        """The user's item that this session is to answer in place of one before it."""
        self._early: list[ServerEvent] = []

    def begin(self, woken: Woken, now: float, in_speech: bool) -> list[Action]:
        """Woken, perhaps in mid-sentence: the link is asked for, and may take its time."""
        self._woken_at = now
        self._deadlines.arm(Due.CUE, now + self._config.cue_s)
        self._deadlines.arm(Due.TURN, now + self._config.connect_s)
        self._deadlines.arm(Due.SESSION, now + self._config.session_s)
        self._first_turn.woken(woken, in_speech)
        return self.rules.wake(woken, now)

    def handle(self, happened: Input, now: float) -> list[Action]:
        actions = self._react(happened, now)
        self.rules.watch_idle()
        return actions

    def expire(self, due: Due, now: float) -> list[Action]:
        """A deadline of this session has passed."""
        actions = self._expire(due, now)
        self.rules.watch_idle()
        return actions

    def _expire(self, due: Due, now: float) -> list[Action]:
        match due:
            case Due.CUE:
                return [PlaySound("connecting")]
            case Due.DUCK:
                return self.rules.duplex.unduck()
            case Due.TURN:
                committed = self._first_turn.expired(now)
                return self.rules.turn_expired(now) if committed is None else committed
            case Due.IDLE:
                return self.rules.end("idle")
            case Due.RENEW:
                return self._renew(now)
            case Due.SESSION:
                return self.rules.end("session limit", Problem.SESSION_LIMIT)
            case _:
                return self.rules.end("daily limit", Problem.DAILY_LIMIT)

    def _react(self, happened: Input, now: float) -> list[Action]:
        match self._standing.state, happened:
            case _, LinkOpened() as opened:
                return self._link_opened(opened, now)
            case _, LinkStruggles() as struggles:
                return self._link_struggles(struggles, now)
            case _, LinkFailed(reason, refused):
                return self._link_failed(reason, refused)
            case State.CONNECTING, LinkLost(reason) if not self._mending.is_broken:
                return self._link_failed(reason, refused=False)
            case State.CONNECTING, LinkLost():
                return []  # a link that was to replace it; others are being tried
            case _, LinkLost() as lost:
                return self._link_lost(lost, now)
            case State.CONNECTING, NetworkChanged():
                return []  # what is tried next goes by the new way
            case _, NetworkChanged():
                return self._network_changed()
            case State.CONNECTING, EventReceived(event):
                self._early = [*self._early[: MAX_EARLY_EVENTS - 1], event]
                return []
            case State.CONNECTING, (ToolFinished() | PlayoutStarted() | PlayoutDrained()) if (
                not self._mending.is_broken
            ):
                return []  # of the session before; nothing of this one has begun
            case ((State.CONNECTING | State.LISTENING), ButtonPressed()):
                return self.rules.end("cancelled")
            case State.LISTENING, WakeDetected() as wake:
                return [*self.rules.wake_again(wake, now), *self._tell_wake(wake)]
            case ((State.THINKING | State.SPEAKING), (WakeDetected() | ButtonPressed()) as woken):
                return [*self.rules.stop_and_listen(woken, now), *self._tell_wake(woken)]
            case _, EventReceived(event):
                return self._event(event, now)
            case _:
                return self._react_to_sound(happened, now)

    def _react_to_sound(self, happened: Input, now: float) -> list[Action]:
        """What the device hears, plays and does by itself."""
        rules = self.rules
        match happened:
            case SpeechStarted(sample):
                hint = rules.local_speech_started(sample, now)
                return [*hint, *self._first_turn.speech_started(sample, now)]
            case BargeInConfirmed(sample):
                return rules.barge_in(sample, now)
            case SpeechStopped(sample):
                ended = rules.local_speech_stopped(sample, now)
                return [*ended, *self._first_turn.speech_stopped(sample, now)]
            case PlayoutStarted():
                return rules.playout_started(now)
            case PlayoutDrained():
                rules.answering.playout_drained()
                return rules.settle(now)
            case PlayoutFlushed(played_ms):
                self._memory.doubt(rules.answering.cut_items)
                truncation = rules.answering.flushed(played_ms)
                return truncation if self._extensions else []
            case ToolFinished(call_id, output):
                return [*rules.answering.tool_finished(call_id, output), *rules.settle(now)]
            case _:
                return []  # LinkOpened twice, or a second wake word while connecting

    def _event(self, event: ServerEvent, now: float) -> list[Action]:
        return [*self._first_turn.told(event), *self._session_event(event, now)]

    def _session_event(self, event: ServerEvent, now: float) -> list[Action]:
        """What the relay says of the session and of the user."""
        rules = self.rules
        match event:
            case SessionCreated(session=effective):
                return self._greet(effective, now)
            case EdgevoiceConversation() if self._extensions:
                self._owes_context = False
                told = [*seeds(self._memory.greeted_by_ours(event))]
                return [*told, *self._ask_again(now)]
            case SessionUpdated(session=effective):
                rules.duplex.learn(effective)
                return self._tell_context(now)
            case InputAudioBufferSpeechStarted(audio_start_ms=at_ms):
                return rules.user_started(at_ms, now)
            case InputAudioBufferSpeechStopped(item_id=item_id, audio_end_ms=at_ms):
                return rules.user_stopped(item_id, at_ms, now)
            case InputAudioBufferCommitted(item_id=item_id):
                return rules.committed(item_id, now)
            case ConversationItemInputAudioTranscriptionCompleted(item_id=item_id):
                return rules.transcribed(item_id, event.transcript, now)
            case ConversationItemInputAudioTranscriptionFailed(item_id=item_id):
                return rules.transcribed(item_id, "", now)
            case Error(error=details):
                return self._refused(details, now)
            case _:
                return self._answer_event(event, now)

    def _answers_for(self, tool: str) -> bool:
        """Beside a call at a foreign server a relay may attend, with tools of its own."""
        return self._extensions or tool in self._own_tools

    def _answer_event(self, event: ServerEvent, now: float) -> list[Action]:
        """What the relay says of an answer."""
        rules, answering = self.rules, self.rules.answering
        match event:
            case ResponseCreated(response=response):
                return rules.answer_created(response.id, now)
            case ResponseContentPartAdded(part=ContentPart(type="audio" | "output_audio")):
                answering.part_added(event.response_id, event.item_id, event.content_index)
                return []
            case ResponseFunctionCallArgumentsDone(name=name) if not self._answers_for(name):
                return []
            case ResponseOutputItemDone(item=FunctionCall(name=name)) if not self._answers_for(
                name
            ):
                return []
            case ResponseFunctionCallArgumentsDone(name=name, arguments=arguments):
                calls = answering.call(event.response_id, event.call_id, name, arguments)
                return [*calls, *rules.settle(now)]
            case ResponseOutputItemDone(item=FunctionCall() as item):
                calls = answering.call(event.response_id, item.call_id, item.name, item.arguments)
                return [*calls, *rules.settle(now)]
            case ResponseDone(response=response):
                return rules.answer_done(response, now)
            case OutputAudioBufferStarted(response_id=response_id):
                answering.stream_started(response_id)
                return rules.settle(now)
            case OutputAudioBufferStopped(response_id=response_id):
                answering.stream_stopped(response_id)
                return rules.settle(now)
            case OutputAudioBufferCleared(response_id=response_id):
                answering.stream_cleared(response_id)
                return rules.settle(now)
            case _:
                return []  # words, items and rates: of interest to the replica alone

    # The link.

    def _link_opened(self, opened: LinkOpened, now: float) -> list[Action]:
        first = not self._was_open
        if not first and not (self._mending.is_broken or self._replacing):
            return []
        self._standing.note(offline=False)
        self._deadlines.disarm(Due.CUE)
        if opened.resumed:
            actions = self._resumed(now)
        else:
            actions = self._begin_session(opened, now) if first else self._start_over(opened, now)
            self._extensions, self._greeted = opened.extensions, False
            self._deadlines.arm(Due.RENEW, now + self._renew_s)
        self._was_open, self._replacing = True, False
        self._mending.opened(now)
        return [*actions, *self._catch_up(now)]

    def _begin_session(self, opened: LinkOpened, now: float) -> list[Action]:
        begun = self.rules.link_opened(now)
        return [*begun, *self._first_turn.link_opened(opened.extensions, now)]

    def _catch_up(self, now: float) -> list[Action]:
        """On what the relay said before we knew that it was there."""
        actions: list[Action] = []
        early, self._early = self._early, []
        for event in early:
            if self.rules.ending is None:
                actions += self._event(event, now)
        return actions

    def _link_struggles(self, struggles: LinkStruggles, now: float) -> list[Action]:
        """Whoever waits is told so after `cue_s`, and within a session not before its time.

        At once where nobody will be called before patience is over.
        """
        self._replacing = False
        in_vain = self._standing.state is State.CONNECTING and self._deadlines.is_due(
            Due.TURN, now + struggles.again_s
        )
        early = self._was_open or now < self._woken_at + self._config.cue_s
        if early and not in_vain:
            return []
        return self._link_failed(struggles.reason, struggles.refused)

    def _link_failed(self, reason: str, refused: bool) -> list[Action]:
        broken = Problem.CONNECTION_LOST if self._was_open else Problem.RELAY_UNREACHABLE
        problem = Problem.REFUSED if refused else broken
        return self.rules.end(f"failed: {reason}", problem, is_offline=True)

    def _link_lost(self, lost: LinkLost, now: float) -> list[Action]:
        if lost.hung_up and self.rules.is_quiet:
            return self.rules.end("the relay hung up")
        worth_it = self._mending.lost(lost.next_sample, now)
        if not worth_it or self._config.reconnect_s <= 0:
            reason = f"lost: {lost.reason}"
            return self.rules.end(reason, Problem.CONNECTION_LOST, is_offline=True)
        self._first_turn.link_lost()
        return [*self.rules.link_lost(now), self._reopen(lost.reason, self._extensions)]

    def _network_changed(self) -> list[Action]:
        """Not where the session could not go on: there it will be seen whether it holds."""
        if self._replacing or not self._extensions:
            return []
        self._replacing = True
        return [self._reopen("the network has changed")]

    def _reopen(self, reason: str, resume: bool = True) -> Action:
        return ReopenLink(reason, resume, self._memory.claim())

    def _resumed(self, now: float) -> list[Action]:
        return self.rules.link_resumed(now) if self._mending.is_broken else []

    def _start_over(self, opened: LinkOpened, now: float) -> list[Action]:
        """Another session: what it must hear is sent again, and what it must know is told."""
        self._memory.doubt(self.rules.answering.unheard_items)
        item = self.rules.unanswered_item
        self._owed = item if item and self._knows_words(item) else ""
        unsure = self._mending.first_unsure(opened.next_sample)
        needed = self.rules.first_needed(unsure, bool(self._owed))
        self._first_sample = first = max(self._opening, needed)
        anew = self.rules.start_over(first, now)
        appended = self._first_turn.link_opened(opened.extensions, now, first)
        return [*anew, *appended] if appended else [AttachMedia(first), *anew]

    def _renew(self, now: float) -> list[Action]:
        """Before the relay ends it: in a quiet moment, or soon after."""
        if not self.rules.is_quiet or self._replacing:
            self._deadlines.arm(Due.RENEW, now + RENEW_AGAIN_S)
            return []
        self._replacing = True
        return [self._reopen("renewal", resume=False)]

    def _greet(self, effective: Effective, now: float) -> list[Action]:
        if self._greeted:
            return []
        self._greeted = True
        self.rules.duplex.learn(effective)
        self._owes_context = True
        introduction = self._first_turn.introduction(self._introduce(self._extensions))
        told = [] if self._extensions else self._tell_context(now)
        return [introduction, *told, *self._first_turn.introduced(now)]

    def _tell_context(self, now: float) -> list[Action]:
        """To a relay that does not say what it holds: ours would have, before anything else."""
        owes, self._owes_context = self._owes_context, False
        if not owes:
            return []
        return [*seeds(self._memory.greeted_by_other()), *self._ask_again(now)]

    def _ask_again(self, now: float) -> list[Action]:
        """For the answer that the session before could not give; now its question is known."""
        owed, self._owed = self._owed, ""
        return self.rules.ask_again(now) if owed else []

    def _knows_words(self, item_id: str) -> bool:
        return any(item.id == item_id for item in self._memory.conversation.text_items())

    def _refused(self, details: ErrorDetails, now: float) -> list[Action]:
        if details.code in FATAL:
            return self.rules.end(f"failed: {details.code}", FATAL[details.code])
        if self.rules.answering.refused(details.event_id, details.code):
            return self.rules.settle(now)
        return []

    def _tell_wake(self, woken: Woken) -> list[Action]:
        """Where the phrase lies, so that the relay takes it off what was said."""
        if not (self._extensions and isinstance(woken, WakeDetected)):
            return []
        start = max(0, woken.phrase_start - self._first_sample)
        end = max(start + 1, woken.phrase_end - self._first_sample)
        return [SendEvent(EdgevoiceWake(name=woken.name, start_sample=start, end_sample=end))]
