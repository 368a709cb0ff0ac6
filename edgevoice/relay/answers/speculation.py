"""An answer begun before the question is over, and kept until it is wanted or forgotten.

Rule 1: it is used only if what is asked in the end is what was answered: the same request,
to the last word and setting.
Rule 2: until then nothing of it is sent, written down or logged.
Rule 3: it goes no further than a tool's call, for a call has effects.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import numpy as np

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import (
    SPEAKING_RATE_HZ,
    Answerer,
    Audio,
    FunctionCall,
    Part,
    Request,
    Utterance,
)
from edgevoice.relay.state import Spawn

MAX_AHEAD = 10 * SPEAKING_RATE_HZ
"""Samples of an answer that may lie here: half a megabyte per session."""
MAX_PARTS = 64


class Speculation:
    """What a session asks instead of its engine. At most one answer is begun in advance."""

    def __init__(self, engine: Answerer, spawn: Spawn, tell: Callable[[bool], None]) -> None:
        """`tell`: whether one that was begun is used."""
        self._engine = engine
        self._spawn = spawn
        self._tell = tell
        self._ahead: _Ahead | None = None

    def begin(self, request: Request) -> None:
        """This may be asked in a moment."""
        if self._ahead is not None and _same(self._ahead.request, request):
            return
        self.forget()
        self._ahead = _Ahead(request)
        self._ahead.begin(self._engine.respond(request), self._spawn)

    def forget(self) -> None:
        """It was not asked."""
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead = None
            self._tell(False)

    def respond(self, request: Request) -> AsyncIterator[Part]:
        """As an engine's `respond`."""
        ahead = self._ahead
        if ahead is None or not _same(ahead.request, request):
            self.forget()
            return self._engine.respond(request)
        self._ahead = None
        self._tell(True)
        return ahead.parts()


class _Ahead:
    def __init__(self, request: Request) -> None:
        self.request = request
        self._parts: asyncio.Queue[Part | EngineError | None] = asyncio.Queue(MAX_PARTS)
        """None: the end. Whoever fills it waits while it is full."""
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, parts: AsyncIterator[Part], spawn: Spawn) -> None:
        self._task = spawn(self._collect(parts))

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def parts(self) -> AsyncGenerator[Part]:
        """What there is, then what still comes. Raises EngineError as the engine did."""
        self._wanted.set()
        try:
            while (part := await self._parts.get()) is not None:
                if isinstance(part, EngineError):
                    raise part
                yield part
        finally:
            self.cancel()

    async def _collect(self, parts: AsyncIterator[Part]) -> None:
        ahead = 0
        try:
            async for part in parts:
                await self._parts.put(part)
                ahead += len(part.samples) if isinstance(part, Audio) else 0
                if isinstance(part, FunctionCall) or ahead > MAX_AHEAD:
                    await self._wanted.wait()
            await self._parts.put(None)
        except EngineError as error:
            await self._parts.put(error)
        finally:
            if isinstance(parts, AsyncGenerator):
                await parts.aclose()


def _same(one: Request, other: Request) -> bool:
    return (
        tuple(one.items) == tuple(other.items)
        and one.instructions == other.instructions
        and list(one.tools) == list(other.tools)
        and one.tool_choice == other.tool_choice
        and (one.speak, one.silence) == (other.speak, other.silence)
        and _same_sound(one.utterance, other.utterance)
    )


def _same_sound(one: Utterance | None, other: Utterance | None) -> bool:
    if one is None or other is None:
        return one is other
    same_name = (one.item_id, one.wake_name) == (other.item_id, other.wake_name)
    return same_name and np.array_equal(one.samples, other.samples)
