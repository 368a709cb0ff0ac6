"""Waiting on a real clock for what another process does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(seen: Callable[[], T], at_most_s: float = 20.0) -> T:
    """The first value that is true; TimeoutError when there is none in time.

    Asked again and again, for another process sets no event here.
    """
    async with asyncio.timeout(at_most_s):
        while not (found := seen()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


async def seconds(awaited: Awaitable[object]) -> float:
    """How long this took, by a real clock."""
    began = time.monotonic()
    await awaited
    return time.monotonic() - began
