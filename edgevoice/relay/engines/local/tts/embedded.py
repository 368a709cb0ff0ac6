"""Synthesis by the network that is loaded here, in a worker thread."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ
from edgevoice.relay.engines.local.workers import Workers

AUDIBLE = 30
"""-60 dBFS. Before a sentence hibari is 0.2 to 0.3 s below that, and 0.4 s behind it."""
BEFORE = SPEAKING_RATE_HZ // 50
AFTER_CLAUSE = SPEAKING_RATE_HZ // 8
AFTER_SENTENCE = SPEAKING_RATE_HZ * 3 // 10
"""What is left of the silence behind; together with BEFORE it is the pause people make."""


CLAUSE = (", ", "; ", ": ")


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
        samples = trimmed(samples, AFTER_CLAUSE if sentence.endswith(CLAUSE) else AFTER_SENTENCE)
        if len(samples):
            yield samples

    async def close(self) -> None:
        await asyncio.to_thread(self._workers.close)

    def _loaded(self) -> Speaks:
        """The first sentence takes longer than the others; have that behind us."""
        synthesizer = self._load()
        synthesizer.speak("It's ten o'clock.")
        return synthesizer


def trimmed(samples: Samples, after: int) -> Samples:
    """Without most of the silence around it; nobody waits for that."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE)
    if not len(loud):
        return samples[:0]
    return samples[max(0, int(loud[0]) - BEFORE) : int(loud[-1]) + 1 + after]
