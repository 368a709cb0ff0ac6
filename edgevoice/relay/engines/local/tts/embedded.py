"""Synthesis by the network that is loaded here, in a worker thread."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from edgevoice.audio.frames import Samples
from edgevoice.relay.engines.local.workers import Workers


class Speaks(Protocol):
    """See synthesizer.py."""

    def speak(self, sentence: str) -> Samples: ...


class EmbeddedMouth:
    """A Mouth; see mouth.py for the contract."""

    def __init__(self, load: Callable[[], Speaks]) -> None:
        self._load = load
        self._workers = Workers(1)
        self._synthesizer: Speaks | None = None

    async def open(self) -> None:
        self._synthesizer = await asyncio.to_thread(self._loaded)

    async def speak(self, sentence: str) -> AsyncGenerator[Samples]:
        assert self._synthesizer is not None, "open() comes first"
        samples = await self._workers.run(self._synthesizer.speak, sentence)
        if len(samples):
            yield samples

    async def close(self) -> None:
        await asyncio.to_thread(self._workers.close)

    def _loaded(self) -> Speaks:
        """The first sentence takes longer than the others; have that behind us."""
        synthesizer = self._load()
        synthesizer.speak("It's ten o'clock.")
        return synthesizer
