"""The parrot gives back the utterance, at the rate engines speak at."""

import numpy as np

from edgevoice.relay.engines.engine import Audio, Text, Utterance
from edgevoice.relay.engines.parrot import Parrot
from tests.relay.engines.parts import parts_of, request


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


async def test_what_was_written_it_writes_back():
    assert await parts_of(Parrot(), request("hello")) == [Text("(parrot) hello")]
    assert await parts_of(Parrot(), request()) == [Text("(parrot) nothing to repeat")]
