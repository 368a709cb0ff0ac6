"""A real Wyoming service, made of the package's own server classes, told what to answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import Event, Eventable
from wyoming.info import Attribution, Describe, Info, TtsProgram
from wyoming.server import AsyncEventHandler, AsyncUnixServer
from wyoming.tts import Synthesize, SynthesizeStart, SynthesizeStop

from edgevoice.audio.frames import Samples
from edgevoice.config import SttConfig, TtsConfig

Step = Eventable | float | None
"""A message to send, seconds to wait, or None to hang up."""


@dataclass
class WyomingServer:
    at_once: Sequence[Step] = ()
    """When speech begins."""
    at_end: Sequence[Step] = ()
    """When speech has ended, or a text has come."""
    streams_text: bool = False
    received: list[str] = field(default_factory=list)
    """Types of all that came."""
    wanted: list[Event] = field(default_factory=list)
    """What was asked for: transcribe, synthesize, synthesize-start."""
    speech: list[Samples] = field(default_factory=list)
    """Of each connection."""
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    heard_something: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def stt(self, **settings: Any) -> SttConfig:
        return SttConfig(backend="wyoming", url=self.url, **settings)

    def tts(self, **settings: Any) -> TtsConfig:
        return TtsConfig(backend="wyoming", url=self.url, **settings)

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncIterator["WyomingServer"]:
        server = AsyncUnixServer(folder / "wyoming.sock")
        await server.start(lambda reader, writer: Handler(self, reader, writer))
        self.url = f"unix://{folder}/wyoming.sock"
        try:
            yield self
        finally:
            handlers = list(server._handlers)
            await server.stop()
            await asyncio.gather(*handlers, return_exceptions=True)


class Handler(AsyncEventHandler):
    def __init__(self, server: WyomingServer, reader: Any, writer: Any) -> None:
        super().__init__(reader, writer)
        self._server = server
        self._is_speech = False

    async def handle_event(self, event: Event) -> bool:
        server = self._server
        server.received.append(event.type)
        if Describe.is_type(event.type):
            await self.write_event(self._info().event())
        elif Transcribe.is_type(event.type):
            self._is_speech = True
            server.wanted.append(event)
            server.speech.append(np.zeros(0, np.int16))
            return await self._do(server.at_once)
        elif AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            assert (chunk.rate, chunk.width, chunk.channels) == (16_000, 2, 1)
            samples = np.frombuffer(chunk.audio, "<i2")
            server.speech[-1] = np.concatenate((server.speech[-1], samples))
            server.heard_something.set()
        elif Synthesize.is_type(event.type) or SynthesizeStart.is_type(event.type):
            server.wanted.append(event)
        last = SynthesizeStop if server.streams_text else Synthesize
        if (AudioStop if self._is_speech else last).is_type(event.type):
            return await self._do(server.at_end)
        return True

    async def disconnect(self) -> None:
        self._server.hung_up.set()

    async def _do(self, steps: Sequence[Step]) -> bool:
        for step in steps:
            if step is None:
                return False
            if isinstance(step, float):
                with suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(step):
                        await self.reader.read(1)  # nothing follows but the end
                        return False
            else:
                await self.write_event(step.event())
        return True

    def _info(self) -> Info:
        program = TtsProgram(
            name="voice",
            attribution=Attribution("us", ""),
            installed=True,
            description=None,
            version=None,
            voices=[],
            supports_synthesize_streaming=self._server.streams_text,
        )
        return Info(tts=[program])
