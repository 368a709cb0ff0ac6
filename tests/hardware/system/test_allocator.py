"""Freed memory goes back to the system once a minute."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from edgevoice.hardware.system.allocator import SWEEP_EVERY_S, Allocator
from tests.virtual_time import elapse


class Circle:
    """What only the collector finds, as a connection is."""

    def __init__(self) -> None:
        self.itself = self


def dropped() -> weakref.ref[Circle]:
    return weakref.ref(Circle())


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """It does not come by itself meanwhile."""
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


async def running(allocator: Allocator, seconds: float) -> None:
    task = asyncio.ensure_future(allocator.run())
    await elapse(seconds)
    assert not task.done()
    task.cancel()


async def test_it_is_asked_for_once_a_minute_with_no_reserve() -> None:
    asked: list[int] = []
    await running(Allocator(asked.append), 3.5 * SWEEP_EVERY_S)
    assert asked == [0, 0, 0]


async def test_the_c_library_of_this_machine_takes_it() -> None:
    await running(Allocator(), 1.5 * SWEEP_EVERY_S)


async def test_what_a_connection_leaves_behind_is_released_within_a_minute() -> None:
    left = dropped()
    await running(Allocator(), 0.5 * SWEEP_EVERY_S)
    assert left() is not None
    await running(Allocator(), 1.1 * SWEEP_EVERY_S)
    assert left() is None


async def test_what_is_loaded_is_looked_at_no_more_until_something_else_is() -> None:
    loaded = Circle()
    gone = weakref.ref(loaded)
    allocator = Allocator()
    allocator.settle()
    del loaded
    await running(allocator, 1.1 * SWEEP_EVERY_S)
    assert gone() is not None
    allocator.settle()  # after a reload, which has dropped it
    assert gone() is None
