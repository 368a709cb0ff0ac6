"""One session, from the wake word until the link is closed: what each input is about.

Turns are decided in `turn_rules.py`. Here is the way there: the link, the
greeting, and the words of the protocol.

The button hangs up while it is the user's turn; during an answer, or the wait
for one, it stops that and listens, as the wake word does.
"""

from collections.abc import Callable, Sequence

from edgevoice.config import TurnConfig
from edgevoice.realtime.client_events import EdgevoiceWake
from edgevoice.realtime.items import ContentPart, FunctionCall, Message
from edgevoice.realtime.response import ErrorDetails
from edgevoice.realtime.server_events import (
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionFailed,
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
from edgevoice.transceiver.actions import Action, PlaySound, Problem, SendEvent
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
    PlayoutDrained,
    PlayoutFlushed,
    PlayoutStarted,
    SpeechStarted,
    SpeechStopped,
    ToolFinished,
    WakeDetected,
)
from edgevoice.transceiver.limits import MAX_EARLY_EVENTS
from edgevoice.transceiver.standing import Standing
from edgevoice.transceiver.states import State
from edgevoice.transceiver.turn_rules import TurnRules, Woken

FATAL = {
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
        remembered: Sequence[Message],
        first_sample: int,
        first_turn: str = "media",
    ) -> None:
        """`first_turn`: `link.first_turn`."""
        self.rules = TurnRules(standing, deadlines, config, duplex, first_sample)
        self._first_turn = FirstTurn(first_turn, self.rules, deadlines, config, first_sample)
        self._standing = standing
        self._deadlines = deadlines
        self._config = config
        self._introduce = introduce
        self._remembered = remembered
        self._first_sample = first_sample
        self._extensions = False
        self._greeted = False
        self._early: list[ServerEvent] = []

    def begin(self, woken: Woken, now: float, in_speech: bool) -> list[Action]:
        """Woken, perhaps in mid-sentence: the link is asked for, and may take its time."""
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
            case Due.SESSION:
                return self.rules.end("session limit", Problem.SESSION_LIMIT)
            case _:
                return self.rules.end("daily limit", Problem.DAILY_LIMIT)

    def _react(self, happened: Input, now: float) -> list[Action]:
        match self._standing.state, happened:
            case State.CONNECTING, LinkOpened(extensions=extensions):
                return self._link_opened(extensions, now)
            case State.CONNECTING, (LinkFailed(reason) | LinkLost(reason)):
                refused = isinstance(happened, LinkFailed) and happened.refused
                problem = Problem.REFUSED if refused else Problem.RELAY_UNREACHABLE
                return self.rules.end(f"failed: {reason}", problem, is_offline=True)
            case State.CONNECTING, (ToolFinished() | PlayoutStarted() | PlayoutDrained()):
                return []  # of the session before; nothing of this one has begun
            case State.CONNECTING, EventReceived(event):
                self._early = [*self._early[: MAX_EARLY_EVENTS - 1], event]
                return []
            case _, (LinkFailed(reason) | LinkLost(reason)):
                return self.rules.end(f"lost: {reason}", Problem.CONNECTION_LOST, is_offline=True)
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
            case SessionUpdated(session=effective):
                rules.duplex.learn(effective)
                return []
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

    def _answer_event(self, event: ServerEvent, now: float) -> list[Action]:
        """What the relay says of an answer."""
        rules, answering = self.rules, self.rules.answering
        match event:
            case ResponseCreated(response=response):
                return rules.answer_created(response.id, now)
            case ResponseContentPartAdded(part=ContentPart(type="audio" | "output_audio")):
                answering.part_added(event.response_id, event.item_id, event.content_index)
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

    def _link_opened(self, extensions: bool, now: float) -> list[Action]:
        self._extensions = extensions
        self._standing.note(offline=False)
        self._deadlines.disarm(Due.CUE)
        actions = self.rules.link_opened(now)
        actions += self._first_turn.link_opened(extensions, now)
        early, self._early = self._early, []
        for event in early:
            if self.rules.ending is None:
                actions += self._event(event, now)
        return actions

    def _greet(self, effective: Effective, now: float) -> list[Action]:
        if self._greeted:
            return []
        self._greeted = True
        self.rules.duplex.learn(effective)
        introduction = self._first_turn.introduction(self._introduce(self._extensions))
        greeting = [introduction, *seeds(self._remembered)]
        return [*greeting, *self._first_turn.introduced(now)]

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
