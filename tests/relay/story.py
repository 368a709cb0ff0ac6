"""A session with a fake call, a fake engine and a fake VAD, for telling stories.

The call keeps what it is told and sends answers at the speed of (virtual) sound.
The engine hears the words a test has put into its mouth. The VAD takes loud
frames for speech.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from edgevoice.audio.departures import Departures
from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.config import RelayConfig
from edgevoice.errors import EngineError
from edgevoice.realtime.wire import decode_server_event
from edgevoice.relay.brain import MakeBrain
from edgevoice.relay.carrying.line import Leg
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.engines.engine import Audio, Part, Request, Text, Utterance
from edgevoice.relay.session import CallTerms, Session
from edgevoice.relay.turns.turn_judge import without_judge
from tests import virtual_time
from tests.relay.order import check_order
from tests.virtual_time import elapse

UNCOUNTED = ("edgevoice.resumed", "edgevoice.pong")
DEVICE = CallTerms(session_s=3600.0, patch={}, extensions=True)


class LoudnessVad:
    def probability(self, frame: Samples) -> float:
        return 0.95 if np.abs(frame.astype(np.int32)).max() > 1000 else 0.02

    def reset(self) -> None:
        pass


class FakeOutput:
    """Begins 20 ms after the first sound, sends in real time, keeps what was played."""

    def __init__(self) -> None:
        self.on_first_packet: Callable[[], None] = lambda: None
        self.on_drained: Callable[[], None] = lambda: None
        self.log: list[str] = []
        self.played: list[Samples] = []
        self._played = 0
        self._from_ms = 0
        self._began_at: float | None = None
        self._sent_before = 0
        self._timers: list[asyncio.Handle] = []
        self._is_begun = False

    @property
    def sent_ms(self) -> int:
        if self._began_at is None:
            return self._sent_before
        elapsed = asyncio.get_running_loop().time() - self._began_at
        return self._from_ms + max(0, min(round(elapsed * 1000), self._played // 24))

    def begin(self, at_ms: int = 0) -> None:
        assert not self._timers, "the answer before has not ended"
        self.log.append("begin")
        self._is_begun = True
        self._from_ms, self.played = at_ms, []
        self._played, self._began_at, self._sent_before = 0, None, at_ms

    def play(self, samples: Samples) -> None:
        assert samples.dtype == np.int16
        assert self._is_begun, "begin() an answer before play()"
        loop = asyncio.get_running_loop()
        if self._began_at is None:
            self._began_at = loop.time() + 0.02
            self._timers = [loop.call_later(0.02, lambda: self.on_first_packet())]
        self._played += len(samples)
        self.played.append(samples)

    def end(self) -> None:
        self.log.append("end")
        loop = asyncio.get_running_loop()
        if self._began_at is None:
            self._timers.append(loop.call_soon(self._drain))
            return
        at = max(loop.time(), self._began_at + self._played / 24_000)
        self._timers.append(loop.call_at(at, self._drain))

    def clear(self) -> int:
        self.log.append("clear")
        self._stop()
        return self.sent_ms

    def departures(self) -> Departures:
        return Departures()

    def _drain(self) -> None:
        self._stop()
        self.on_drained()

    def _stop(self) -> None:
        self._sent_before = self.sent_ms
        for timer in self._timers:
            timer.cancel()
        self._timers, self._began_at, self._is_begun = [], None, False


@dataclass
class Counters:
    samples: int = 0
    packets: int = 0
    lost: int = 0
    concealed: int = 0


class FakeCall:
    def __init__(self) -> None:
        self.output = FakeOutput()
        self.received = Counters()
        self.lost = False
        self.sent: list[dict[str, Any]] = []
        self.on_sent: Callable[[str], object] = lambda text: None
        self._closed = asyncio.Event()

    def send(self, text: str) -> None:
        assert not self._closed.is_set()
        decode_server_event(text)
        self.sent.append(json.loads(text))
        self.on_sent(text)

    async def run(self) -> None:
        await self._closed.wait()

    async def close(self) -> None:
        self.output._stop()
        self._closed.set()


@dataclass
class FakeListener:
    engine: "FakeEngine"
    wake_name: str | None
    on_partial: Callable[[str], None]
    heard: list[Samples] = field(default_factory=list)
    pauses: list[int] = field(default_factory=list)
    abandoned: bool = False

    def hear(self, samples: Samples) -> None:
        self.heard.append(samples)

    def pause(self) -> None:
        self.pauses.append(len(self.samples))

    async def finish(self, utterance: Utterance) -> str:
        assert np.array_equal(self.samples, utterance.samples), "heard is not what was said"
        assert utterance.wake_name == self.wake_name
        self.engine.utterances.append(utterance)
        await elapse(self.engine.recognition_s)
        words = self.engine.words.pop(0)
        if isinstance(words, EngineError):
            raise words
        return words

    def abandon(self) -> None:
        self.abandoned = True

    @property
    def samples(self) -> Samples:
        return np.concatenate(self.heard) if self.heard else np.zeros(0, np.int16)


def tone(ms: int) -> Samples:
    return np.full(ms * 24, 5000, np.int16)


def user_text(text: str) -> dict[str, Any]:
    """A written message, as `conversation.item.create` takes it."""
    return {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": text}],
    }


def spoken(*sentences: str, ms: int = 1000) -> list[Part | float]:
    """An answer of so many sentences of so many milliseconds."""
    return [part for sentence in sentences for part in (Text(sentence), Audio(tone(ms)))]


class FakeEngine:
    name = "fake"

    def __init__(self) -> None:
        self.words: list[str | EngineError] = []
        self.answers: list[list[Part | float | EngineError]] = []
        """Parts, pauses in seconds, and failures."""
        self.listeners: list[FakeListener] = []
        self.utterances: list[Utterance] = []
        self.requests: list[Request] = []
        self.closed_early = 0
        self.recognition_s = 0.1

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> FakeListener:
        listener = FakeListener(self, wake_name, on_partial)
        self.listeners.append(listener)
        return listener

    async def respond(self, request: Request) -> AsyncIterator[Part]:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else spoken("Yes.")
        finished = False
        try:
            for part in answer:
                if isinstance(part, float):
                    await elapse(part)
                elif isinstance(part, EngineError):
                    raise part
                else:
                    yield part
            finished = True
        finally:
            self.closed_early += not finished


class Story:
    """What a test does and sees. Every transport's story goes through `call`, the one in use."""

    def __init__(
        self, config: RelayConfig, terms: CallTerms, numbers: Iterator[int] | None = None
    ) -> None:
        """`numbers`: for ids, where they must not be those of other sessions."""
        self.engine = FakeEngine()
        self.call = FakeCall()
        self.held: list[str] = []
        self.resumed: list[float] = []
        numbers = numbers or count(1)
        self.session = Session(
            without_judge(config),
            self.brains(),
            terms,
            lambda _session: self.call,
            lambda prefix: f"{prefix}_{next(numbers)}",
        )
        self.session.on_held = self.held.append
        self.session.on_resumed = self.resumed.append
        self.position = 0
        self._mark = 0
        self._received_before = 0

    def brains(self) -> Sequence[MakeBrain]:
        """Of the session, the first one first."""
        return [partial(EngineBrain, self.engine, LoudnessVad())]

    # What the client does.

    def send(self, kind: str, **fields: Any) -> None:
        self.session.on_message(json.dumps({"type": kind, **fields}))

    def sound(self, ms: int, loud: bool) -> None:
        """Arrives at once, in blocks that are no multiple of a frame."""
        left = ms * 16
        while left:
            size = min(left, 777)
            block = np.full(size, 8000 if loud else 0, np.int16)
            self.session.on_audio(self.position, block)
            self.position, left = self.position + size, left - size

    def say(self, words: str | EngineError, ms: int = 1000) -> None:
        """A whole turn, recognised as these words."""
        self.engine.words.append(words)
        self.sound(ms, loud=True)
        self.sound(600, loud=False)

    async def speak(self, ms: int) -> None:
        """Loud sound in real time."""
        for _ in range(ms // 20):
            self.sound(20, loud=True)
            await elapse(0.02)

    # What becomes of the transport.

    async def lose(self) -> None:
        """The way breaks, and the relay has noticed."""
        self.call.lost = True
        await self.call.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def offer(self) -> tuple[Leg, FakeCall]:
        """A new transport, whose channel opens at once."""
        call = FakeCall()
        leg = self.session.new_leg(lambda _leg: call)
        assert self.session.admit(leg)
        leg.on_open()
        return leg, call

    def resume(self, response_id: str = "", heard_ms: int = 0, events: int | None = None) -> None:
        """Come back on a new transport, having received so many events, or all of them."""
        leg, call = self.offer()
        events = self.received if events is None else events
        self.call, self._mark, self._received_before = call, 0, events
        self.say_on(leg, events=events, response_id=response_id, heard_ms=heard_ms)

    @property
    def received(self) -> int:
        """Events that both sides count, on all transports."""
        here = sum(event["type"] not in UNCOUNTED for event in self.call.sent)
        return self._received_before + here

    def say_on(self, leg: Leg, kind: str = "edgevoice.resume", **fields: Any) -> None:
        leg.on_message(json.dumps({"type": kind, **fields}))

    # What the client sees.

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events since the last look."""
        seen, self._mark = self.call.sent[self._mark :], len(self.call.sent)
        return seen

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.call.sent if event["type"] == kind]

    def last(self, kind: str) -> dict[str, Any]:
        return self.all(kind)[-1]

    def items(self) -> list[tuple[str, str]]:
        """The conversation as the engine would get it: who, words."""
        found = self.session._state.conversation.heard_items()
        return [
            (item.role, "".join(part.words for part in item.content))  # type: ignore[attr-defined]
            for item in found
            if item.type == "message"
        ]


Tale = Callable[[Story], Coroutine[Any, Any, None]]


def tell(
    tale: Tale,
    *,
    config: RelayConfig | None = None,
    terms: CallTerms | None = None,
    open_channel: bool = True,
    make: type[Story] = Story,
) -> Story:
    """Run the tale in virtual time beside a live session; afterwards the session is over."""

    async def run() -> Story:
        story = make(config or RelayConfig(), terms or CallTerms(session_s=3600.0, patch={}))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(story.session.run())
            await asyncio.sleep(0)
            if open_channel:
                story.session.on_open()
            await tale(story)
            story.session.hang_up("the end")
            story.reason = await running  # type: ignore[attr-defined]
        if not story.session.extensions:
            check_order(story.call.sent)
        return story

    return virtual_time.run(run())


FRAME_MS = FRAME_SAMPLES // 16
