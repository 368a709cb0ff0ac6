"""A real HTTP server of OpenAI's shape for speech, told what to answer."""

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer

from edgevoice.audio.frames import Samples
from edgevoice.config import SttConfig, TtsConfig
from tests.relay.engines.local.chat_server import Step, in_steps

STREAM = "text/event-stream"


def event(**fields: Any) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


@dataclass
class SpeechServer:
    steps: Sequence[Step] = (b'{"text": "Turn on the lamp."}',)
    status: int = 200
    content_type: str = "application/json"
    forms: list[dict[str, str]] = field(default_factory=list)
    heard: list[Samples] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """The client closed the connection before the last step."""
    url: str = ""

    def stt(self, **settings: Any) -> SttConfig:
        return SttConfig(backend="openai", url=self.url, **settings)

    def tts(self, **settings: Any) -> TtsConfig:
        return TtsConfig(backend="openai", url=self.url, **settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["SpeechServer"]:
        app = web.Application()
        app.router.add_post("/v1/audio/transcriptions", self._transcribe)
        app.router.add_post("/v1/audio/speech", self._speak)
        server = TestServer(app)
        await server.start_server()
        self.url = str(server.make_url("/v1"))
        try:
            yield self
        finally:
            await server.close()

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        sound = form["file"]
        assert isinstance(sound, web.FileField)
        with sound.file, wave.open(io.BytesIO(sound.file.read())) as file:
            assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
            self.heard.append(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
        self.forms.append({name: value for name, value in form.items() if isinstance(value, str)})
        return await self._answer(request)

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        self.said.append(await request.json())
        return await self._answer(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        headers = {"Content-Type": self.content_type}
        response = web.StreamResponse(status=self.status, headers=headers)
        return await in_steps(request, response, self.steps, self.hung_up)
