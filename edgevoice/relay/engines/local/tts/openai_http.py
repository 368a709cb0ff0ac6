"""Synthesis by an OpenAI-compatible server: POST /audio/speech, played as it comes."""

from collections.abc import AsyncGenerator

import aiohttp

from edgevoice.config import TtsConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Samples
from edgevoice.relay.engines.local.http_server import HttpServer
from edgevoice.relay.engines.local.speech_text import as_spoken
from edgevoice.relay.engines.local.synthesizer import LONGEST
from edgevoice.relay.engines.local.tts.mouth import PcmReader

HEADER = 44
"""Of a WAV file, which some servers send whatever was asked for."""
_PLAYABLE = ("audio/pcm", "audio/wav", "audio/x-wav", "audio/l16", "application/octet-stream")


class OpenAiMouth:
    """A Mouth; see mouth.py for the contract."""

    def __init__(self, config: TtsConfig) -> None:
        self._config = config
        self._server = HttpServer(config, "relay.local.tts")

    async def open(self) -> None:
        await self._server.open()

    async def close(self) -> None:
        await self._server.close()

    async def speak(self, sentence: str) -> AsyncGenerator[Samples]:
        text = as_spoken(sentence)[:LONGEST]
        if not text:
            return
        async with self._server.post("/audio/speech", json=self._request(text)) as response:
            if response.content_type not in _PLAYABLE:
                raise EngineError(
                    f"relay.local.tts: the server sends {response.content_type} and not PCM"
                )
            begin = await self._begin(response)
            reader, data = self._reader(begin)
            while data or not response.content.at_eof():
                if len(samples := reader.push(data)):
                    yield samples
                data = await self._server.read(response)
            if len(samples := reader.finish()):
                yield samples

    async def _begin(self, response: aiohttp.ClientResponse) -> bytes:
        """Enough to tell a WAV file from bare samples, or all there is."""
        begin = b""
        while len(begin) < HEADER and (more := await self._server.read(response)):
            begin += more
        return begin

    def _reader(self, begin: bytes) -> tuple[PcmReader, bytes]:
        if not begin.startswith(b"RIFF") or begin[8:12] != b"WAVE":
            return PcmReader(self._config.rate_hz), begin
        if begin[34:36] != b"\x10\x00" or begin[36:40] != b"data":
            raise EngineError("relay.local.tts: the server's WAV is not plain 16-bit PCM")
        channels, rate_hz = begin[22], int.from_bytes(begin[24:28], "little")
        return PcmReader(rate_hz, channels), begin[HEADER:]

    def _request(self, text: str) -> dict[str, str]:
        request = {"input": text, "response_format": "pcm"}
        for name in ("model", "voice", "language"):
            if value := getattr(self._config, name):
                request[name] = value
        return request
