"""Synthesis by a real Wyoming service, well-behaved and not."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.tts import SynthesizeStopped

from edgevoice.config import TtsConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.local.tts.wyoming import WyomingMouth
from tests.relay.engines.local.wyoming_server import Step, WyomingServer

SAID = np.arange(2_000).astype(np.int16)


def sound(rate_hz: int = 24_000, width: int = 2) -> list[Step]:
    data = SAID.tobytes()
    return [
        AudioStart(rate_hz, width, 1),
        AudioChunk(rate_hz, width, 1, data[:1000]),
        AudioChunk(rate_hz, width, 1, data[1000:]),
        AudioStop(),
    ]


async def speak(config: TtsConfig, *sentences: str) -> np.ndarray:
    mouth = WyomingMouth(config)
    await mouth.open()
    pieces = [
        piece
        for sentence in sentences or ("The lamp is on.",)
        async for piece in mouth.speak(sentence)
    ]
    await mouth.close()
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


async def test_from_words_to_sound(tmp_path: Path):
    async with WyomingServer(at_end=sound()).running(tmp_path) as server:
        heard = await speak(server.tts(voice="joe"))
    assert np.array_equal(heard, SAID)
    assert server.received == ["describe", "synthesize"]
    assert server.wanted[0].data == {"text": "The lamp is on.", "voice": {"name": "joe"}}


async def test_a_service_that_takes_pieces_is_given_them(tmp_path: Path):
    answer = [*sound(), *sound(), SynthesizeStopped()]
    async with WyomingServer(at_end=answer, streams_text=True).running(tmp_path) as server:
        heard = await speak(server.tts(language="en"))
    assert np.array_equal(heard, np.concatenate((SAID, SAID)))
    wanted = ["synthesize-start", "synthesize-chunk", "synthesize", "synthesize-stop"]
    assert server.received == ["describe", *wanted]


async def test_it_is_described_once(tmp_path: Path):
    async with WyomingServer(at_end=sound()).running(tmp_path) as server:
        await speak(server.tts(), "One.", "Two.")
    assert server.received.count("describe") == 1


async def test_another_rate_is_resampled(tmp_path: Path):
    async with WyomingServer(at_end=sound(16_000)).running(tmp_path) as server:
        assert len(await speak(server.tts())) == pytest.approx(3_000, abs=30)


async def test_what_says_nothing_is_not_sent(tmp_path: Path):
    async with WyomingServer(at_end=sound()).running(tmp_path) as server:
        assert not len(await speak(server.tts(), "😀 ***"))
    assert server.received == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([Error("no such voice")], "the service says: no such voice"),
        ([*sound()[:2], None], "hung up"),
        ([11.0], r"in time.*relay\.local\.tts\.answer_s"),
        (sound(width=4), "32-bit samples"),
    ],
)
async def test_what_goes_wrong_is_said(tmp_path: Path, answer, reason):
    async with WyomingServer(at_end=answer).running(tmp_path) as server:
        with pytest.raises(EngineError, match=reason):
            await speak(server.tts())


async def test_closing_closes_the_connection(tmp_path: Path):
    async with WyomingServer(at_end=[*sound()[:2], 1000.0]).running(tmp_path) as server:
        mouth = WyomingMouth(server.tts(answer_s=5000.0))
        await mouth.open()
        async with aclosing(mouth.speak("A long story.")) as spoken:
            await anext(spoken)
            server.hung_up.clear()  # by the one that asked what it can do
        async with asyncio.timeout(5):
            await server.hung_up.wait()
        await mouth.close()
