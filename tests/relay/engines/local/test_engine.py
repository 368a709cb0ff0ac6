"""The local engine as a whole: from a recording to an answer that is understood."""

import asyncio
import re
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from edgevoice.audio.resample import resample
from edgevoice.config import ChatConfig, LocalEngineConfig
from edgevoice.errors import ModelError
from edgevoice.relay.engines.engine import Audio, FunctionCall, Text, Utterance
from edgevoice.relay.engines.local.engine import LocalEngine
from tests.recordings import scene
from tests.relay.engines.local.chat_server import DONE, ChatServer, says
from tests.relay.engines.local.intents.house import NOW, TOOLS
from tests.relay.engines.local.speech_server import SpeechServer
from tests.relay.engines.parts import calls_in, parts_of, request, text_of

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def engine(models_dir):
    """Loaded once; without a chat server it belongs to no event loop."""
    engine = LocalEngine(LocalEngineConfig(), models_dir, lambda: NOW)
    asyncio.run(engine.start())
    yield engine
    asyncio.run(engine.close())


async def hear(engine: LocalEngine, name: str, wake_name: str | None) -> tuple[str, list[str]]:
    partials: list[str] = []
    listener = engine.listen(wake_name, partials.append)
    sound = scene(name, 0.5)
    for at in range(0, len(sound), 320):
        listener.hear(sound[at : at + 320])
        await asyncio.sleep(0.02)
    listener.pause()
    return await listener.finish(Utterance("i", sound, wake_name)), partials


async def test_from_a_recording_to_an_answer_that_is_understood(engine, recognizer):
    transcript, partials = await hear(engine, "alexa_what_time_is_it", "alexa")
    assert transcript == "What time is it?"
    assert transcript.startswith("".join(partials))
    parts = await parts_of(engine, request(transcript))
    assert text_of(parts) == "It's 4:05 PM."
    spoken = np.concatenate([part.samples for part in parts if isinstance(part, Audio)])
    heard = recognizer.dictation().transcribe(resample(spoken, 24_000, 16_000), lambda: False)
    assert re.search(r"four|4:05", heard.lower())


async def test_an_order_becomes_a_call(engine):
    transcript, _ = await hear(engine, "turn_on_the_lamp", None)
    [call] = await parts_of(engine, request(transcript, tools=TOOLS))
    assert call == FunctionCall("switch_light", '{"name": "lamp", "on": true}')


async def test_each_sentence_is_followed_by_its_sound(engine):
    parts = await parts_of(engine, request("What can you do?"))
    assert [type(part) for part in parts] == [Text, Audio, Text, Audio]


async def test_without_speech_there_is_only_text(engine):
    parts = await parts_of(engine, request("What can you do?", speak=False))
    assert [type(part) for part in parts] == [Text, Text]


async def test_closing_an_answer_stops_it(engine):
    async with aclosing(engine.respond(request("What can you do?"))) as answer:
        assert isinstance(await anext(answer), Text)


async def test_what_was_said_is_logged_at_debug_only(engine, caplog):
    caplog.set_level("INFO")
    await hear(engine, "turn_on_the_lamp", None)
    await parts_of(engine, request("Turn on the lamp", tools=TOOLS))
    assert "lamp" not in caplog.text.lower()


async def test_a_chat_server_is_asked_and_spoken_sentence_by_sentence(models_dir):
    server = ChatServer([says("It scatters "), says("light. And "), 5.0, says("so on."), DONE])
    async with server.running():
        config = LocalEngineConfig(chat=server.config)
        engine = LocalEngine(config, models_dir, lambda: NOW)
        await engine.start()
        parts = await parts_of(engine, request("Why is the sky blue?"))
        await engine.close()
    assert [part.text for part in parts if isinstance(part, Text)] == [
        *("It scatters light. ", "And so on.")
    ]
    assert not calls_in(parts)


async def test_servers_hear_and_speak_without_a_model_here(tmp_path):
    said = np.ones(480, np.int16)
    hears = SpeechServer([b'{"text": "What can you do?"}'])
    speaks = SpeechServer([said.tobytes()], content_type="audio/pcm")
    async with hears.running(), speaks.running():
        config = LocalEngineConfig(stt=hears.stt(), tts=speaks.tts())
        engine = LocalEngine(config, tmp_path, lambda: NOW)
        await engine.start()
        listener = engine.listen(None, lambda words: None)
        listener.hear(said)
        transcript = await listener.finish(Utterance("i", said))
        parts = await parts_of(engine, request(transcript))
        await engine.close()
    assert [type(part) for part in parts] == [Text, Audio, Text, Audio]
    assert [heard["input"] for heard in speaks.said] == [
        part.text.strip() for part in parts if isinstance(part, Text)
    ]


async def test_missing_models_are_an_error_with_the_remedy(tmp_path):
    engine = LocalEngine(LocalEngineConfig(), tmp_path, lambda: NOW)
    with pytest.raises(ModelError, match=r"moonshine.*models install"):
        await engine.start()
    await engine.close()


async def test_an_unreachable_chat_server_is_no_reason_not_to_start(models_dir):
    config = replace(LocalEngineConfig(), chat=ChatConfig(url="http://127.0.0.1:9/v1"))
    engine = LocalEngine(config, models_dir, lambda: NOW)
    await engine.start()
    assert "chat server" in text_of(await parts_of(engine, request("Why?", speak=False)))
    await engine.close()
