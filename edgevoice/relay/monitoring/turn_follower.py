"""Tells the turns of one session from the events that its client is sent. Pure.

So it does not matter which brain is behind the session: ours, or a server's. A turn is what
the user said and the response to it; a response that nobody spoke for is a turn as well.
"""

from collections.abc import Iterator

from edgevoice.realtime import server_events as says
from edgevoice.realtime.response import Response
from edgevoice.relay.monitoring.waterfall import Stage, TurnReport, Waterfall

MAX_OPEN = 8
"""Responses that are not over. Out-of-band ones come in bunches; the oldest is closed."""


class TurnFollower:
    def __init__(self) -> None:
        self._turns = 0
        self._said: Waterfall | None = None
        """A turn that has no response yet."""
        self._open: dict[str, Waterfall] = {}
        """By the id of the response."""
        self._outcomes: dict[str, str] = {}
        """Of responses that are done, and may still be heard."""
        self._played: set[str] = set()
        """Responses whose sound goes out at its own speed, after it was made."""

    def follow(self, event: says.ServerEvent, now: float) -> Iterator[TurnReport]:
        """The client is told this now; the turns that end by it."""
        match event:
            case says.InputAudioBufferSpeechStopped():
                yield from self._give_up()
                self._said = self._begin(spoken=True, stage=Stage.SPEECH_STOPPED, now=now)
            case says.ConversationItemInputAudioTranscriptionCompleted():
                self._mark_said(Stage.TRANSCRIPT_READY, now)
            case says.ResponseCreated(response=response):
                yield from self._created(response, now)
            case says.ResponseOutputAudioDelta(response_id=response_id):
                self.sound_made(response_id, now)
                self._mark(response_id, Stage.FIRST_PACKET_SENT, now)
            case says.OutputAudioBufferStarted(response_id=response_id):
                self.will_play(response_id)
                self._mark(response_id, Stage.FIRST_PACKET_SENT, now)
            case says.ResponseDone(response=response):
                yield from self._done(response, now)
            case says.OutputAudioBufferStopped(response_id=response_id):
                yield from self._ended(response_id, now)
            case says.OutputAudioBufferCleared(response_id=response_id):
                self._outcomes[response_id] = "interrupted"
                yield from self._ended(response_id, now)

    def sound_made(self, response_id: str, now: float) -> None:
        """The engine has made the first sound of the response."""
        self._mark(response_id, Stage.FIRST_AUDIO_MADE, now)

    def will_play(self, response_id: str) -> None:
        """Its sound goes out at its own speed: the turn is over when that has ended."""
        if response_id in self._open:
            self._played.add(response_id)

    def close(self) -> Iterator[TurnReport]:
        """The session is over, and with it everything that was going on."""
        yield from self._give_up()
        for response_id in list(self._open):
            yield self._close(response_id, "cut off")

    def _begin(self, *, spoken: bool, stage: Stage, now: float) -> Waterfall:
        self._turns += 1
        turn = Waterfall(self._turns, spoken)
        turn.mark(stage, now)
        return turn

    def _created(self, response: Response, now: float) -> Iterator[TurnReport]:
        if response.id in self._open:
            yield self._close(response.id, "cut off")
        while len(self._open) >= MAX_OPEN:
            yield self._close(next(iter(self._open)), "cut off")
        turn, self._said = self._said, None
        if turn is None:
            turn = self._begin(spoken=False, stage=Stage.RESPONSE_CREATED, now=now)
        turn.mark(Stage.RESPONSE_CREATED, now)
        self._open[response.id] = turn

    def _done(self, response: Response, now: float) -> Iterator[TurnReport]:
        self._mark(response.id, Stage.RESPONSE_DONE, now)
        if response.id not in self._open:
            return
        self._outcomes.setdefault(response.id, response.status or "completed")
        if response.id not in self._played:
            yield self._close(response.id)

    def _ended(self, response_id: str, now: float) -> Iterator[TurnReport]:
        """A response that is silenced before it is done is over when it is done."""
        self._mark(response_id, Stage.ANSWER_ENDED, now)
        turn = self._open.get(response_id)
        self._played.discard(response_id)
        if turn is not None and turn.has(Stage.RESPONSE_DONE):
            yield self._close(response_id)
        elif turn is None:
            self._outcomes.pop(response_id, None)

    def _give_up(self) -> Iterator[TurnReport]:
        if self._said is not None:
            turn, self._said = self._said, None
            yield turn.report("unanswered")

    def _close(self, response_id: str, outcome: str = "") -> TurnReport:
        turn = self._open.pop(response_id)
        self._played.discard(response_id)
        known = self._outcomes.pop(response_id, "")
        return turn.report(outcome or known)

    def _mark_said(self, stage: Stage, now: float) -> None:
        """The transcript of the newest turn; it may come when the response is made already."""
        spoken = [turn for turn in self._open.values() if turn.spoken]
        turn = self._said or (spoken[-1] if spoken else None)
        if turn is not None:
            turn.mark(stage, now)

    def _mark(self, response_id: str, stage: Stage, now: float) -> None:
        if response_id in self._open:
            self._open[response_id].mark(stage, now)
