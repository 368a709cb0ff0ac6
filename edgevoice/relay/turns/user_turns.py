"""The user's side: from turn events to items with their transcripts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from edgevoice.errors import EngineError
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import ContentPart, Message
from edgevoice.realtime.response import ErrorDetails
from edgevoice.relay.answers import usage
from edgevoice.relay.engines.engine import (
    HEARING_RATE_HZ,
    Engine,
    Guesser,
    Listener,
    Samples,
    Utterance,
)
from edgevoice.relay.state import SessionState
from edgevoice.relay.turns.hearing import Hearing
from edgevoice.relay.turns.turn_detector import TurnEvent, TurnPaused, TurnStarted, TurnStopped

MIN_COMMIT = HEARING_RATE_HZ * 98 // 1_000
"""OpenAI refuses to commit less than 100 ms, of which resampling holds one back."""

MAX_RECOGNISING = 8
"""Turns of one session that wait for their words. The engine is shared: 300 commits in
five seconds made everybody else wait for nine."""


JUDGED = 8 * HEARING_RATE_HZ
"""Of a turn, whoever judges a pause is given the end."""

Judge = Callable[[Samples], Awaitable[bool | None]]
"""Does what ends with these samples sound finished? None: unknown."""


@dataclass(slots=True)
class _Turn:
    """An utterance while it is spoken, then while it is recognised."""

    item_id: str
    start: int
    wake_name: str | None
    listener: Listener
    fed: int
    to_be_answered: bool = False
    """As the settings were when the turn ended; a half-duplex client changes them then."""
    words: list[str] = field(default_factory=list)
    """Settled so far; told to the client from the commit on."""
    committed: bool = False


@dataclass(frozen=True, slots=True)
class TurnCallbacks:
    speech: Callable[[], None]
    """The user began to speak."""
    guessed: Callable[[Utterance, str], None]
    """The user may have finished, having said this, and would be answered."""
    went_on: Callable[[], None]
    """No: the user goes on, or the turn is none."""
    stopped: Callable[[], None]
    """The user stopped; everything that belongs to the turn has been received."""
    heard: Callable[[str], None]
    """A turn that is to be answered, and its transcript, which may be empty."""
    nothing: Callable[[], None]
    """Nobody has spoken for as long as the client allows, which is to be answered."""
    failed: Callable[[EngineError], None]
    """A turn that was to be answered could not be recognised."""
    understood: Callable[[str], None] = lambda transcript: None
    """The transcript of any turn, before `heard`."""


def milliseconds(samples: int) -> int:
    return samples * 1000 // HEARING_RATE_HZ


class UserTurns:
    def __init__(
        self,
        state: SessionState,
        engine: Engine,
        hearing: Hearing,
        tell: TurnCallbacks,
        judge: Judge | None = None,
    ) -> None:
        self._state = state
        self._engine = engine
        self._hearing = hearing
        self._tell = tell
        self._judge = judge
        self._question: asyncio.Task[None] | None = None
        self._guessing: asyncio.Task[None] | None = None
        self._turn: _Turn | None = None
        self._recognising: set[asyncio.Task[None]] = set()
        self.last_utterance: Utterance | None = None
        self.count = 0

    @property
    def speaking(self) -> bool:
        return self._turn is not None

    @property
    def recognising(self) -> bool:
        return bool(self._recognising)

    def receive(self, events: Iterator[TurnEvent]) -> None:
        """New samples have arrived and mean this."""
        for event in events:
            self.take(event)
        if self._turn is not None:
            self._feed(self._turn, self._hearing.settled)

    def take(self, event: TurnEvent) -> None:
        match event, self._turn:
            case TurnStarted(start, wake_name), None:
                self._start(start, wake_name)
            case TurnStarted(start, wake_name), _Turn() as turn:
                self._begin_anew(turn, start, wake_name)
            case TurnPaused(end, asks), _Turn() as turn:
                self._feed(turn, end)
                turn.listener.pause()
                self._guess(turn, end)
                if asks:
                    self._ask(turn.start, end)
            case TurnStopped(end, decided_at), _Turn() as turn:
                self._stop(turn, end, decided_at)

    def commit(self) -> bool:
        """The client ends the turn; False when there is too little to commit."""
        turn, end = self._turn, self._hearing.end
        start = turn.start if turn else self._hearing.waiting[0]
        if end - start < MIN_COMMIT:
            return False
        if turn is None:
            turn = self._open(self._state.new_id("item"), start, None)
        self._hearing.take()
        self._drop_guess()
        self._commit(turn, end)
        return True

    def time_out(self, start: int) -> None:
        """Nobody has spoken since then: the silence is an item, and is to be answered.

        Nobody is asked what was said in it: some recognisers hear words in silence.
        """
        item_id, end = self._state.new_id("item"), self._hearing.end
        self._state.publish(
            says.InputAudioBufferTimeoutTriggered(
                item_id=item_id, audio_start_ms=milliseconds(start), audio_end_ms=milliseconds(end)
            )
        )
        self._hearing.committed(end)
        self._add_item(item_id)
        self._transcribed(item_id, "", end - start)
        if self._state.settings.type == "realtime":
            self._tell.nothing()

    def clear(self) -> None:
        """What was received so far is not wanted."""
        self._hearing.take()
        self.abandon()
        self._state.publish(says.InputAudioBufferCleared())

    def abandon(self) -> None:
        self._drop_question()
        self._drop_guess()
        if self._turn is not None:
            self._turn.listener.abandon()
            self._turn = None

    async def recognised(self) -> None:
        """Every committed turn has its transcript, or has failed."""
        if self._recognising:
            await asyncio.wait(self._recognising)

    def _ask(self, start: int, end: int) -> None:
        """Whether the pause at `end` sounds like the end of the turn."""
        self._drop_question()
        samples = self._hearing.read(max(start, end - JUDGED), end)
        self._question = self._state.spawn(self._await_verdict(end, samples))

    async def _await_verdict(self, end: int, samples: Samples) -> None:
        assert self._judge is not None, "hearing asks only where somebody can judge"
        finished = await self._judge(samples)
        self._question = None
        self.receive(self._hearing.judged(end, finished))

    def _guess(self, turn: _Turn, end: int) -> None:
        self._drop_guess()
        if isinstance(turn.listener, Guesser) and self._answers:
            self._guessing = self._state.spawn(self._await_guess(turn, turn.listener, end))

    async def _await_guess(self, turn: _Turn, listener: Guesser, end: int) -> None:
        words = await listener.guess()
        if words and self._turn is turn and turn.fed == end:
            samples = self._hearing.read(turn.start, end)
            self._tell.guessed(Utterance(turn.item_id, samples, turn.wake_name), words)

    def _drop_guess(self) -> None:
        if self._guessing is not None:
            self._guessing.cancel()
            self._guessing = None
            self._tell.went_on()

    def _drop_question(self) -> None:
        if self._question is not None:
            self._question.cancel()
            self._question = None

    def _start(self, start: int, wake_name: str | None) -> None:
        item_id = self._state.new_id("item")
        self._turn = self._open(item_id, start, wake_name)
        self._state.publish(
            says.InputAudioBufferSpeechStarted(item_id=item_id, audio_start_ms=milliseconds(start))
        )
        self._tell.speech()

    def _begin_anew(self, turn: _Turn, start: int, wake_name: str | None) -> None:
        self._drop_guess()
        turn.listener.abandon()
        self._turn = self._open(turn.item_id, start, wake_name)

    def _open(self, item_id: str, start: int, wake_name: str | None) -> _Turn:
        words: list[str] = []

        def settled(text: str) -> None:
            words.append(text)
            if turn.committed:
                self._delta(item_id, text)

        listener = self._engine.listen(wake_name, settled)
        turn = _Turn(item_id, start, wake_name, listener, start, words=words)
        return turn

    def _feed(self, turn: _Turn, until: int) -> None:
        if until > turn.fed:
            self._drop_guess()
            turn.listener.hear(self._hearing.read(turn.fed, until))
            turn.fed = until

    def _stop(self, turn: _Turn, end: int, decided_at: int) -> None:
        self._state.publish(
            says.InputAudioBufferSpeechStopped(
                item_id=turn.item_id, audio_end_ms=milliseconds(decided_at)
            )
        )
        self._tell.stopped()
        turn.to_be_answered = self._answers
        self._hearing.committed(end)
        self._commit(turn, end)

    def _commit(self, turn: _Turn, end: int) -> None:
        self._feed(turn, end)
        self._turn, self._guessing, turn.committed = None, None, True
        utterance = Utterance(turn.item_id, self._hearing.read(turn.start, end), turn.wake_name)
        self.last_utterance = utterance
        self.count += 1
        self._add_item(turn.item_id)
        self._delta(turn.item_id, "".join(turn.words))
        self._understand(turn, utterance)

    def understand(self, item_id: str, samples: Samples) -> None:
        """A message of the user's that came as a whole, to be written down."""
        turn = self._open(item_id, 0, None)
        turn.committed = True
        turn.listener.hear(samples)
        self.last_utterance = Utterance(item_id, samples)
        self._understand(turn, self.last_utterance)

    def _understand(self, turn: _Turn, utterance: Utterance) -> None:
        is_flood = len(self._recognising) >= MAX_RECOGNISING
        work = self._decline(turn) if is_flood else self._recognise(turn, utterance)
        task = self._state.spawn(work)
        self._recognising.add(task)
        task.add_done_callback(self._recognising.discard)

    def _add_item(self, item_id: str) -> None:
        previous = self._state.last_item_id
        item = Message(
            "user",
            # Not left out while nobody knows it: a client's schema for items wants the field.
            (ContentPart("input_audio", transcript=""),),
            id=item_id,
            object="realtime.item",
            status="completed",
        )
        self._state.publish(
            says.InputAudioBufferCommitted(item_id=item_id, previous_item_id=previous)
        )
        self._state.publish(says.ConversationItemAdded(item=item, previous_item_id=previous))
        self._state.publish(says.ConversationItemDone(item=item, previous_item_id=previous))

    async def _recognise(self, turn: _Turn, utterance: Utterance) -> None:
        try:
            transcript = await turn.listener.finish(utterance)
        except EngineError as error:
            self._fail(turn, error)
            return
        self._complete(turn, utterance, transcript)

    async def _decline(self, turn: _Turn) -> None:
        turn.listener.abandon()
        self._fail(turn, EngineError(f"{MAX_RECOGNISING} turns before it are not recognised yet"))

    def _complete(self, turn: _Turn, utterance: Utterance, transcript: str) -> None:
        told = "".join(turn.words)
        if transcript.startswith(told):
            self._delta(turn.item_id, transcript[len(told) :])
        self._transcribed(turn.item_id, transcript, len(utterance.samples))
        self._tell.understood(transcript)
        if turn.to_be_answered:
            self._tell.heard(transcript)

    def _transcribed(self, item_id: str, transcript: str, samples: int) -> None:
        event = says.ConversationItemInputAudioTranscriptionCompleted(
            item_id=item_id,
            content_index=0,
            transcript=transcript,
            usage=usage.of_speech(samples / HEARING_RATE_HZ),
        )
        self._state.publish(event, silent=not self._transcribes)

    def _fail(self, turn: _Turn, error: EngineError) -> None:
        details = ErrorDetails(type="server_error", code="engine_error", message=str(error))
        self._state.publish(
            says.ConversationItemInputAudioTranscriptionFailed(
                item_id=turn.item_id, content_index=0, error=details
            ),
            silent=not self._transcribes,
        )
        if turn.to_be_answered:
            self._tell.failed(error)

    def _delta(self, item_id: str, text: str) -> None:
        if text and self._transcribes:
            self._state.publish(
                says.ConversationItemInputAudioTranscriptionDelta(
                    item_id=item_id, content_index=0, delta=text
                )
            )

    @property
    def _answers(self) -> bool:
        """A turn that ends now is to be answered."""
        settings = self._state.settings
        detection = settings.audio.input.turn_detection
        may_answer = detection is not None and detection.create_response
        return may_answer and settings.type == "realtime"

    @property
    def _transcribes(self) -> bool:
        """The client asked for transcripts; the conversation has them in any case."""
        return self._state.settings.audio.input.transcription is not None
