"""Waiting on a real clock for what another process does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
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


async def own_seconds(process: asyncio.subprocess.Process, at_most_s: float) -> float:
    """How long it took to end, without the time in which it was ready to run and others ran.

    What a program promises of its own time holds however busy the machine is. TimeoutError
    where it has not ended in `at_most_s`, which counts everything.
    """
    before, waited = _waited_s(process.pid), dict[str, float]()

    async def watch() -> None:
        while process.returncode is None:
            waited.update(_waited_s(process.pid))
            await asyncio.sleep(0.01)

    async with asyncio.timeout(at_most_s):
        took_s = await seconds(watch())
    return took_s - sum(now_s - before.get(thread, 0.0) for thread, now_s in waited.items())


def _waited_s(pid: int) -> dict[str, float]:
    """For a processor, by thread (Documentation/scheduler/sched-stats.rst in Linux)."""
    waited = {}
    with suppress(OSError):  # it has ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                waited[thread.name] = int((thread / "schedstat").read_text().split()[1]) / 1e9
    return waited
