"""A loop that stands still is noticed by a thread, once; one that waits is not."""

import asyncio
import threading
import time

import pytest

from edgevoice.daemon.stall_watch import StallWatch
from tests.virtual_time import elapse

LIMIT_S = 0.05


class Told:
    def __init__(self) -> None:
        self.stacks: list[str] = []
        self.heard = threading.Event()

    def __call__(self, stacks: str) -> None:
        self.stacks.append(stacks)
        self.heard.set()


def hang(told: Told) -> None:
    """Blocks the loop until somebody has noticed."""
    assert told.heard.wait(10)


async def test_where_it_stands_is_told_once_and_again_the_next_time() -> None:
    told = Told()
    task = asyncio.ensure_future(StallWatch(LIMIT_S, told).run())
    await elapse(0)
    for _ in range(2):
        told.heard.clear()
        hang(told)
        before = time.monotonic()
        while time.monotonic() - before < LIMIT_S:  # it lives again
            await elapse(LIMIT_S)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(told.stacks) >= 2
    assert "thread MainThread" in told.stacks[0] and "test_stall_watch.py" in told.stacks[0]
    assert " hang\n" in told.stacks[0]
    assert not any(thread.name == "stall watch" for thread in threading.enumerate())


@pytest.mark.parametrize("limit_s", [None, 30.0])
async def test_nothing_is_told_of_a_loop_that_waits(limit_s: float | None) -> None:
    told = Told()
    task = asyncio.ensure_future(StallWatch(limit_s, told).run())
    await elapse(3600)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert told.stacks == []
