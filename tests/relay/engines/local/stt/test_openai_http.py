"""Recognition by a real HTTP server, well-behaved and not."""

import asyncio
from typing import Any

import numpy as np
import pytest

from edgevoice.config import SttConfig
from edgevoice.errors import CredentialError, EngineError
from edgevoice.relay.engines.engine import Utterance
from edgevoice.relay.engines.local.stt.openai_http import OpenAiSpeechServer
from edgevoice.relay.engines.local.stt.remote import RemoteEar
from tests.relay.engines.local.speech_server import STREAM, SpeechServer, event
from tests.virtual_time import elapse

SAID = np.arange(3_000).astype(np.int16)
OPENAI = [
    event(type="transcript.text.delta", delta="Turn on"),
    event(type="transcript.text.delta", delta=" the lamp."),
    event(type="transcript.text.done", text="Turn on the lamp.", usage={}),
]
VLLM = [
    event(object="transcription.chunk", choices=[{"delta": {"content": "Turn on"}}]),
    event(object="transcription.chunk", choices=[{"delta": {"content": " the lamp."}}]),
    event(object="transcription.chunk", choices=[{"delta": {"content": ""}}]),
    b"data: [DONE]\n\n",
]


async def ask(config: SttConfig) -> tuple[str, list[str]]:
    ear, partials = RemoteEar(OpenAiSpeechServer(config)), list[str]()
    await ear.open()
    try:
        listener = ear.listen(None, partials.append)
        listener.hear(SAID[:1000])
        return await listener.finish(Utterance("i", SAID)), partials
    finally:
        await ear.close()


async def test_the_whole_speech_is_sent_and_its_words_come_back():
    async with SpeechServer().running() as server:
        words, _ = await ask(server.stt(model="whisper", language="en"))
    assert words == "Turn on the lamp."
    [form], [heard] = server.forms, server.heard
    assert form == {
        "response_format": "json", "stream": "true", "model": "whisper", "language": "en",
    }  # fmt: skip
    assert np.array_equal(heard, SAID)
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize("events", [OPENAI, VLLM])
async def test_words_come_as_a_stream_where_the_server_can(events):
    async with SpeechServer(events, content_type=STREAM).running() as server:
        words, partials = await ask(server.stt())
    assert words == "Turn on the lamp."
    assert partials == ["Turn on", " the lamp."]


async def test_bare_words_are_words_too():
    async with SpeechServer([b" Turn on the lamp.\n"], content_type="text/plain").running() as it:
        assert (await ask(it.stt()))[0] == "Turn on the lamp."


async def test_the_key_is_sent_and_not_shown(tmp_path):
    key = tmp_path / "key"
    key.write_text("sk-123\n")
    refuses = SpeechServer([b'{"error": {"message": "bad key"}}'], status=401)
    async with refuses.running() as server:
        with pytest.raises(EngineError, match="401: bad key.*relay.local.stt.key_file") as refused:
            await ask(server.stt(key_file=str(key)))
    assert server.headers[0]["Authorization"] == "Bearer sk-123"
    assert "sk-123" not in str(refused.value)
    with pytest.raises(CredentialError, match=r"relay\.local\.stt\.key_file"):
        await ask(SttConfig(backend="openai", key_file=str(tmp_path / "none")))


async def test_nobody_there():
    async with SpeechServer().running() as server:
        gone = server.stt()
    with pytest.raises(EngineError, match=r"relay\.local\.stt.*cannot be used"):
        await ask(gone)


async def test_patience_ends():
    async with SpeechServer([16.0, b"{}"]).running() as server:
        with pytest.raises(EngineError, match=r"in time.*relay\.local\.stt\.answer_s"):
            await ask(server.stt())


@pytest.mark.parametrize(
    "sent",
    [
        [event(error={"message": "out of memory"})],
        [event(error="out of memory")],
    ],
)
async def test_a_stream_that_breaks_off_says_why(sent):
    async with SpeechServer(sent, content_type=STREAM).running() as server:
        with pytest.raises(EngineError, match="out of memory"):
            await ask(server.stt())


async def test_words_without_end_have_an_end():
    endless = [event(type="transcript.text.delta", delta="word " * 500)] * 10
    async with SpeechServer(endless, content_type=STREAM).running() as server:
        with pytest.raises(EngineError, match="without end"):
            await ask(server.stt())


@pytest.mark.parametrize("odd", [b"[1]", b"{}", b'{"choices": [3]}', b'{"delta": 4}', b"[" * 9999])
async def test_an_odd_answer_is_no_words(odd: bytes):
    async with SpeechServer([b"data: " + odd + b"\n\n"], content_type=STREAM).running() as server:
        words, _ = await ask(server.stt())
    assert words == ""


async def test_abandoning_closes_the_connection():
    async with SpeechServer([event(delta="Turn"), 1000.0], content_type=STREAM).running() as server:
        partials: list[Any] = []
        ear = RemoteEar(OpenAiSpeechServer(server.stt(answer_s=5000.0)))
        await ear.open()
        listener = ear.listen(None, partials.append)
        listener.hear(SAID)
        listener.pause()
        while not partials:
            await elapse(0.01)
        listener.abandon()
        async with asyncio.timeout(5):
            await server.hung_up.wait()
        await ear.close()
