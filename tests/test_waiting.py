"""A limit holds for what a program does by itself, and not for what others do beside it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.waiting import own_seconds, seconds

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BUSY = "while True: pass"
SLEEPS = "import time; time.sleep(0.5)"
WORKS = "import time\nwhile time.process_time() < 0.5: pass"


@asynccontextmanager
async def program(code: str, processor: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """It has to share this one processor."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{processor}}})\n{code}"
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()


async def test_who_sleeps_takes_that_time() -> None:
    async with program(SLEEPS, min(os.sched_getaffinity(0))) as sleeping:
        assert await own_seconds(sleeping, 20.0) >= 0.5


async def test_who_is_kept_from_running_does_not() -> None:
    processor = min(os.sched_getaffinity(0))
    async with program(BUSY, processor), program(BUSY, processor), program(BUSY, processor):
        async with program(WORKS, processor) as working:
            own_s = await own_seconds(working, 20.0)
        async with program(WORKS, processor) as working:
            whole_s = await seconds(working.wait())
    assert own_s < whole_s / 2


async def test_who_does_not_end_is_an_error() -> None:
    async with program(BUSY, min(os.sched_getaffinity(0))) as endless:
        with pytest.raises(TimeoutError):
            await own_seconds(endless, 0.2)
