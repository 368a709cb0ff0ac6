"""The relay's voice for the asking: text in, sound out, as OpenAI's `/v1/audio/speech` does it.

Devices have it say what rings and what is announced. It is the voice of the local engine; a
relay without one refuses, and the device rings without a name.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

import msgspec
from aiohttp import web
from msgspec import Meta

from edgevoice.audio.frames import Samples
from edgevoice.errors import EngineError
from edgevoice.relay.access.callers import Callers
from edgevoice.relay.access.limits import Bucket
from edgevoice.relay.announcing.notices import LONGEST
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.http.request_body import read_body

PATH = "/v1/audio/speech"
BODY_BYTES = 8_192
PER_S, AT_ONCE = 0.2, 10
"""Of one caller: twelve a minute, ten of them at once."""
MOST_CALLERS = 1_024
AT_A_TIME = 2
"""Synthesis is the dearest thing a relay does; answers go first."""


@runtime_checkable
class Voice(Protocol):
    def say(self, text: str) -> AsyncIterator[Samples]:
        """24 kHz, sentence by sentence. Raises EngineError; closing it ends the synthesis."""


class _Wanted(msgspec.Struct):
    """What else OpenAI's clients send is not for us to choose, and ignored."""

    input: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    response_format: Literal["pcm"] = "pcm"


class SpeechPages:
    def __init__(self, callers: Callers, engine: object) -> None:
        self._callers = callers
        self._voice = engine if isinstance(engine, Voice) else None
        self._buckets: dict[str, Bucket] = {}
        self._turn = asyncio.Semaphore(AT_A_TIME)

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(PATH, self._speak)

    async def _speak(self, request: web.Request) -> web.Response:
        recognised = await self._callers.recognise(request)
        body = await read_body(request, BODY_BYTES)
        caller = await self._callers.admit(recognised, body)
        if caller.kind == "secret":
            raise CallRefused(403, "a client secret is for calls", code="forbidden")
        if self._voice is None:
            raise CallRefused(501, "this relay has no voice of its own", code="no_voice")
        self._refuse_too_many(caller.name)
        text = read(body)
        try:
            async with self._turn:
                sound = b"".join([part async for part in _spoken(self._voice, text)])
        except EngineError as error:
            raise CallRefused(502, f"the voice failed: {error}", code="voice_failed") from error
        return web.Response(body=sound, content_type="audio/pcm")

    def _refuse_too_many(self, name: str) -> None:
        now = asyncio.get_running_loop().time()
        while len(self._buckets) >= MOST_CALLERS:
            del self._buckets[next(iter(self._buckets))]
        bucket = self._buckets.setdefault(name, Bucket(PER_S, AT_ONCE, now))
        if not bucket.take(now):
            raise CallRefused(
                429,
                "too much is to be said",
                code="rate_limit_exceeded",
                retry_after_s=bucket.wait_s,
            )


async def _spoken(voice: Voice, text: str) -> AsyncIterator[bytes]:
    said: Any = voice.say(text)
    async with aclosing(said) as parts:
        async for samples in parts:
            yield samples.astype("<i2").tobytes()


def read(body: bytes) -> str:
    """The words to be spoken; CallRefused where there are none."""
    try:
        wanted = msgspec.json.decode(body, type=_Wanted)
    except (ValueError, RecursionError) as error:
        raise CallRefused(
            400,
            f'{error}; send {{"input": up to {LONGEST} letters, "response_format": "pcm"}}',
            code="invalid_value",
        ) from error
    return " ".join(wanted.input.split())
