"""One service that speaks the Wyoming protocol. The only importer of `wyoming`.

What comes out is our own: words, samples, and errors in plain words. A connection
is made for each utterance or sentence, as Home Assistant does; closing it is how a
service learns that nobody wants the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.config import SttConfig, TtsConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.local.whole_letters import whole

if TYPE_CHECKING:
    from wyoming.client import AsyncClient
    from wyoming.event import Event, Eventable

MAX_EVENTS = 20_000
"""Of one answer: ten minutes of sound in pieces of 30 ms."""


@dataclass(frozen=True, slots=True)
class Words:
    text: str
    final: bool
    """All the words; otherwise those that come next."""


@dataclass(frozen=True, slots=True)
class Pcm:
    """A piece of sound as it came."""

    data: bytes
    rate_hz: int
    width: int
    channels: int


class WyomingService:
    """An address, and how long to be patient with it."""

    def __init__(self, config: SttConfig | TtsConfig, setting: str) -> None:
        self._config = config
        self._setting = setting
        self._streams_text: bool | None = None

    def check(self) -> None:
        """Raises EngineError when the package is missing."""
        try:
            import wyoming.client  # noqa: F401
        except ImportError:
            raise EngineError(
                f"{self._setting}.backend wyoming needs its package: "
                "pip install 'edgevoice[wyoming]'"
            ) from None

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[Connection]:
        """Raises EngineError, also for what goes wrong in between."""
        from wyoming.client import AsyncClient

        url = self._config.url
        try:
            client = AsyncClient.from_uri(url, connect_timeout=self._config.connect_s)
            await client.connect()
        except ValueError as error:
            raise EngineError(f"{self._setting}.url {url} cannot be used: {error}") from None
        except OSError as error:  # TimeoutError is one too
            reason = error.strerror or "it does not answer"
            raise EngineError(f"{self._setting}.url: nobody at {url}: {reason}") from None
        try:
            yield Connection(client, self._setting, self._config.answer_s)
        except TimeoutError:
            raise EngineError(
                f"{self._setting}: {url} does not answer in time; "
                f"{self._setting}.answer_s sets the patience"
            ) from None
        except (OSError, EOFError) as error:
            raise EngineError(f"{self._setting}: {url} hung up: {error}") from None
        finally:
            _hang_up(client)

    async def takes_text_in_pieces(self) -> bool:
        """Asked once: whether a text may be sent bit by bit (synthesize-start)."""
        if self._streams_text is None:
            async with self.connected() as connection:
                self._streams_text = await connection.describe()
        return self._streams_text


class Connection:
    """What is sent and received on one connection."""

    def __init__(self, client: AsyncClient, setting: str, patience_s: float) -> None:
        self._client = client
        self._setting = setting
        self._patience_s = patience_s

    async def begin_speech(self, model: str, language: str) -> None:
        from wyoming.asr import Transcribe
        from wyoming.audio import AudioStart

        await self._send(Transcribe(name=model or None, language=language or None))
        await self._send(AudioStart(rate=CAPTURE_RATE_HZ, width=2, channels=1))

    async def send_speech(self, samples: Samples) -> None:
        from wyoming.audio import AudioChunk

        data = samples.astype("<i2", copy=False).tobytes()
        await self._send(AudioChunk(rate=CAPTURE_RATE_HZ, width=2, channels=1, audio=data))

    async def end_speech(self) -> None:
        from wyoming.audio import AudioStop

        await self._send(AudioStop())

    async def words(self) -> AsyncGenerator[Words]:
        """As they come; the last ones are final. Waits as long as the speech goes on."""
        from wyoming.asr import Transcript, TranscriptChunk

        async for event in self._events(patience_s=None):
            if TranscriptChunk.is_type(event.type):
                yield Words(_text(event), final=False)
            elif Transcript.is_type(event.type):
                yield Words(_text(event), final=True)
                return

    async def send_text(self, text: str, voice: str, language: str, *, in_pieces: bool) -> None:
        from wyoming.tts import (
            Synthesize,
            SynthesizeChunk,
            SynthesizeStart,
            SynthesizeStop,
            SynthesizeVoice,
        )

        wanted = SynthesizeVoice(voice or None, language or None) if voice or language else None
        if in_pieces:
            await self._send(SynthesizeStart(voice=wanted))
            await self._send(SynthesizeChunk(text))
        # A service that takes pieces ignores this one, which is for those in between.
        await self._send(Synthesize(text, voice=wanted))
        if in_pieces:
            await self._send(SynthesizeStop())

    async def sound(self, *, in_pieces: bool) -> AsyncGenerator[Pcm]:
        """Until the service says that this was all."""
        from wyoming.audio import AudioChunk, AudioStop
        from wyoming.tts import SynthesizeStopped

        last = SynthesizeStopped if in_pieces else AudioStop
        async for event in self._events(patience_s=self._patience_s):
            if AudioChunk.is_type(event.type):
                try:
                    chunk = AudioChunk.from_event(event)
                    yield Pcm(chunk.audio, int(chunk.rate), int(chunk.width), int(chunk.channels))
                except (KeyError, TypeError, ValueError):
                    raise EngineError(
                        f"{self._setting}: the service sent malformed sound"
                    ) from None
            elif last.is_type(event.type):
                return

    async def describe(self) -> bool:
        """Whether a program of this service takes its text in pieces."""
        from wyoming.info import Describe, Info

        await self._send(Describe())
        async for event in self._events(patience_s=self._patience_s):
            if Info.is_type(event.type):
                try:
                    programs = Info.from_event(event).tts
                except (KeyError, TypeError, ValueError, AttributeError):
                    return False
                return any(program.supports_synthesize_streaming for program in programs)
        return False

    async def _send(self, message: Eventable) -> None:
        await self._client.write_event(message.event())

    async def _events(self, patience_s: float | None) -> AsyncGenerator[Event]:
        from wyoming.error import Error

        for _ in range(MAX_EVENTS):
            try:
                async with asyncio.timeout(patience_s):
                    event = await self._client.read_event()
            except (AttributeError, KeyError, TypeError, RecursionError):
                raise EngineError(f"{self._setting}.url: that is no Wyoming service") from None
            if event is None:
                raise EOFError("in the middle of an answer")
            if Error.is_type(event.type):
                raise EngineError(f"{self._setting}: the service says: {_text(event)[:200]}")
            yield event
        raise EngineError(f"{self._setting}: the service's answer has no end")


def _text(event: Event) -> str:
    text = event.data.get("text")
    return whole(text) if isinstance(text, str) else ""


def _hang_up(client: AsyncClient) -> None:
    """At once: `disconnect` would wait until everything is written, to somebody who is deaf."""
    writer = client._writer
    if writer is not None:
        writer.transport.abort()
