"""A device that the service manager ends for standing still says where it stood."""

import signal
from pathlib import Path

import pytest

from tests.e2e.house import device_process

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

NOBODY = "http://127.0.0.1:9"


async def test_ended_by_the_watchdog_it_leaves_its_stacks_and_why_tells_of_it(
    tmp_path: Path,
) -> None:
    async with device_process(tmp_path, NOBODY, "ev_token") as device:
        await device.until(state="idle")
        device.process.send_signal(signal.SIGABRT)  # what a watchdog sends
        assert await device.ended(within_s=5.0) == -signal.SIGABRT
        log = device.log.read_text()
        assert "Fatal Python error: Aborted" in log and "program.py" in log
    async with device_process(tmp_path, NOBODY, "ev_token") as device:
        await device.until(state="idle")
        told = await device.ask("why")
        assert "it was killed, by the watchdog" in told["restart"]["sentence"]
