"""Recognition by networks that are loaded here, in worker threads."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import ModelError
from edgevoice.relay.engines.engine import HEARING_RATE_HZ, Listener
from edgevoice.relay.engines.local.listener import STEP, Dictation, StreamingListener
from edgevoice.relay.engines.local.workers import Workers


class Recognizes(Protocol):
    """See recognizer.py and whisper.py."""

    def dictation(self) -> Dictation: ...

    def warm_up(self, noise: Samples) -> None: ...


class EmbeddedEar:
    """An Ear; see ear.py for the contract."""

    def __init__(self, load: Callable[[], Recognizes], step: int | None = STEP) -> None:
        """`step`: see listener.py."""
        self._load = load
        self._step = step
        self._workers = Workers()
        self._recognizer: Recognizes | None = None

    async def open(self) -> None:
        self._recognizer = await asyncio.to_thread(self._loaded)

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        assert self._recognizer is not None, "open() comes first"
        dictation = self._recognizer.dictation
        return StreamingListener(dictation, self._workers, wake_name, on_partial, self._step)

    async def close(self) -> None:
        await asyncio.to_thread(self._workers.close)

    def _loaded(self) -> Recognizes:
        """Networks are slow the first time they compute; have that behind us."""
        try:
            recognizer = self._load()
        except ModelError as error:
            raise ModelError(f"the local engine cannot hear: {error}") from None
        recognizer.warm_up(np.random.default_rng(0).integers(-300, 300, HEARING_RATE_HZ, np.int16))
        return recognizer
