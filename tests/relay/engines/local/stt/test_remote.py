"""What a server is asked while somebody speaks, and which of its answers counts."""

import asyncio

import numpy as np
import pytest

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Utterance
from edgevoice.relay.engines.local.stt.remote import RemoteEar, Sound, Told

SAID = np.arange(8_000).astype(np.int16)


class Counting:
    """A server whose transcript is how many samples it heard, once it is let."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.heard: list[int] = []
        self.cancelled = 0
        self.error: EngineError | None = None

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def transcribe(self, sound: Sound, tell: Told) -> str:
        attempt = len(self.heard)
        self.heard.append(0)
        try:
            async for block in sound.blocks():
                self.heard[attempt] += len(block)
                tell(f"{len(block)} ")
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        return f"Alexa, {self.heard[attempt]} samples."


class Scene:
    def __init__(self, wake_name: str | None = None) -> None:
        self.server = Counting()
        self.ear = RemoteEar(self.server)
        self.partials: list[str] = []
        self.wake_name = wake_name
        self.listener = self.ear.listen(wake_name, self.partials.append)

    async def speak(self, begin: int, end: int) -> None:
        self.listener.hear(SAID[begin:end])
        await settle()

    async def finish(self, end: int, begin: int = 0) -> str:
        self.server.may_answer.set()
        return await self.listener.finish(Utterance("i", SAID[begin:end], self.wake_name))


async def settle() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


async def test_the_server_hears_while_somebody_speaks():
    scene = Scene()
    await scene.speak(0, 1000)
    assert scene.server.heard == [1000]
    await scene.speak(1000, 1500)
    assert scene.server.heard == [1500]
    assert await scene.finish(2000) == "Alexa, 2000 samples."
    assert scene.server.heard == [2000]
    assert scene.partials == ["1000 ", "500 ", "500 "]


async def test_a_pause_that_was_the_end_has_its_words_ready():
    scene = Scene()
    await scene.speak(0, 2000)
    scene.listener.pause()
    scene.server.may_answer.set()
    await settle()
    scene.server.may_answer.clear()
    finished = asyncio.ensure_future(scene.listener.finish(Utterance("i", SAID[:2000])))
    await settle()
    assert finished.done()
    assert scene.server.heard == [2000]


async def test_whoever_goes_on_after_a_pause_is_heard_from_the_beginning():
    scene = Scene()
    await scene.speak(0, 2000)
    scene.listener.pause()
    await scene.speak(2000, 2500)
    assert scene.server.heard == [2000, 2500]
    assert scene.server.cancelled == 1
    assert await scene.finish(2500) == "Alexa, 2500 samples."


async def test_what_was_told_is_not_told_again():
    scene = Scene()
    await scene.speak(0, 20)
    scene.listener.pause()
    scene.listener.hear(SAID[20:22])
    await settle()
    assert scene.partials == ["20 "], "the second attempt begins with other words: it is silent"


async def test_an_utterance_that_begins_elsewhere_is_sent_anew():
    scene = Scene()
    await scene.speak(0, 2000)
    assert await scene.finish(3000, begin=500) == "Alexa, 2500 samples."
    assert scene.server.cancelled == 1


async def test_the_wake_phrase_comes_off_and_is_in_no_partial():
    scene = Scene("alexa")
    await scene.speak(0, 100)
    assert await scene.finish(100) == "100 samples."
    assert scene.partials == []


async def test_what_is_abandoned_is_cancelled():
    scene = Scene()
    await scene.speak(0, 100)
    scene.listener.abandon()
    await settle()
    assert scene.server.cancelled == 1


async def test_closing_cancels_what_nobody_waits_for():
    scene = Scene()
    await scene.speak(0, 100)
    await scene.ear.close()
    assert scene.server.cancelled == 1


async def test_a_finish_that_is_cancelled_cancels_the_server():
    scene = Scene()
    await scene.speak(0, 100)
    finished = asyncio.ensure_future(scene.listener.finish(Utterance("i", SAID[:100])))
    await settle()
    finished.cancel()
    await settle()
    assert finished.cancelled()
    assert scene.server.cancelled == 1


async def test_an_utterance_abandoned_while_it_is_waited_for_is_an_engine_error():
    scene = Scene()
    await scene.speak(0, 100)
    finished = asyncio.ensure_future(scene.listener.finish(Utterance("i", SAID[:100])))
    await settle()
    scene.listener.abandon()
    with pytest.raises(EngineError, match="abandoned"):
        await finished


async def test_a_failure_is_raised_where_the_words_would_be():
    scene = Scene()
    scene.server.error = EngineError("no more")
    await scene.speak(0, 100)
    with pytest.raises(EngineError, match="no more"):
        await scene.finish(100)


async def test_nothing_said_asks_nobody():
    scene = Scene()
    assert await scene.finish(0) == ""
    assert scene.server.heard == []


async def test_at_a_pause_the_servers_words_can_be_asked_for():
    scene = Scene("alexa")
    await scene.speak(0, 1000)
    assert await scene.listener.guess() == ""
    scene.listener.pause()
    scene.server.may_answer.set()
    assert await scene.listener.guess() == "1000 samples."


async def test_a_server_that_fails_lets_nobody_guess():
    scene = Scene()
    await scene.speak(0, 1000)
    scene.server.error = EngineError("away")
    scene.server.may_answer.set()
    scene.listener.pause()
    assert await scene.listener.guess() == ""
