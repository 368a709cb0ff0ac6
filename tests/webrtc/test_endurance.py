"""Many sessions in one process leave nothing behind."""

import asyncio
import gc
import resource
import threading
from pathlib import Path

import pytest

from tests import virtual_time
from tests.webrtc.ends import open_files, session

CYCLES = 200
WARM_UP = 40
"""Until allocators and OpenSSL have what they keep."""
GROWTH_BYTES = 4_000_000
"""Measured 2026-11-30: 3 MB until the 80th session and 0.1 MB in the 320 after it; what one session
holds is 100 kB and more, so that 160 leaked ones were 16 MB."""


def resident_bytes() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def talk() -> None:
    async with session() as both:
        await both.connect()
        both.caller.peer.outbox.send("hello")
        both.call.send("welcome")
        await asyncio.sleep(0.3)
        assert both.at_relay == ["hello"]
        assert both.at_device == ["welcome"]


def decoders() -> int:
    return sum("decoder" in thread.name for thread in threading.enumerate())


async def cycles(count: int) -> tuple[int, int, int]:
    """What is there beyond what was there: open files, tasks and bytes, after the warm-up."""
    files, tasks, size = 0, 0, 0
    for number in range(count):
        if number == min(WARM_UP, count // 2):
            files, tasks, size = open_files(), len(asyncio.all_tasks()), resident_bytes()
        await talk()
    await asyncio.sleep(10)
    return (
        open_files() - files,
        len(asyncio.all_tasks()) - tasks,
        resident_bytes() - size,
    )


def test_a_few_sessions_leave_no_file_and_no_task() -> None:
    files, tasks, _ = virtual_time.run(cycles(6))
    assert (files, tasks) == (0, 0)


@pytest.mark.slow
def test_two_hundred_sessions_leave_nothing() -> None:
    files, tasks, size = virtual_time.run(cycles(CYCLES))
    assert (files, tasks) == (0, 0)
    for thread in threading.enumerate():
        if "decoder" in thread.name:
            thread.join(10)
    assert decoders() == 0
    assert size < GROWTH_BYTES
