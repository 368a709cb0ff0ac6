"""Waiting on a real clock for what another process does."""

import asyncio
from collections.abc import Callable
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
