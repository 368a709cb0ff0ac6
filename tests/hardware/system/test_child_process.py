"""Ending what we have started."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from edgevoice.hardware.system.child_process import end

pytestmark = pytest.mark.e2e

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
PATIENCE_S = 20.0


async def started(before: str = "") -> Process:
    """One that waits for the end of its input; it has come to that when this returns."""
    script = f"import sys; {before}print(flush=True); sys.stdin.read()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    return process


async def test_who_obeys_is_not_killed() -> None:
    process = await started()
    assert await end(process, PATIENCE_S)
    assert process.returncode == -signal.SIGTERM


async def test_who_does_not_obey_is_killed() -> None:
    process = await started(STUBBORN)
    assert not await end(process, 0.1)
    assert process.returncode == -signal.SIGKILL


async def test_who_has_left_is_left_alone() -> None:
    process = await started()
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()
    assert await end(process, PATIENCE_S)
    assert process.returncode == 0
