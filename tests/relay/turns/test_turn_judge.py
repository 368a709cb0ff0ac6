"""Who is asked whether a turn is over: what it makes of a session, and when it cannot say."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from edgevoice.config import RelayConfig
from edgevoice.realtime.session import ServerVad
from edgevoice.relay.brain import MakeBrain
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.turns.detection import default_detection
from edgevoice.relay.turns.turn_judge import PATIENCE_S, TurnJudge, without_judge
from tests.recordings import scene, speech
from tests.relay.story import LoudnessVad, Story, tell
from tests.virtual_time import elapse

SEMANTIC = {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}


class JudgedStory(Story):
    """A judge that takes its time, and thinks in turn what it is told to."""

    def brains(self) -> Sequence[MakeBrain]:
        self.verdicts: list[bool | None] = []
        self.asked: list[int] = []
        self.takes_s = 0.1
        return [partial(EngineBrain, self.engine, LoudnessVad(), judge=self._judge)]

    async def _judge(self, samples: np.ndarray) -> bool | None:
        self.asked.append(len(samples))
        await elapse(self.takes_s)
        return self.verdicts.pop(0)

    async def hear(self, ms: int, loud: bool) -> None:
        """In real time."""
        for _ in range(ms // 20):
            self.sound(20, loud)
            await elapse(0.02)

    @property
    def stops(self) -> list[int]:
        return [e["audio_end_ms"] for e in self.all("input_audio_buffer.speech_stopped")]


def judged(tale) -> JudgedStory:
    async def begin(story: Story) -> None:
        assert isinstance(story, JudgedStory)
        story.engine.words = ["a", "b", "c"]
        story.send("session.update", session=SEMANTIC)
        await tale(story)

    story = tell(begin, make=JudgedStory)
    assert isinstance(story, JudgedStory)
    return story


def test_a_turn_that_sounds_finished_ends_at_once_and_is_answered():
    async def tale(story: JudgedStory) -> None:
        story.verdicts = [True]
        await story.hear(1000, loud=True)
        await story.hear(400, loud=False)
        await elapse(0.2)

    story = judged(tale)
    assert story.stops == [1300]
    assert story.asked == [1200 * 16]
    assert story.all("response.created")


def test_a_burst_gives_the_same_turns_as_real_time():
    async def burst(story: JudgedStory) -> None:
        story.verdicts = [False, True, True]
        story.takes_s = 0.3
        for ms in (1000, 600, 800):
            story.sound(ms, loud=True)
            story.sound(400, loud=False)
        await elapse(2.0)

    assert judged(burst).stops == [1400 + 600 + 300, 2400 + 800 + 300]


def test_somebody_who_thinks_is_waited_for_as_long_as_eagerness_says():
    async def tale(story: JudgedStory) -> None:
        story.verdicts = [False]
        await story.hear(1000, loud=True)
        await story.hear(5000, loud=False)

    assert judged(tale).stops == [1000 + 4000]


def test_of_a_long_turn_the_judge_hears_the_end():
    async def tale(story: JudgedStory) -> None:
        story.verdicts = [True]
        await story.hear(20_000, loud=True)
        await story.hear(400, loud=False)

    assert judged(tale).asked == [8 * 16_000]


def test_a_verdict_that_comes_after_the_session_was_cleared_ends_nothing():
    async def tale(story: JudgedStory) -> None:
        story.verdicts = [True]
        await story.hear(1000, loud=True)
        await story.hear(220, loud=False)
        story.send("input_audio_buffer.clear")
        await elapse(1.0)
        await story.hear(400, loud=False)

    assert judged(tale).stops == []


def test_without_the_model_turns_end_by_silence_and_the_log_says_what_to_install(tmp_path, caplog):
    async def ask() -> bool | None:
        judge = TurnJudge(tmp_path)
        await judge.start()
        assert not judge.can_judge
        return await judge.finished(np.zeros(320, np.int16))

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(ask()) is None
    assert "semantic_vad waits for silence" in caplog.text
    assert "smart-turn-v3.2-cpu.onnx not found" in caplog.text
    assert default_detection(without_judge(RelayConfig()).detection) == ServerVad()


class Network:
    def finished(self, samples: np.ndarray) -> float:
        return 0.7


class PromptJudge(TurnJudge):
    """Its network is always there."""

    def _load(self) -> Network:  # type: ignore[override]
        return Network()


class Overloaded:
    """Workers that never get to it."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[float]] = []

    def run(self, *_work: object) -> asyncio.Future[float]:
        self.asked.append(asyncio.get_running_loop().create_future())
        return self.asked[-1]


async def test_a_verdict_that_comes_too_late_is_not_waited_for():
    judge = PromptJudge()
    await judge.start()
    assert await judge.finished(np.zeros(320, np.int16)) is True
    judge._workers = busy = Overloaded()  # type: ignore[assignment]
    began = asyncio.get_running_loop().time()
    assert await judge.finished(np.zeros(320, np.int16)) is None
    assert asyncio.get_running_loop().time() - began == pytest.approx(PATIENCE_S)
    assert busy.asked[0].cancelled()


async def test_a_slow_machine_waits_for_silence(caplog):
    judge = PromptJudge(slow_s=-1.0)
    with caplog.at_level(logging.WARNING):
        await judge.start()
    assert not judge.can_judge
    assert "a verdict takes" in caplog.text


@pytest.mark.models
async def test_a_question_sounds_finished_and_half_of_it_does_not(models_dir):
    judge = TurnJudge(models_dir)
    await judge.start()
    assert judge.can_judge
    question = speech("alexa_what_are_the_news_headlines")
    assert await judge.finished(scene(question, 0.2)) is True
    assert await judge.finished(question[: len(question) // 2]) is False
    await judge.close()
