"""The engine that says back what it heard: tests the whole way without any model."""

from collections.abc import AsyncIterator, Callable

from edgevoice.audio.frames import Samples
from edgevoice.audio.resample import resample
from edgevoice.realtime.items import Message
from edgevoice.relay.engines.engine import (
    HEARING_RATE_HZ,
    SPEAKING_RATE_HZ,
    Audio,
    Listener,
    Part,
    Request,
    Text,
    Utterance,
)


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

    async def start(self) -> None:
        pass

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        return ParrotListener()

    async def respond(self, request: Request) -> AsyncIterator[Part]:
        utterance = request.utterance
        if utterance is None:
            yield Text(f"(parrot) {_last_words(request) or 'nothing to repeat'}")
            return
        yield Text(describe(utterance))
        if request.speak and len(utterance.samples):
            yield Audio(resample(utterance.samples, HEARING_RATE_HZ, SPEAKING_RATE_HZ))

    async def close(self) -> None:
        pass


def describe(utterance: Utterance) -> str:
    return f"(parrot) {len(utterance.samples) / HEARING_RATE_HZ:.1f} seconds"


def _last_words(request: Request) -> str:
    for item in reversed(request.items):
        if isinstance(item, Message) and item.role == "user":
            return " ".join(part.words for part in item.content if part.words)
    return ""
