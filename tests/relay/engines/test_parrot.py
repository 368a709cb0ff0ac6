"""The parrot gives back the utterance, at the rate engines speak at."""

from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
import pytest

from edgevoice.realtime.items import FunctionCallOutput, user_text
from edgevoice.relay.engines.engine import Audio, FunctionCall, Text, Utterance
from edgevoice.relay.engines.parrot import Parrot
from tests.relay.engines.parts import parts_of, request, text_of


def tone(seconds: float, rate_hz: int) -> np.ndarray:
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return (8000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)


async def test_it_says_how_long_it_listened():
    utterance = Utterance("item", tone(1.5, 16_000))
    listener = Parrot().listen(None, lambda words: None)
    assert await listener.finish(utterance) == "(parrot) 1.5 seconds"


async def test_it_repeats_the_sound_at_24_khz():
    asked = request("hello", utterance=Utterance("item", tone(1.0, 16_000)))
    text, audio = await parts_of(Parrot(), asked)
    assert text == Text("(parrot) 1.0 seconds")
    assert isinstance(audio, Audio)
    inner = slice(2400, 21_600)
    difference = audio.samples[inner].astype(int) - tone(1.0, 24_000)[inner]
    assert np.abs(difference).max() < 200


async def test_it_is_silent_when_only_text_is_wanted():
    asked = request("hello", utterance=Utterance("item", tone(1.0, 16_000)), speak=False)
    assert await parts_of(Parrot(), asked) == [Text("(parrot) 1.0 seconds")]


async def test_what_was_written_it_writes_back_with_a_note_for_each_word():
    parts = await parts_of(Parrot(), request("hello there"))
    assert text_of(parts) == "(parrot) hello there"
    notes = [part.samples for part in parts if isinstance(part, Audio)]
    assert [len(note) for note in notes] == [3_600, 3_600]
    assert all(np.abs(note).max() > 5_000 and abs(note[-1]) < 100 for note in notes)
    assert text_of(await parts_of(Parrot(), request())) == "(parrot) nothing to repeat"


async def test_it_can_be_interrupted_between_two_words():
    parts = Parrot().respond(request("one two three"))
    assert isinstance(parts, AsyncGenerator)
    assert [await anext(parts) for _ in range(2)] == [Text("(parrot)"), Text(" one")]
    await parts.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(parts)


LAMP = {"type": "function", "name": "lamp", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    ("said", "arguments"),
    [("please call lamp", "{}"), ('call lamp {"on": true} now', '{"on": true}')],
)
async def test_it_calls_the_tool_that_it_is_told_to_call(said: str, arguments: str):
    parts = await parts_of(Parrot(), request(said, tools=[LAMP]))
    assert parts == [FunctionCall("lamp", arguments)]


async def test_it_calls_what_the_client_insists_on():
    choice = {"type": "function", "name": "lamp"}
    parts = await parts_of(Parrot(), request("hello", tools=[LAMP], tool_choice=choice))
    assert parts == [FunctionCall("lamp", "{}")]


@pytest.mark.parametrize("options", [{}, {"tools": [LAMP], "tool_choice": "none"}])
async def test_it_calls_nothing_that_is_not_offered(options: dict[str, Any]):
    parts = await parts_of(Parrot(), request("call lamp", **options))
    assert text_of(parts) == "(parrot) call lamp"


async def test_it_says_what_the_tool_returned():
    items = [user_text("call lamp"), FunctionCallOutput("call_1", "it is on")]
    choice = {"type": "function", "name": "lamp"}
    parts = await parts_of(Parrot(), request(*items, tools=[LAMP], tool_choice=choice))
    assert text_of(parts) == "(parrot) it is on"
