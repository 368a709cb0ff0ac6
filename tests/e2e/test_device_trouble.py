"""The device as a process while others go wrong: relays that die, clients that say nothing."""

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

import pytest

from edgevoice.simulator.relay_process import RunningRelay, relay_process
from tests.e2e.house import DeviceProcess, device_process, edgevoice
from tests.recordings import recording

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

QUESTION = {
    "microphone__backend": "wav",
    "microphone__device": str(recording("alexa_what_time_is_it")),
}


def left(device: DeviceProcess) -> int:
    """Openings of the gate in the privacy log."""
    return len((device.state / "privacy.log").read_text().splitlines())


@pytest.mark.parametrize("state", ["listening", "speaking"])
async def test_sigterm_ends_it_cleanly_in_mid_conversation(
    tmp_path: Path, parrot: RunningRelay, state: str
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token, **QUESTION) as device:
        await device.until(state=state)
        device.process.send_signal(signal.SIGTERM)
        assert await device.ended(within_s=2.0) == 0
        assert "Traceback" not in device.log.read_text()
        assert left(device) == 1


async def test_a_control_client_that_says_nothing_does_not_hold_up_sigterm(
    tmp_path: Path, parrot: RunningRelay
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token) as device:
        await device.until(state="idle")
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(str(device.socket))
            await device.ask("status")
            device.process.send_signal(signal.SIGTERM)
            assert await device.ended(within_s=1.5) == 0


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_relay_that_dies_in_mid_answer_is_noticed_and_its_successor_is_used(
    tmp_path: Path, blow: signal.Signals
) -> None:
    async with (
        relay_process("parrot", tmp_path) as relay,
        device_process(tmp_path, relay.url, relay.token, **QUESTION) as device,
    ):
        await device.until(state="speaking")
        os.kill(relay.pid, blow)
        status = await device.until(state="idle", gate="closed", relay="offline")
        assert status["last_turn"]["outcome"].startswith("lost")
        assert status["last_turn"]["samples"]["lost"] == 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(relay.pid, signal.SIGKILL)
        successor = await started_again(relay, tmp_path)
        try:
            await device.ask("wake")
            await device.until(state="listening", gate="open", relay=relay.url)
            await device.ask("stop")
            await device.until(state="idle", gate="closed")
            assert left(device) == 2
        finally:
            successor.kill()
            await successor.communicate()


async def started_again(relay: RunningRelay, directory: Path) -> asyncio.subprocess.Process:
    """At the same address, with the same tokens."""
    settings = {
        "relay.engine": "parrot",
        "relay.port": int(relay.url.rpartition(":")[2]),
        "relay.tokens_file": str(directory / "tokens"),
    }
    process = await asyncio.create_subprocess_exec(
        *edgevoice("relay", settings), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert relay.url in (await process.stdout.readline()).decode()
    return process
