"""Which mouth speaks, and who stands in for it."""

from collections.abc import AsyncGenerator
from typing import get_args, get_type_hints

import numpy as np

from edgevoice.config import LocalEngineConfig, TtsConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Samples
from edgevoice.relay.engines.local.outage import REST_S
from edgevoice.relay.engines.local.tts.choice import MOUTHS, make_mouth
from edgevoice.relay.engines.local.tts.fallback import FallbackMouth
from edgevoice.relay.engines.local.tts.openai_http import OpenAiMouth
from tests.virtual_time import elapse


class Mouth:
    """Says as many pieces, each of its own number; then fails, if it does."""

    def __init__(self, number: int, pieces: int, error: EngineError | None = None) -> None:
        self.number, self.pieces, self.error = number, pieces, error
        self.said: list[str] = []

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def speak(self, sentence: str) -> AsyncGenerator[Samples]:
        self.said.append(sentence)
        for _ in range(self.pieces):
            yield np.full(1, self.number, np.int16)
        if self.error:
            raise self.error


async def says(mouth: FallbackMouth, sentence: str) -> list[int]:
    return [int(piece[0]) async for piece in mouth.speak(sentence)]


def test_every_backend_has_a_mouth():
    assert set(MOUTHS) == set(get_args(get_type_hints(TtsConfig)["backend"]))


def test_a_fallback_is_made_where_one_is_wanted():
    url = "http://127.0.0.1:1"
    tts = TtsConfig(backend="openai", url=url)
    assert isinstance(make_mouth(LocalEngineConfig(tts=tts)), OpenAiMouth)
    tts = TtsConfig(backend="openai", url=url, fallback=True)
    assert isinstance(make_mouth(LocalEngineConfig(tts=tts)), FallbackMouth)


async def test_the_second_says_what_the_first_fails_to(caplog):
    first, second = Mouth(1, 0, EngineError("the server is away")), Mouth(2, 2)
    mouth = FallbackMouth(first, second)
    assert await says(mouth, "One.") == [2, 2]
    assert await says(mouth, "Two.") == [2, 2]
    assert first.said == ["One."]
    assert second.said == ["One.", "Two."]
    assert caplog.text.count("the server is away") == 1
    await elapse(REST_S + 1)
    first.error, first.pieces = None, 1
    assert await says(mouth, "Three.") == [1]


async def test_half_a_sentence_is_not_said_again():
    mouth = FallbackMouth(Mouth(1, 2, EngineError("it broke off")), Mouth(2, 2))
    assert await says(mouth, "One.") == [1, 1]
    assert await says(mouth, "Two.") == [2, 2]
