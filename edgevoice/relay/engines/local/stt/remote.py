"""Recognition by a server, which is sent the speech while it is spoken.

One attempt at a time: a task that takes the sound as it comes and ends with the
words. At a pause the attempt is told that this was all, so that the words are
usually there when the turn is over; whoever goes on speaking gets a new attempt,
with everything from the beginning. Only the words of an attempt that has heard
exactly the utterance count.
"""

import asyncio
from asyncio import Task
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import numpy as np

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Listener, Samples, Utterance
from edgevoice.relay.engines.local.wake_phrase import without_wake_phrase

Told = Callable[[str], None]


class Sound:
    """Samples on their way to a server. No longer than a turn, which ends after a minute."""

    def __init__(self) -> None:
        self._waiting: list[Samples] = []
        self._changed = asyncio.Event()
        self.complete = False

    def add(self, samples: Samples) -> None:
        self._waiting.append(samples)
        self._changed.set()

    def end(self) -> None:
        self.complete = True
        self._changed.set()

    async def blocks(self) -> AsyncIterator[Samples]:
        """What there is and what comes, until its end."""
        while True:
            blocks, self._waiting = self._waiting, []
            if blocks:
                yield np.concatenate(blocks)
            elif self.complete:
                return
            else:
                self._changed.clear()
                await self._changed.wait()


class SpeechServer(Protocol):
    """One server; see openai_http.py and wyoming.py."""

    async def open(self) -> None: ...

    async def transcribe(self, sound: Sound, tell: Told) -> str:
        """The words. `tell` is given pieces of them that will not change any more.

        Raises EngineError; cancelling it closes the connection at once.
        """

    async def close(self) -> None: ...


class RemoteEar:
    """An Ear; see ear.py for the contract."""

    def __init__(self, server: SpeechServer) -> None:
        self._server = server
        self._attempts: set[Task[str]] = set()

    async def open(self) -> None:
        await self._server.open()

    def listen(self, wake_name: str | None, on_partial: Told) -> Listener:
        return RemoteListener(self._attempt, wake_name, on_partial)

    async def close(self) -> None:
        for attempt in list(self._attempts):
            attempt.cancel()
        if self._attempts:
            await asyncio.wait(self._attempts)
        await self._server.close()

    def _attempt(self, sound: Sound, tell: Told) -> Task[str]:
        """Its listener waits for it or cancels it, and close() does where no listener is left."""
        attempt = asyncio.get_running_loop().create_task(self._server.transcribe(sound, tell))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._ended)
        return attempt

    def _ended(self, attempt: Task[str]) -> None:
        self._attempts.discard(attempt)
        error = None if attempt.cancelled() else attempt.exception()
        if error is not None and not isinstance(error, EngineError):
            raise error


class RemoteListener:
    """An engine's Listener, and Guesser."""

    def __init__(
        self,
        begin: Callable[[Sound, Told], Task[str]],
        wake_name: str | None,
        on_partial: Told,
    ) -> None:
        self._begin = begin
        self._wake_name = wake_name
        self._on_partial = on_partial
        self._blocks: list[Samples] = []
        self._sound = Sound()
        self._attempt: Task[str] | None = None
        self._told = ""

    def hear(self, samples: Samples) -> None:
        self._blocks.append(samples)
        if self._sound.complete:
            self._give_up()  # not a pause between words: the speaker goes on
        self._go_on(samples)

    def pause(self) -> None:
        self._sound.end()

    async def guess(self) -> str:
        attempt = self._attempt
        if attempt is None or not self._sound.complete:
            return ""
        await asyncio.wait([attempt])
        if attempt.cancelled() or attempt.exception() is not None or attempt is not self._attempt:
            return ""
        return without_wake_phrase(attempt.result(), self._wake_name)

    async def finish(self, utterance: Utterance) -> str:
        samples = utterance.samples
        if not len(samples):
            self._give_up()
            return ""
        heard = sum(map(len, self._blocks))
        if self._attempt is None or not self._follows(samples):
            self._give_up()
            self._blocks, heard = [], 0
        if heard < len(samples):
            self.hear(samples[heard:])
        self._sound.end()
        assert self._attempt is not None
        return without_wake_phrase(await _words_of(self._attempt), utterance.wake_name)

    def abandon(self) -> None:
        self._give_up()
        self._blocks.clear()

    def _go_on(self, samples: Samples) -> None:
        if self._attempt is None:
            self._sound = Sound()
            self._attempt = self._begin(self._sound, self._teller())
            samples = np.concatenate(self._blocks)
        self._sound.add(samples)

    def _give_up(self) -> None:
        if self._attempt is not None:
            self._attempt.cancel()
            self._attempt = None

    def _teller(self) -> Told:
        """For one attempt: what an earlier one has told already is not told again.

        Behind a wake phrase nothing is told: where it ends is known at the end.
        """
        words = ""

        def tell(more: str) -> None:
            nonlocal words
            words += more
            if self._wake_name is None and words.startswith(self._told):
                new, self._told = words[len(self._told) :], words
                if new:
                    self._on_partial(new)

        return tell

    def _follows(self, samples: Samples) -> bool:
        """What was heard is what the utterance begins with."""
        heard = np.concatenate(self._blocks)
        return len(heard) <= len(samples) and np.array_equal(heard, samples[: len(heard)])


async def _words_of(attempt: Task[str]) -> str:
    """Whoever waits and is cancelled, cancels it too."""
    try:
        return await attempt
    except asyncio.CancelledError:
        waiting = asyncio.current_task()
        if waiting is None or waiting.cancelling():
            raise
        raise EngineError("the utterance was abandoned while it was recognised") from None
