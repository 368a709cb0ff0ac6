"""Synthesis by a real HTTP server, well-behaved and not."""

import asyncio
import io
import wave
from contextlib import aclosing

import numpy as np
import pytest

from edgevoice.config import TtsConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.local.tts.openai_http import OpenAiMouth
from tests.relay.engines.local.speech_server import SpeechServer

PCM = "audio/pcm"
SAID = np.arange(4_000).astype(np.int16)


def wav(samples: np.ndarray, rate_hz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


async def speak(config: TtsConfig, sentence: str = "The lamp is on.") -> np.ndarray:
    mouth = OpenAiMouth(config)
    await mouth.open()
    try:
        pieces = [piece async for piece in mouth.speak(sentence)]
    finally:
        await mouth.close()
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


async def test_from_words_to_sound():
    data = SAID.tobytes()
    async with SpeechServer([data[:7], data[7:]], content_type=PCM).running() as server:
        heard = await speak(server.tts(model="kokoro", voice="heart"))
    assert np.array_equal(heard, SAID)
    assert server.said == [
        {"input": "The lamp is on.", "response_format": "pcm", "model": "kokoro", "voice": "heart"}
    ]


async def test_it_is_played_as_it_comes():
    data = SAID.tobytes()
    slow = SpeechServer([data, 5.0, data], content_type=PCM)
    async with slow.running() as server:
        mouth = OpenAiMouth(server.tts())
        await mouth.open()
        began = asyncio.get_running_loop().time()
        async with aclosing(mouth.speak("It is.")) as sound:
            assert np.array_equal(await anext(sound), SAID)
            assert asyncio.get_running_loop().time() - began < 1
            assert np.array_equal(await anext(sound), SAID)
        await mouth.close()


async def test_another_rate_by_setting_and_by_header():
    async with SpeechServer([SAID.tobytes()], content_type=PCM).running() as server:
        assert len(await speak(server.tts(rate_hz=16_000))) == pytest.approx(6_000, abs=30)
    async with SpeechServer([wav(SAID, 16_000)], content_type="audio/wav").running() as server:
        assert len(await speak(server.tts())) == pytest.approx(6_000, abs=30)


async def test_what_is_no_pcm_is_not_played():
    async with SpeechServer([b"ID3..."], content_type="audio/mpeg").running() as server:
        with pytest.raises(EngineError, match="audio/mpeg and not PCM"):
            await speak(server.tts())


async def test_what_says_nothing_is_not_sent():
    async with SpeechServer(content_type=PCM).running() as server:
        assert not len(await speak(server.tts(), "😀 ***"))
    assert server.said == []


async def test_few_bytes_are_little_sound():
    async with SpeechServer([b"\x01\x00"], content_type=PCM).running() as server:
        assert np.array_equal(await speak(server.tts()), [1])
    async with SpeechServer([], content_type=PCM).running() as server:
        assert not len(await speak(server.tts()))


async def test_it_says_what_went_wrong():
    async with SpeechServer(status=404, steps=[b"no such voice"]).running() as server:
        with pytest.raises(EngineError, match=r"404: no such voice.*relay\.local\.tts\.url"):
            await speak(server.tts())
        gone = server.tts()
    with pytest.raises(EngineError, match=r"relay\.local\.tts.*cannot be used"):
        await speak(gone)
    async with SpeechServer([SAID.tobytes(), 11.0], content_type=PCM).running() as server:
        with pytest.raises(EngineError, match=r"in time.*relay\.local\.tts\.answer_s"):
            await speak(server.tts())


async def test_closing_closes_the_connection():
    async with SpeechServer([SAID.tobytes(), 1000.0], content_type=PCM).running() as server:
        mouth = OpenAiMouth(server.tts(answer_s=5000.0))
        await mouth.open()
        async with aclosing(mouth.speak("A long story.")) as sound:
            await anext(sound)
        async with asyncio.timeout(5):
            await server.hung_up.wait()
        await mouth.close()
