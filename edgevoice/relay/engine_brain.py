"""A brain of this relay's own: hears, finds turns, and lets an engine answer them.

Wiring: what a turn is lives in `turn_detector.py`, the user's side in `user_turns.py`, the
assistant's in `responses.py`, the client's wishes in `client_commands.py`.
"""

import asyncio
from collections.abc import Callable

from edgevoice.audio.frames import Samples
from edgevoice.audio.vad import Vad
from edgevoice.config import DetectionConfig
from edgevoice.realtime.client_events import ClientEvent
from edgevoice.relay.answers.responses import Responses
from edgevoice.relay.answers.speculation import Speculation
from edgevoice.relay.brain import Stage, Unanswered
from edgevoice.relay.client_commands import ClientCommands
from edgevoice.relay.engines.engine import Engine, Utterance
from edgevoice.relay.tool_use.toolbox import Toolbox
from edgevoice.relay.turns.detection import idle_timeout, owners_silence, turn_rules
from edgevoice.relay.turns.hearing import Hearing
from edgevoice.relay.turns.idle_timeout import IdleTimeout
from edgevoice.relay.turns.missing_sound import MissingSound
from edgevoice.relay.turns.user_turns import Judge, TurnCallbacks, UserTurns

LOOK_S = 0.5
"""For sound that does not come any more."""


class EngineBrain:
    """A Brain; see brain.py for the contract."""

    def __init__(
        self,
        engine: Engine,
        vad: Vad,
        stage: Stage,
        *,
        detection: DetectionConfig | None = None,
        judge: Judge | None = None,
        speculate: bool = False,
        on_foreseen: Callable[[bool], None] = lambda used: None,
        box: Toolbox | None = None,
    ) -> None:
        """`detection`: what the owner takes for speech where the client cannot say.

        `judge`: can tell whether a turn sounds finished; None: silence decides.

        `speculate`: answers are begun when the user may have finished; `on_foreseen`: whether one
        of them is used. `box`: the relay's tools for this caller.
        """
        state = stage.state
        self.engine = engine.name
        self._stage = stage
        rules = turn_rules(state.settings.audio.input.turn_detection)
        owner = turn_rules(owners_silence(detection or DetectionConfig()))
        self._hearing = Hearing(vad, rules, stage.wake, judge is not None, owner)
        self._turns = UserTurns(state, engine, self._hearing, self._callbacks(), judge)
        self._speculates = speculate
        self._speculation = Speculation(engine, state.spawn, on_foreseen)
        self._responses = Responses(
            state, self._speculation, self._turns, stage.voice, stage.report, engine, box
        )
        self._idle = IdleTimeout()
        self._missing = MissingSound(_now())
        self._commands = ClientCommands(state, self._hearing, self._turns, self._responses, box)

    @property
    def turns(self) -> int:
        return self._turns.count

    @property
    def responses(self) -> int:
        return self._responses.count

    @property
    def busy(self) -> bool:
        return self._responses.busy

    @property
    def speaking(self) -> bool:
        return self._turns.speaking

    @property
    def position(self) -> int:
        return self._hearing.position

    def follow(self, before: Unanswered) -> None:
        self._turns.receive(self._hearing.receive(before.first, before.samples))
        if before.is_owed:
            self._responses.owe()

    async def run(self) -> None:
        """The engine is there for all sessions, and outlives them."""
        while not self._stage.state.extensions:
            await asyncio.sleep(LOOK_S)
            if self._turns.speaking and self._commands.media_flows:
                self._mind_the_gap()

    def receive(self, first: int, samples: Samples) -> None:
        self._commands.media_flows = True
        self._missing.came(_now())
        self._turns.receive(self._hearing.receive(first, samples))
        self._mind_silence()

    def obey(self, event: ClientEvent) -> None:
        self._commands.obey(event)
        self._mind_silence()  # sound may come in events, too

    def moved(self) -> None:
        self._commands.media_flows = False

    def abandon(self) -> Unanswered:
        self._turns.abandon()
        self._speculation.forget()
        return Unanswered()

    def _callbacks(self) -> TurnCallbacks:
        return TurnCallbacks(
            speech=self._user_speaks,
            guessed=self._foresee,
            went_on=lambda: self._speculation.forget(),
            stopped=self._stage.report,
            heard=lambda transcript: self._responses.answer(transcript),
            nothing=lambda: self._responses.prompt(),
            failed=lambda error: self._responses.fail(error),
            understood=lambda transcript: self._responses.heard(transcript),
        )

    def _user_speaks(self) -> None:
        self._stage.active()
        self._responses.interrupt()

    def _mind_silence(self) -> None:
        speaking = self._turns.speaking or self._turns.recognising
        position = self._hearing.end
        answering = self._responses.busy or self._stage.voice.is_heard
        self._idle.hear(position, answering=answering, speaking=speaking)
        limit = idle_timeout(self._stage.state.settings.audio.input.turn_detection)
        start = self._idle.silence(position, limit)
        if start is not None:
            self._turns.time_out(start)

    def _mind_the_gap(self) -> None:
        rules = turn_rules(self._stage.state.settings.audio.input.turn_detection)
        missing = self._missing.silence(_now(), rules.silence) if rules else 0
        if missing:
            self._turns.receive(self._hearing.miss(missing))

    def _foresee(self, utterance: Utterance, transcript: str) -> None:
        request = self._responses.foreseen(utterance, transcript) if self._speculates else None
        if request is not None:
            self._speculation.begin(request)


def _now() -> float:
    return asyncio.get_running_loop().time()
