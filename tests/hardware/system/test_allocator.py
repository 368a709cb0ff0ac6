"""Freed memory goes back to the system once a minute."""

import asyncio

from edgevoice.hardware.system.allocator import TRIM_EVERY_S, Allocator
from tests.virtual_time import elapse


async def running(allocator: Allocator, seconds: float) -> None:
    task = asyncio.ensure_future(allocator.run())
    await elapse(seconds)
    assert not task.done()
    task.cancel()


async def test_it_is_asked_for_once_a_minute_with_no_reserve() -> None:
    asked: list[int] = []
    await running(Allocator(asked.append), 3.5 * TRIM_EVERY_S)
    assert asked == [0, 0, 0]


async def test_the_c_library_of_this_machine_takes_it() -> None:
    await running(Allocator(), 1.5 * TRIM_EVERY_S)
