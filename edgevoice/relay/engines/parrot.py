"""The engine that says back what it heard: tests the whole way without any model.

What was spoken it gives back as sound. What was written it writes back, a word at a time,
and whistles a note for each. Asked to `call NAME {"some": "arguments"}` it calls that tool,
if the client offers one of the name, and says back what the tool returned.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.resample import resample
from edgevoice.realtime.items import FunctionCallOutput, Message
from edgevoice.relay.engines.engine import (
    HEARING_RATE_HZ,
    SPEAKING_RATE_HZ,
    Audio,
    FunctionCall,
    Listener,
    Part,
    Request,
    Text,
    Utterance,
)

MOST_WORDS = 500
"""75 s of whistling; whoever writes more is not waiting for its end."""
NOTE_S = 0.15
WORD_S = 0.05
"""Three times as fast as it is heard, as engines are: an answer can be cancelled in its middle."""
CALL = re.compile(r"\bcall (?P<name>[\w-]{1,64})\s*(?P<arguments>\{.{0,4000}\})?", re.DOTALL)


class ParrotListener:
    """Counts seconds; it understands no word."""

    def hear(self, samples: Samples) -> None:
        pass

    def pause(self) -> None:
        pass

    async def finish(self, utterance: Utterance) -> str:
        return describe(utterance)

    def abandon(self) -> None:
        pass


class Parrot:
    """An engine; see engine.py for the contract."""

    name = "parrot"

    async def start(self) -> None:
        pass

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        return ParrotListener()

    async def respond(self, request: Request) -> AsyncIterator[Part]:
        utterance = request.utterance
        if utterance is not None:
            yield Text(describe(utterance))
            if request.speak and len(utterance.samples):
                yield Audio(resample(utterance.samples, HEARING_RATE_HZ, SPEAKING_RATE_HZ))
        elif (call := tool_call(request)) is not None:
            yield call
        else:
            async with aclosing(_recite(_last_words(request) or "nothing to repeat")) as parts:
                async for part in parts:
                    yield part

    async def close(self) -> None:
        pass


def describe(utterance: Utterance) -> str:
    return f"(parrot) {len(utterance.samples) / HEARING_RATE_HZ:.1f} seconds"


def tool_call(request: Request) -> FunctionCall | None:
    """The call that was asked for, in words or by `tool_choice`, and not made yet."""
    if request.items and isinstance(request.items[-1], FunctionCallOutput):
        return None
    said = CALL.search(_last_words(request))
    name, arguments = (said["name"], said["arguments"]) if said else ("", None)
    choice: Any = request.tool_choice
    if choice == "none":
        return None
    if isinstance(choice, dict):
        name = str(choice.get("name", ""))
    offered = {tool.get("name") for tool in request.tools}
    return FunctionCall(name, arguments or "{}") if name and name in offered else None


async def _recite(words: str) -> AsyncGenerator[Part]:
    yield Text("(parrot)")
    for number, word in enumerate(words.split()[:MOST_WORDS]):
        if number:
            await asyncio.sleep(WORD_S)
        yield Text(f" {word}")
        yield Audio(_note(number))


def _note(number: int) -> Samples:
    """One of five that sound well in any order, fading in and out."""
    pitch_hz = 523.25 * (1, 9 / 8, 5 / 4, 3 / 2, 5 / 3)[number * 3 % 5]
    clock = np.arange(round(NOTE_S * SPEAKING_RATE_HZ)) / SPEAKING_RATE_HZ
    envelope = np.sin(np.pi * clock / NOTE_S)
    return (6_000 * envelope * np.sin(2 * np.pi * pitch_hz * clock)).astype(np.int16)


def _last_words(request: Request) -> str:
    """Of the user, or of the tool that has answered since."""
    for item in reversed(request.items):
        if isinstance(item, FunctionCallOutput):
            return item.output
        if isinstance(item, Message) and item.role == "user":
            return " ".join(part.words for part in item.content if part.words)
    return ""
