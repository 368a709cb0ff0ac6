"""A session whose brain cannot go on goes on with the next one."""

import asyncio
from collections.abc import Sequence
from functools import partial

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.config import RelayConfig
from edgevoice.realtime.client_events import ClientEvent
from edgevoice.relay.brain import BrainLost, MakeBrain, Stage, Unanswered
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.session import CallTerms
from tests.relay.story import LoudnessVad, Story, tell
from tests.virtual_time import elapse


class FailingBrain:
    """Keeps all sound, answers nothing, and ends when it is told to."""

    engine = "openai"

    def __init__(self, stage: Stage) -> None:
        self.turns, self.responses = 2, 1
        self.busy = self.speaking = False
        self.fails = asyncio.Event()
        self.is_owed = False
        self.events: list[ClientEvent] = []
        self._heard: list[Samples] = []

    @property
    def position(self) -> int:
        return sum(map(len, self._heard))

    def follow(self, before: Unanswered) -> None:
        raise AssertionError("it is the first one")

    async def run(self) -> None:
        await self.fails.wait()
        raise BrainLost("the upstream is gone")

    def receive(self, first: int, samples: Samples) -> None:
        self._heard.append(samples)

    def obey(self, event: ClientEvent) -> None:
        self.events.append(event)

    def moved(self) -> None:
        pass

    def abandon(self) -> Unanswered:
        kept = np.concatenate([*self._heard, np.zeros(0, np.int16)])[-32_000:]
        return Unanswered(self.position - len(kept), kept, self.is_owed)


class Hospital(Story):
    """The first brain fails; the second one is the relay's own."""

    def brains(self) -> Sequence[MakeBrain]:
        self.failing: list[FailingBrain] = []

        def first(stage: Stage) -> FailingBrain:
            self.failing.append(FailingBrain(stage))
            return self.failing[0]

        return first, partial(EngineBrain, self.engine, LoudnessVad())

    async def fail(self, *, owed: bool = False) -> None:
        self.failing[0].is_owed = owed
        self.failing[0].fails.set()
        await elapse(0.05)


def test_what_was_being_said_is_heard_by_the_next_brain_from_its_beginning():
    async def tale(story: Story) -> None:
        assert isinstance(story, Hospital)
        story.sound(20_000, loud=False)
        story.sound(800, loud=True)
        await story.fail()
        story.engine.words.append("what time is it")
        story.sound(200, loud=True)
        story.sound(600, loud=False)
        await elapse(2.0)

    story = tell(tale, make=Hospital)
    (utterance,) = story.engine.utterances
    loud = np.flatnonzero(np.abs(utterance.samples) > 1000)
    assert len(loud) == 1000 * 16
    assert story.items() == [("user", "what time is it"), ("assistant", "Yes.")]
    assert (story.session.turns, story.session.responses) == (2 + 1, 1 + 1)


def test_a_question_that_was_not_answered_is_answered_by_the_next_brain():
    async def tale(story: Story) -> None:
        assert isinstance(story, Hospital)
        story.sound(3_000, loud=False)
        await story.fail(owed=True)
        await elapse(2.0)

    assert len(tell(tale, make=Hospital).engine.requests) == 1


def test_where_the_stream_was_is_known_to_the_next_brain():
    async def tale(story: Story) -> None:
        assert isinstance(story, Hospital)
        story.sound(20_000, loud=False)
        await story.fail()
        assert story.session._brain.position == 20_000 * 16

    tell(tale, make=Hospital)


class Hopeless(Hospital):
    def brains(self) -> Sequence[MakeBrain]:
        return super().brains()[:1]


def test_without_a_next_brain_the_client_is_told_why_it_is_hung_up():
    async def tale(story: Story) -> None:
        assert isinstance(story, Hospital)
        await story.fail()
        assert story.last("error")["error"]["code"] == "server_error"
        assert "the upstream is gone" in story.last("error")["error"]["message"]

    story = tell(tale, make=Hopeless, terms=CallTerms(60.0, {}), config=RelayConfig())
    assert story.reason == "the upstream is gone"  # type: ignore[attr-defined]
