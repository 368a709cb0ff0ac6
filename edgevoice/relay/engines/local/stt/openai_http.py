"""Recognition by an OpenAI-compatible server: POST /audio/transcriptions.

The whole speech goes in one request, since the API takes no sound bit by bit; the
words come as a stream where the server can (OpenAI's events, or vLLM's chunks), and
in one piece where it cannot.
"""

import io
import json
import wave
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.config import SttConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Samples
from edgevoice.relay.engines.local.event_stream import EventStream, WholeBody
from edgevoice.relay.engines.local.http_server import HttpServer
from edgevoice.relay.engines.local.stt.remote import Sound, Told
from edgevoice.relay.engines.local.whole_letters import WholeLetters, whole

MAX_LETTERS = 8_000
"""More than anybody says in a minute: the server has lost the thread."""
STREAM = "text/event-stream"


class OpenAiSpeechServer:
    """A SpeechServer; see remote.py for the contract."""

    def __init__(self, config: SttConfig) -> None:
        self._config = config
        self._server = HttpServer(config, "relay.local.stt")

    async def open(self) -> None:
        await self._server.open()

    async def close(self) -> None:
        await self._server.close()

    async def transcribe(self, sound: Sound, tell: Told) -> str:
        blocks = [block async for block in sound.blocks()]
        form = self._form(np.concatenate(blocks) if blocks else np.zeros(0, np.int16))
        words, letters = "", WholeLetters()
        async with self._server.post("/audio/transcriptions", data=form) as response:
            async for event in self._events(response):
                words, new = _read(event, words)
                tell(letters.push(new))
                if len(words) > MAX_LETTERS:
                    raise EngineError("the server of relay.local.stt sends words without end")
        return whole(words).strip()

    def _form(self, samples: Samples) -> aiohttp.FormData:
        form = aiohttp.FormData()
        form.add_field("file", _wav(samples), filename="speech.wav", content_type="audio/wav")
        form.add_field("response_format", "json")
        form.add_field("stream", "true")
        for name in ("model", "language"):
            if value := getattr(self._config, name):
                form.add_field(name, value)
        return form

    async def _events(self, response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
        """JSON objects, one or many."""
        stream = EventStream() if response.content_type == STREAM else WholeBody()
        data = b" "
        while data and not stream.done:
            data = await self._server.read(response)
            for event in stream.push(data) if data else stream.finish():
                yield _object(event, bare=isinstance(stream, WholeBody))


def _read(event: dict[str, Any], words: str) -> tuple[str, str]:
    """All the words after this event, and those that are new in it."""
    if error := event.get("error"):
        message = error.get("message") if isinstance(error, dict) else error
        raise EngineError(f"the server of relay.local.stt broke off: {whole(str(message)[:200])}")
    if isinstance(every := event.get("text"), str):
        return every, every.removeprefix(words) if every.startswith(words) else ""
    delta = event.get("delta") or _vllm_delta(event)
    return (words + delta, delta) if isinstance(delta, str) else (words, "")


def _vllm_delta(event: dict[str, Any]) -> object:
    """vLLM writes transcripts as it writes chats: choices[0].delta.content."""
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    delta = choice.get("delta") if isinstance(choice, dict) else {}
    return delta.get("content") if isinstance(delta, dict) else ""


def _object(text: str, *, bare: bool) -> dict[str, Any]:
    """Servers that ignore response_format answer with the bare words."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {"text": text.strip()} if bare else {}
    return found if isinstance(found, dict) else {}


def _wav(samples: Samples) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(CAPTURE_RATE_HZ)
        writer.writeframes(samples.astype("<i2", copy=False).tobytes())
    return file.getvalue()
