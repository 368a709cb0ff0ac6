"""Recognition by a real Wyoming service, well-behaved and not."""

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest
from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.error import Error

from edgevoice.config import SttConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Utterance
from edgevoice.relay.engines.local.stt.remote import RemoteEar
from edgevoice.relay.engines.local.stt.wyoming import WyomingSpeechServer
from tests.relay.engines.local.wyoming_server import WyomingServer

SAID = np.arange(3_000).astype(np.int16)
LAMP = Transcript("Turn on the lamp.")


async def ask(config: SttConfig) -> tuple[str, list[str]]:
    ear, partials = RemoteEar(WyomingSpeechServer(config)), list[str]()
    await ear.open()
    try:
        listener = ear.listen(None, partials.append)
        listener.hear(SAID[:1000])
        return await listener.finish(Utterance("i", SAID)), partials
    finally:
        await ear.close()


async def test_from_speech_to_words(tmp_path: Path):
    async with WyomingServer(at_end=[LAMP]).running(tmp_path) as server:
        words, _ = await ask(server.stt(model="tiny", language="en"))
    assert words == "Turn on the lamp."
    assert server.received[:2] == ["transcribe", "audio-start"]
    assert server.received[-1] == "audio-stop"
    assert server.wanted[0].data == {"name": "tiny", "language": "en"}
    assert np.array_equal(server.speech[0], SAID)


async def test_the_service_hears_while_somebody_speaks(tmp_path: Path):
    async with WyomingServer(at_end=[LAMP]).running(tmp_path) as server:
        ear = RemoteEar(WyomingSpeechServer(server.stt()))
        await ear.open()
        listener = ear.listen(None, lambda words: None)
        listener.hear(SAID[:1000])
        async with asyncio.timeout(5):
            await server.heard_something.wait()
        assert "audio-stop" not in server.received
        assert await listener.finish(Utterance("i", SAID)) == "Turn on the lamp."
        await ear.close()


async def test_words_may_come_bit_by_bit(tmp_path: Path):
    bits = [TranscriptStart(), TranscriptChunk(" Turn on"), TranscriptChunk(" the lamp.")]
    ends = [*bits, TranscriptStop(), LAMP]
    async with WyomingServer(at_end=ends).running(tmp_path) as server:
        words, partials = await ask(server.stt())
    assert words == "Turn on the lamp."
    assert partials == ["Turn on", " the lamp."]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([Error("no such model")], "the service says: no such model"),
        ([None], "hung up"),
        ([TranscriptChunk("Turn"), None], "hung up"),
        ([16.0], r"in time.*relay\.local\.stt\.answer_s"),
    ],
)
async def test_what_goes_wrong_is_said(tmp_path: Path, answer, reason):
    async with WyomingServer(at_end=answer).running(tmp_path) as server:
        with pytest.raises(EngineError, match=reason):
            await ask(server.stt())


async def test_an_error_while_somebody_speaks_ends_it(tmp_path: Path):
    async with WyomingServer(at_once=[Error("busy"), None]).running(tmp_path) as server:
        with pytest.raises(EngineError, match=r"busy|hung up"):
            await ask(server.stt())


async def test_nobody_there(tmp_path: Path):
    with pytest.raises(EngineError, match=r"relay\.local\.stt\.url: nobody at unix"):
        await ask(SttConfig(backend="wyoming", url=f"unix://{tmp_path}/none.sock"))


async def test_a_web_server_is_no_wyoming_service(tmp_path: Path):
    left = asyncio.Event()

    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"[1, 2]\n")
        await writer.drain()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_unix_server(odd, tmp_path / "odd.sock")
    with pytest.raises(EngineError, match="no Wyoming service"):
        await ask(SttConfig(backend="wyoming", url=f"unix://{tmp_path}/odd.sock"))
    await asyncio.wait_for(left.wait(), 5)
    server.close()
    await server.wait_closed()


async def test_abandoning_closes_the_connection(tmp_path: Path):
    async with WyomingServer().running(tmp_path) as server:
        ear = RemoteEar(WyomingSpeechServer(server.stt()))
        await ear.open()
        listener = ear.listen(None, lambda words: None)
        listener.hear(SAID)
        async with asyncio.timeout(5):
            await server.heard_something.wait()
        assert not server.hung_up.is_set()
        listener.abandon()
        async with asyncio.timeout(5):
            await server.hung_up.wait()
        await ear.close()


async def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "wyoming.client", None)
    ear = RemoteEar(WyomingSpeechServer(SttConfig(backend="wyoming", url="tcp://127.0.0.1:1")))
    with pytest.raises(EngineError, match=r"edgevoice\[wyoming\]"):
        await ear.open()
