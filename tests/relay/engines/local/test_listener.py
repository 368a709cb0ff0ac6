"""What is recognised when, while somebody speaks. No network: a scripted dictation."""

import asyncio

import numpy as np
import pytest

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Utterance
from edgevoice.relay.engines.local.listener import STEP, StreamingListener
from edgevoice.relay.engines.local.moonshine import Cancelled

WORDS = ["Alexa,", "set", "a", "timer", "for", "ten", "minutes."]


class Dictation:
    """Hears one word in every STEP of samples."""

    def __init__(self, log: list[int]) -> None:
        self._log = log

    def transcribe(self, samples, cancelled) -> str:
        if cancelled():
            raise Cancelled
        self._log.append(len(samples))
        return " ".join(WORDS[: len(samples) // STEP])


class Work:
    """Workers whose work is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list = []
        self.have_time = True

    def run(self, work, *arguments) -> asyncio.Future:
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((future, work, arguments))
        return future

    async def do(self) -> None:
        """The next piece of work, and everything that follows from it at once."""
        future, work, arguments = self.waiting.pop(0)
        try:
            future.set_result(work(*arguments))
        except (Cancelled, EngineError) as error:
            future.set_exception(error)
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Scene:
    def __init__(self, wake_name: str | None = None, step: int | None = STEP) -> None:
        self.work = Work()
        self.looked_at: list[int] = []
        self.partials: list[str] = []
        self.said = np.arange(20 * STEP).astype(np.int16)
        self.at = 0
        self.wake_name = wake_name
        self.listener = StreamingListener(
            lambda: Dictation(self.looked_at), self.work, wake_name, self.partials.append, step
        )

    def speak(self, steps: float) -> None:
        end = self.at + round(steps * STEP)
        self.listener.hear(self.said[self.at : end])
        self.at = end

    async def finish(self, samples=None) -> asyncio.Task[str]:
        utterance = Utterance("i", self.said[: self.at] if samples is None else samples)
        utterance = Utterance(utterance.item_id, utterance.samples, self.wake_name)
        task = asyncio.ensure_future(self.listener.finish(utterance))
        await settle()
        return task

    @property
    def looks(self) -> list[float]:
        return [samples / STEP for samples in self.looked_at]


async def test_nothing_is_recognised_before_there_is_enough():
    scene = Scene()
    scene.speak(0.9)
    assert not scene.work.waiting
    scene.speak(0.1)
    assert len(scene.work.waiting) == 1


async def test_one_recognition_at_a_time_and_words_as_they_settle():
    scene = Scene()
    for _ in range(6):
        scene.speak(1)
        assert len(scene.work.waiting) == 1
        await scene.work.do()
    assert scene.partials == ["Alexa,", " set", " a", " timer", " for"]


async def test_the_wake_phrase_is_in_no_partial():
    scene = Scene("alexa")
    for _ in range(6):
        scene.speak(1)
        await scene.work.do()
    assert "".join(scene.partials) == "Set a timer for"


async def test_a_network_that_cannot_be_stopped_is_asked_at_pauses_only():
    scene = Scene(step=None)
    scene.speak(5)
    assert not scene.work.waiting
    scene.listener.pause()
    await scene.work.do()
    assert scene.looks == [5]


async def test_busy_threads_are_left_to_those_who_wait():
    scene = Scene()
    scene.work.have_time = False
    scene.speak(3)
    assert not scene.work.waiting
    scene.listener.pause()
    assert len(scene.work.waiting) == 1


async def test_at_a_pause_everything_is_recognised_and_finish_waits_for_it():
    scene = Scene()
    scene.speak(4.5)
    await scene.work.do()
    scene.speak(0.5)
    scene.listener.pause()
    await scene.work.do()
    assert scene.looks == [4.5, 5]
    finished = await scene.finish()
    await scene.work.do()
    assert await finished == "Alexa, set a timer for"


async def test_a_look_that_lacks_the_last_words_is_stopped_at_the_pause():
    scene = Scene()
    scene.speak(1)
    scene.speak(4)
    scene.listener.pause()
    await scene.work.do()
    assert scene.looks == []
    await scene.work.do()
    assert scene.looks == [5]


async def test_finish_stops_a_look_of_the_past():
    scene = Scene()
    scene.speak(1)
    scene.speak(4)
    finished = await scene.finish()
    await scene.work.do()
    await scene.work.do()
    assert await finished == "Alexa, set a timer for"
    assert scene.looks == [5]


async def test_finish_keeps_the_look_that_the_pause_began():
    scene = Scene()
    scene.speak(0.5)
    scene.speak(0.4)
    scene.listener.pause()
    scene.speak(0.05)
    finished = await scene.finish()
    await scene.work.do()
    assert scene.looks == [0.9]
    await scene.work.do()
    await finished


async def test_an_utterance_that_begins_elsewhere_is_recognised_anew():
    scene = Scene()
    scene.speak(2)
    await scene.work.do()
    before = scene.listener._dictation
    finished = await scene.finish(scene.said[STEP : 4 * STEP])
    await scene.work.do()
    assert await finished == "Alexa, set a"
    assert scene.listener._dictation is not before


async def test_what_is_abandoned_is_not_told_and_stops():
    scene = Scene()
    scene.speak(1)
    await scene.work.do()
    scene.speak(3)
    scene.listener.abandon()
    await scene.work.do()
    assert scene.looks == [1]
    assert scene.partials == []
    scene.speak(3)
    scene.listener.pause()
    assert not scene.work.waiting


async def test_abandoned_while_finishing_is_an_engine_error():
    scene = Scene()
    scene.speak(0.5)
    finished = await scene.finish()
    scene.listener.abandon()
    await scene.work.do()
    with pytest.raises(EngineError, match="abandoned"):
        await finished


async def test_nobody_waits_for_a_finish_that_was_cancelled():
    scene = Scene()
    scene.speak(0.5)
    finished = await scene.finish()
    finished.cancel()
    await settle()
    _, work, arguments = scene.work.waiting.pop()
    with pytest.raises(Cancelled):
        work(*arguments)


async def test_silence_is_no_words():
    scene = Scene()
    finished = await scene.finish(np.zeros(0, np.int16))
    await scene.work.do()
    assert await finished == ""


async def test_at_a_pause_it_can_be_asked_what_it_has_understood():
    scene = Scene("alexa")
    scene.speak(3.5)
    scene.listener.pause()
    guess = asyncio.ensure_future(scene.listener.guess())
    await settle()
    assert not guess.done(), "it has not heard all of it yet"
    while scene.work.waiting:
        await scene.work.do()
    assert await guess == "Set a"
    finish = await scene.finish()
    await scene.work.do()
    assert await finish == await guess


async def test_it_guesses_nothing_from_half_of_what_was_said():
    scene = Scene()
    scene.speak(3.5)
    scene.listener.pause()
    while scene.work.waiting:
        await scene.work.do()
    scene.speak(0.5)
    assert await scene.listener.guess() == ""
