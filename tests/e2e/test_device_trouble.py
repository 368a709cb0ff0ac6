"""The device as a process while others go wrong: relays, clients, and microphones that go."""

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

import pytest

from edgevoice.simulator.relay_process import RunningRelay, relay_process
from tests.e2e.house import DeviceProcess, device_process, edgevoice
from tests.e2e.sound_room import DEVICE, SoundRoom
from tests.pulse import Pulse
from tests.recordings import recording

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

QUESTION = {
    "microphone__backend": "wav",
    "microphone__device": str(recording("alexa_what_time_is_it")),
}

NOTICED_S = 1.0 + 0.5
HEALED_S = 5.0 + 1.0
"""With what a busy machine and the asking add."""

USB = ("load-module", "module-null-sink", "sink_name=usb", "rate=16000", "channels=1")


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


async def test_a_microphone_that_goes_in_mid_turn_is_shown_and_used_when_it_is_back(
    tmp_path: Path, parrot: RunningRelay, pulse: Pulse
) -> None:
    """The sound server moves the stream to another source, and sound goes on coming."""
    usb = pulse.control(*USB)
    pulse.hiss("usb")
    settings = {
        "microphone__backend": "portaudio",
        "microphone__device": "pulse:usb",
        "speaker__backend": "portaudio",
        "speaker__device": "pulse",
    }
    async with device_process(tmp_path, parrot.url, parrot.token, **settings) as device:
        await device.until_that(lambda status: status["captured_s"] > 0.5, "sound captured")
        await device.ask("wake")
        await device.until(state="listening", gate="open")
        await asyncio.to_thread(pulse.control, "unload-module", usb)
        await device.until_that(lambda s: s["microphone"] == "lost", "the loss", NOTICED_S)
        await device.until(state="idle", gate="closed")
        assert "is gone from the sound server" in device.log.read_text()
        pulse.control(*USB)
        pulse.hiss("usb")
        await device.until_that(lambda s: s["microphone"] == "ok", "the return", HEALED_S)
        await device.ask("wake")
        await device.until(state="listening", gate="open")


async def test_a_sound_server_that_hangs_while_the_microphone_is_opened_is_shown(
    tmp_path: Path, parrot: RunningRelay, pulse: Pulse
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token, **DEVICE) as device:
        await device.until_that(lambda status: status["captured_s"] > 0.5, "sound captured")
        await device.ask("mute")
        await device.until_that(
            lambda status: not SoundRoom(pulse).captures_of(device.process.pid), "it closed"
        )
        pulse.hang(True)
        await device.ask("unmute")
        await device.until(muted=False, microphone="lost")
        pulse.hang(False)
        await device.until_that(lambda s: s["microphone"] == "ok", "the return", HEALED_S)


async def started_again(relay: RunningRelay, directory: Path) -> asyncio.subprocess.Process:
    """At the same address, with the same tokens."""
    settings = {
        "relay.engine": "parrot",
        "relay.port": int(relay.url.rpartition(":")[2]),
        "relay.tokens_file": str(directory / "tokens"),
        "relay.store": "memory",
    }
    process = await asyncio.create_subprocess_exec(
        *edgevoice("relay", settings), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert relay.url in (await process.stdout.readline()).decode()
    return process
