"""One session with the engine `local`, alone on an idle machine: when does its answer sound?"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from itertools import count
from typing import Any

import numpy as np

from edgevoice.audio.departures import Departures
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.vad import SileroVad
from edgevoice.realtime import server_events as says
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.session import Audio, AudioInput, Session, TurnDetection
from edgevoice.relay.answers.voice import Voice
from edgevoice.relay.brain import Stage
from edgevoice.relay.carrying.outbox import Outbox
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.engines.engine import Engine, Part, Request
from edgevoice.relay.state import SessionState
from edgevoice.relay.turns.turn_judge import TurnJudge


class Thinking:
    """An engine that takes its time before the first word, as a chat server does."""

    def __init__(self, engine: Engine, thinks_s: float) -> None:
        self._engine = engine
        self._thinks_s = thinks_s
        self.name = engine.name
        self.listen = engine.listen
        self.start, self.close = engine.start, engine.close

    async def respond(self, request: Request) -> AsyncIterator[Part]:
        await asyncio.sleep(self._thinks_s)
        async for part in self._engine.respond(request):
            yield part


class FirstSound:
    """An output that notes when the first sound is handed to it."""

    on_first_packet: Callable[[], None]
    on_drained: Callable[[], None]
    sent_ms = 0

    def __init__(self) -> None:
        self.at: float | None = None

    def begin(self, at_ms: int = 0) -> None:
        pass

    def play(self, samples: Samples) -> None:
        if self.at is None and np.abs(samples.astype(np.int32)).max(initial=0) > 0:
            self.at = asyncio.get_running_loop().time()

    def end(self) -> None:
        pass

    def clear(self) -> int:
        return 0

    def departures(self) -> Departures:
        return Departures()


class Alone:
    """A session that is carried by nothing."""

    def __init__(
        self, engine: Engine, judge: TurnJudge, detection: TurnDetection, speculate: bool
    ) -> None:
        self.output = FirstSound()
        self.stopped_at: float | None = None
        self.used: list[bool] = []
        """Of the answers that were begun in advance."""
        self._tasks: list[asyncio.Task[None]] = []
        numbers = count()

        def new_id(prefix: str) -> str:
            return f"{prefix}_{next(numbers)}"

        settings = Session(audio=Audio(input=AudioInput(turn_detection=detection)))
        outbox = Outbox(lambda text: None, new_id)
        state = SessionState(settings, Conversation(), outbox, new_id, self._spawn, False)
        state.watch = self._see
        voice = Voice(self.output, lambda _: None, lambda _: None)
        stage = Stage(state, voice, None, lambda: None, lambda: None)
        self._brain = EngineBrain(
            engine,
            SileroVad(),
            stage,
            judge=judge.finished,
            speculate=speculate,
            on_foreseen=self.used.append,
        )

    async def hear(self, sound: Samples, end: int) -> tuple[float, float] | None:
        """Milliseconds from `end`, where the speech does, to the end of the turn and to the
        first sound of the answer; None: there is no answer."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for at in range(0, len(sound), FRAME_SAMPLES):
            arrives = began + (at + FRAME_SAMPLES) / CAPTURE_RATE_HZ
            await asyncio.sleep(arrives - loop.time())
            self._brain.receive(at, sound[at : at + FRAME_SAMPLES])
            if self.output.at is not None and at > end:
                break
        await self._leave()
        if self.output.at is None or self.stopped_at is None:
            return None
        ended = began + end / CAPTURE_RATE_HZ
        return 1000 * (self.stopped_at - ended), 1000 * (self.output.at - ended)

    async def _leave(self) -> None:
        self._brain.abandon()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self._tasks.append(asyncio.get_running_loop().create_task(work))
        return self._tasks[-1]

    def _see(self, event: says.ServerEvent) -> None:
        if isinstance(event, says.InputAudioBufferSpeechStopped):
            self.stopped_at = asyncio.get_running_loop().time()
