"""Recognises an utterance while it is being spoken.

One recognition at a time, in a worker thread. While the user speaks it yields words
as they settle; at a pause it recognises what there is, so that the transcript is
usually ready when the turn is over. What counts is the whole utterance, which
`finish` is given: nothing heard before is trusted where it differs.
"""

import logging
import threading
from asyncio import Future, wait
from collections.abc import Callable
from typing import Protocol

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.errors import EdgeVoiceError, EngineError
from edgevoice.relay.engines.engine import Utterance
from edgevoice.relay.engines.local.agreement import Agreement
from edgevoice.relay.engines.local.moonshine import Cancelled
from edgevoice.relay.engines.local.wake_phrase import without_wake_phrase
from edgevoice.relay.engines.local.workers import Workers

log = logging.getLogger(__name__)

STEP = CAPTURE_RATE_HZ * 8 // 10
"""New speech after which the words so far are worth another look. While somebody speaks
this costs about 15 % of a core, where one recognition takes 0.1 s."""


class Dictation(Protocol):
    """See recognizer.py; a protocol so that stories about timing need no network."""

    def transcribe(self, samples: Samples, cancelled: Callable[[], bool]) -> str: ...


class StreamingListener:
    """An engine's Listener, and Guesser."""

    def __init__(
        self,
        dictation: Callable[[], Dictation],
        workers: Workers,
        wake_name: str | None,
        on_partial: Callable[[str], None],
        step: int | None = STEP,
    ) -> None:
        """`step` None: looks at pauses only, for networks that cannot be stopped."""
        self._step = step
        self._make_dictation = dictation
        self._dictation = dictation()
        self._workers = workers
        self._wake_name = wake_name
        self._on_partial = on_partial
        self._agreement = Agreement()
        self._blocks: list[Samples] = []
        self._heard = 0
        self._looked_at = 0
        self._running: Future[str] | None = None
        self._cancel = threading.Event()
        self._paused_at = -1
        self._guess = (-1, "")
        """The newest transcript, and how much of the utterance it is of."""
        self._over = False

    def hear(self, samples: Samples) -> None:
        self._blocks.append(samples)
        self._heard += len(samples)
        enough = self._step is not None and self._heard - self._looked_at >= self._step
        if enough and self._workers.have_time:
            self._look()

    def pause(self) -> None:
        """A look in progress lacks the last words: stop it, and look at everything."""
        self._paused_at = self._heard
        if self._looked_at < self._heard:
            self._cancel.set()
        self._look()

    async def guess(self) -> str:
        while self._running is not None:
            await _settle(self._running)
        heard, words = self._guess
        return words if heard == self._heard == self._paused_at else ""

    async def finish(self, utterance: Utterance) -> str:
        self._over = True
        if self._looked_at != self._paused_at:
            self._cancel.set()  # what it looks at lacks the last words
        if self._running is not None:
            await _settle(self._running)
        if not self._follows(utterance.samples):
            self._dictation = self._make_dictation()
        self._cancel = threading.Event()
        try:
            text = await self._transcribe(utterance.samples)
        finally:
            self._cancel.set()  # nobody waits any more, if this was cancelled
        return without_wake_phrase(text, utterance.wake_name)

    def abandon(self) -> None:
        self._over = True
        self._cancel.set()
        self._blocks.clear()

    def _look(self) -> None:
        """Begin a recognition of what was heard, unless there is one or nothing is new."""
        if self._over or self._running is not None or self._looked_at == self._heard:
            return
        samples = self._all()
        self._looked_at = len(samples)
        self._cancel = threading.Event()
        self._running = self._start(samples)
        self._running.add_done_callback(self._looked)

    def _looked(self, look: Future[str]) -> None:
        self._running = None
        if look.cancelled():
            return
        error = look.exception()
        if isinstance(error, EdgeVoiceError):
            log.warning("recognition failed while listening: %s", error)  # finish() raises it
        elif error is not None and not isinstance(error, Cancelled):
            raise error
        if self._over:
            return
        if error is None:
            words = without_wake_phrase(look.result(), self._wake_name)
            self._guess = (self._looked_at, words)
            self._tell(words)
        if self._looked_at < self._paused_at:
            self._look()

    def _tell(self, text: str) -> None:
        words = self._agreement.add(text)
        if words:
            self._on_partial(words)

    def _start(self, samples: Samples) -> Future[str]:
        return self._workers.run(self._dictation.transcribe, samples, self._cancel.is_set)

    async def _transcribe(self, samples: Samples) -> str:
        try:
            return await self._start(samples)
        except Cancelled:
            raise EngineError("the utterance was abandoned while it was recognised") from None

    def _all(self) -> Samples:
        self._blocks = [np.concatenate(self._blocks)] if self._blocks else []
        return self._blocks[0] if self._blocks else np.zeros(0, np.int16)

    def _follows(self, samples: Samples) -> bool:
        """What was heard is what the utterance begins with, as far as both go."""
        heard = self._all()
        both = min(len(heard), len(samples))
        return len(samples) >= self._looked_at and np.array_equal(heard[:both], samples[:both])


async def _settle(look: Future[str]) -> None:
    """Wait for its end, however it ends."""
    await wait([look])
