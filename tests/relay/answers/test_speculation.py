"""Answers begun in advance: used when the question was the one, and never heard of otherwise."""

from asyncio import TaskGroup
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest

from edgevoice.errors import EngineError
from edgevoice.relay.answers.speculation import MAX_AHEAD, Speculation
from edgevoice.relay.brain import MakeBrain
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.engines.engine import Audio, FunctionCall, Part, Request, Text, Utterance
from tests.relay.engines.parts import request
from tests.relay.story import FakeEngine, FakeListener, LoudnessVad, Story, spoken, tell, tone
from tests.virtual_time import elapse


@dataclass
class GuessingListener(FakeListener):
    async def guess(self) -> str:
        await elapse(self.engine.recognition_s)
        assert isinstance(self.engine, GuessingEngine)
        return self.engine.guesses.pop(0) if self.engine.guesses else ""


class GuessingEngine(FakeEngine):
    def __init__(self) -> None:
        super().__init__()
        self.guesses: list[str] = []

    def listen(self, wake_name, on_partial) -> GuessingListener:
        listener = GuessingListener(self, wake_name, on_partial)
        self.listeners.append(listener)
        return listener

    def respond(self, request: Request) -> AsyncIterator[Part]:
        if not self.answers:
            self.answers.append([0.5, *spoken("Yes.")])
        return super().respond(request)


class SpeculativeStory(Story):
    engine: GuessingEngine

    def brains(self) -> Sequence[MakeBrain]:
        self.engine = GuessingEngine()
        self.used: list[bool] = []
        """Of the answers that were begun, one after the other."""
        brain = partial(
            EngineBrain,
            self.engine,
            LoudnessVad(),
            speculate=True,
            on_foreseen=self.used.append,
        )
        return [brain]

    async def hear(self, ms: int, loud: bool) -> None:
        """In real time."""
        for _ in range(ms // 20):
            self.sound(20, loud)
            await elapse(0.02)


def speculative(tale) -> SpeculativeStory:
    story = tell(tale, make=SpeculativeStory)
    assert isinstance(story, SpeculativeStory)
    return story


def test_an_answer_is_there_when_the_turn_is_over():
    """It takes 0.1 s to recognise and 0.5 s to think; 0.3 s of it pass in the silence."""

    async def tale(story: SpeculativeStory) -> None:
        story.engine.guesses = ["what time is it"]
        story.engine.words = ["what time is it"]
        await story.hear(1000, loud=True)
        await story.hear(480, loud=False)
        before = list(story.call.sent)
        assert not any("response" in event["type"] for event in before)
        assert story.items() == []
        await story.hear(420, loud=False)
        assert story.all("output_audio_buffer.started")
        assert story.used == [True]
        await elapse(2.0)

    story = speculative(tale)
    assert len(story.engine.requests) == 1
    assert story.items() == [("user", "what time is it"), ("assistant", "Yes.")]


def test_whoever_goes_on_is_not_answered_before_the_end():
    async def tale(story: SpeculativeStory) -> None:
        story.engine.guesses = ["set a timer", "set a timer for ten minutes"]
        story.engine.words = ["set a timer for ten minutes"]
        await story.hear(1000, loud=True)
        await story.hear(400, loud=False)
        await story.hear(200, loud=True)
        assert story.used == [False]
        assert story.engine.closed_early == 1, "the engine is stopped when the user goes on"
        await story.hear(2000, loud=False)

    story = speculative(tale)
    asked = [request.items[-1].content[0].transcript for request in story.engine.requests]
    assert asked == ["set a timer", "set a timer for ten minutes"]
    assert len(story.all("response.created")) == 1


def test_an_answer_to_other_words_is_thrown_away():
    async def tale(story: SpeculativeStory) -> None:
        story.engine.guesses = ["set a time"]
        story.engine.words = ["set a timer"]
        story.engine.answers = [spoken("What time?"), spoken("How long?")]
        await story.hear(1000, loud=True)
        await story.hear(3000, loud=False)
        assert story.used == [False]

    story = speculative(tale)
    assert story.items() == [("user", "set a timer"), ("assistant", "How long?")]


def test_settings_that_changed_meanwhile_make_another_question_of_it():
    async def tale(story: SpeculativeStory) -> None:
        story.engine.guesses = ["hello"]
        story.engine.words = ["hello"]
        await story.hear(1000, loud=True)
        await story.hear(400, loud=False)
        story.send("session.update", session={"type": "realtime", "instructions": "Be brief."})
        await story.hear(1000, loud=False)

    story = speculative(tale)
    assert [request.instructions for request in story.engine.requests] == ["", "Be brief."]


@pytest.mark.parametrize("ended_by", ["input_audio_buffer.clear", "input_audio_buffer.commit"])
def test_a_turn_that_is_dropped_or_taken_by_the_client_forgets_its_answer(ended_by):
    async def tale(story: SpeculativeStory) -> None:
        story.engine.guesses = ["hello"]
        story.engine.words = ["hello"]
        await story.hear(1000, loud=True)
        await story.hear(400, loud=False)
        story.send(ended_by)
        await elapse(0.01)
        assert story.engine.closed_early == 1

    assert speculative(tale).all("response.created") == []


def test_turns_that_are_not_to_be_answered_are_not_answered_in_advance():
    async def tale(story: SpeculativeStory) -> None:
        detection = {"type": "server_vad", "create_response": False}
        audio = {"input": {"turn_detection": detection}}
        story.send("session.update", session={"type": "realtime", "audio": audio})
        story.engine.guesses = ["hello"]
        story.engine.words = ["hello"]
        await story.hear(1000, loud=True)
        await story.hear(1000, loud=False)

    assert speculative(tale).engine.requests == []


def test_a_session_that_ends_leaves_no_answer_behind():
    async def tale(story: SpeculativeStory) -> None:
        story.engine.guesses = ["hello"]
        await story.hear(1000, loud=True)
        await story.hear(400, loud=False)

    assert speculative(tale).engine.closed_early == 1


class Pulled:
    """Says how many of its parts were asked for."""

    def __init__(self, *parts: Part | EngineError) -> None:
        self.parts = parts
        self.pulled = 0
        self.closed = False

    async def respond(self, request: Request) -> AsyncIterator[Part]:
        try:
            for part in self.parts:
                self.pulled += 1
                if isinstance(part, EngineError):
                    raise part
                yield part
        finally:
            self.closed = True


ASKED = request("what time is it", utterance=Utterance("item_1", np.ones(320, np.int16)))


async def begun(engine: Pulled, group, used: list[bool] | None = None) -> Speculation:
    tell = [].append if used is None else used.append
    speculation = Speculation(engine, group.create_task, tell)
    speculation.begin(ASKED)
    await elapse(1.0)
    return speculation


async def test_a_tool_is_not_called_in_advance():
    engine = Pulled(Text("I will."), FunctionCall("lamp", "{}"), Text("Done."))
    async with TaskGroup() as group:
        speculation = await begun(engine, group)
        assert engine.pulled == 2, "what comes after a call may be its effect"
        parts = [part async for part in speculation.respond(ASKED)]
    assert parts == list(engine.parts)
    assert engine.closed


async def test_a_long_answer_waits_when_there_is_enough_of_it():
    second = Audio(tone(1000))
    engine = Pulled(*[second] * 30)
    async with TaskGroup() as group:
        speculation = await begun(engine, group)
        assert engine.pulled * 24_000 <= MAX_AHEAD + 2 * 24_000
        assert len([part async for part in speculation.respond(ASKED)]) == 30


async def test_a_failure_is_told_to_whoever_asks():
    engine = Pulled(Text("Well"), EngineError("no more"))
    async with TaskGroup() as group:
        speculation = await begun(engine, group)
        with pytest.raises(EngineError, match="no more"):
            [part async for part in speculation.respond(ASKED)]


async def test_whoever_stops_listening_stops_the_engine():
    engine = Pulled(Text("One."), FunctionCall("lamp", "{}"))
    async with TaskGroup() as group:
        speculation = await begun(engine, group)
        parts = speculation.respond(ASKED)
        await anext(parts)
        await parts.aclose()  # type: ignore[attr-defined]
        await elapse(0.01)
        assert engine.closed


@pytest.mark.parametrize(
    "change",
    [
        {"items": request("what date is it").items},
        {"instructions": "Be brief."},
        {"tools": [{"name": "lamp"}]},
        {"tool_choice": "none"},
        {"speak": False},
        {"utterance": None},
        {"utterance": Utterance("item_1", np.zeros(320, np.int16))},
        {"utterance": Utterance("item_2", np.ones(320, np.int16))},
    ],
)
async def test_only_the_same_question_gets_the_answer(change):
    engine = Pulled(Text("It's ten."))
    async with TaskGroup() as group:
        speculation = await begun(engine, group, used := [])
        await anext(speculation.respond(replace(ASKED, **change)))
        assert (engine.pulled, used) == (2, [False])
