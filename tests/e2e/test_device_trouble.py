"""The device as a process while others go wrong: relays, clients, and microphones that go."""

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from edgevoice.hardware.system.line_file import read_lines
from edgevoice.simulator.relay_process import RunningRelay, relay_process
from tests.e2e.house import DeviceProcess, device_process, edgevoice
from tests.e2e.sound_room import DEVICE, SoundRoom
from tests.fault_report import Measured
from tests.pulse import Pulse
from tests.recordings import recording
from tests.waiting import seconds

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

QUESTION = {
    "microphone__backend": "wav",
    "microphone__device": str(recording("alexa_what_time_is_it")),
}

NOTICED_S = 1.0 + 4.0
HEALED_S = 5.0 + 5.0
"""With what a very busy machine and the asking add; tests in virtual time hold the first."""

USB = ("load-module", "module-null-sink", "sink_name=usb", "rate=16000", "channels=1")


ANSWER_S = 10.0
"""The answer takes 3 s, and one that nobody plays 20 s (turn.think_s)."""

SPEAKER = ("load-module", "module-null-sink", "sink_name=jack", "rate=48000", "channels=1")


def left(device: DeviceProcess) -> int:
    """Openings of the gate in the privacy log."""
    return sum("from" in line for line in read_lines(device.state / "privacy.log"))


@pytest.mark.fault("sigterm")
@pytest.mark.parametrize("state", ["listening", "speaking"])
async def test_sigterm_ends_it_cleanly_in_mid_conversation(
    tmp_path: Path, parrot: RunningRelay, state: str, measured: Measured
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token, **QUESTION) as device:
        await device.until(state=state)
        began = time.monotonic()
        device.process.send_signal(signal.SIGTERM)
        assert await device.ended(within_s=2.0) == 0
        measured(f"{state}: out after {time.monotonic() - began:.2f} s")
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


@pytest.mark.fault("relay-killed")
async def test_a_relay_that_is_killed_in_mid_answer_and_started_again_answers_after_all(
    tmp_path: Path, measured: Measured
) -> None:
    """The one after it knows nothing: the conversation is told, and the question asked again."""
    async with (
        relay_process("parrot", tmp_path) as relay,
        device_process(
            tmp_path,
            relay.url,
            relay.token,
            turn__follow_up_s=0.5,
            turn__reconnect_s=60.0,  # a busy machine starts a relay in 15 s
            **QUESTION,
        ) as device,
    ):
        await device.until(state="speaking")
        os.kill(relay.pid, signal.SIGKILL)
        successor = await started_again(relay, tmp_path)
        began = time.monotonic()
        try:
            status = await device.until_that(
                lambda s: s["state"] == "idle", "the end of it", within_s=60.0
            )
        finally:
            successor.kill()
            await successor.communicate()
        turn = status["last_turn"]
        assert (turn["number"], turn["outcome"], turn["samples"]["lost"]) == (1, "answered", 0)
        assert left(device) == 1
        log = device.log.read_text()
        assert "connecting -> listening (link reopened" in log
        measured(f"killed: answered {time.monotonic() - began:.1f} s after its restart, 0 lost")


@pytest.mark.fault("relay-killed", "relay-down")
async def test_a_relay_that_hangs_in_mid_answer_is_noticed_and_its_successor_is_used(
    tmp_path: Path, measured: Measured
) -> None:
    async with (
        relay_process("parrot", tmp_path) as relay,
        device_process(tmp_path, relay.url, relay.token, **QUESTION) as device,
    ):
        await device.until(state="speaking")
        os.kill(relay.pid, signal.SIGSTOP)
        stopped_at = time.monotonic()
        await device.until(state="connecting")
        noticed_s = time.monotonic() - stopped_at
        status = await device.until(state="idle", gate="closed", relay="offline")
        told_s = time.monotonic() - stopped_at
        assert status["last_turn"]["outcome"].startswith("lost")
        assert status["last_turn"]["samples"]["lost"] == 0
        os.kill(relay.pid, signal.SIGKILL)
        successor = await started_again(relay, tmp_path)
        try:
            await device.ask("wake")
            await device.until(state="listening", gate="open", relay=relay.url)
            await device.ask("stop")
            await device.until(state="idle", gate="closed")
            assert left(device) == 2
            measured(f"hung: noticed after {noticed_s:.1f} s, given up after {told_s:.1f} s")
        finally:
            successor.kill()
            await successor.communicate()


@pytest.mark.fault("microphone-unplugged", "other-microphone")
async def test_a_microphone_that_goes_in_mid_turn_is_shown_and_used_when_it_is_back(
    tmp_path: Path, parrot: RunningRelay, pulse: Pulse, measured: Measured
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
        await device.ask("volume 30")
        await device.ask("wake")
        await device.until(state="listening", gate="open")
        await asyncio.to_thread(pulse.control, "unload-module", usb)
        noticed_s = await seconds(
            device.until_that(lambda s: s["microphone"] == "lost", "the loss", NOTICED_S)
        )
        status = await device.until(state="idle", gate="closed")
        assert status["last_turn"]["outcome"] == "microphone lost"
        assert status["last_turn"]["samples"]["lost"] == 0
        await device.shows("error")
        assert device.says("ERROR", '"usb.monitor" is gone from the sound server')
        why = await device.ask("why")
        assert "the microphone was lost" in why["stop"]["sentence"]
        assert "its microphone is lost" in why["deaf"]
        pulse.control(*USB)
        pulse.hiss("usb")
        back_s = await seconds(
            device.until_that(lambda s: s["microphone"] == "ok", "the return", HEALED_S)
        )
        measured(f"shown after {noticed_s:.1f} s, heard again {back_s:.1f} s after its return")
        assert (await device.until(state="idle"))["volume"] == 30
        await device.ask("wake")
        await device.until(state="listening", gate="open")


@pytest.mark.fault("speaker-lost")
async def test_a_loudspeaker_that_goes_in_mid_answer_is_shown_and_used_when_it_is_back(
    tmp_path: Path, parrot: RunningRelay, pulse: Pulse, measured: Measured
) -> None:
    """The answer takes its time in silence, and the turn ends as if it had been heard."""
    jack = pulse.control(*SPEAKER)
    settings = {
        **QUESTION,
        "speaker__backend": "portaudio",
        "speaker__device": "pulse:jack",
        "turn__follow_up_s": 0.0,
    }
    async with device_process(tmp_path, parrot.url, parrot.token, **settings) as device:
        await device.until(state="speaking")
        await asyncio.to_thread(pulse.control, "unload-module", jack)
        noticed_s = await seconds(
            device.until_that(lambda s: s["speaker"] == "lost", "the loss", NOTICED_S)
        )
        assert device.says("ERROR", "nothing is heard of us")
        status = await device.until_that(
            lambda s: (s["state"], s["gate"]) == ("idle", "closed"), "its end in time", ANSWER_S
        )
        assert status["last_turn"]["outcome"] == "answered"
        assert status["last_turn"]["samples"]["lost"] == 0
        await device.shows("error")
        pulse.control(*SPEAKER)
        back_s = await seconds(
            device.until_that(lambda s: s["speaker"] == "ok", "the return", HEALED_S)
        )
        measured(f"shown after {noticed_s:.1f} s, there again {back_s:.1f} s after its return")
        await device.shows("idle")


@pytest.mark.fault("sound-server-hangs")
async def test_a_sound_server_that_hangs_while_the_microphone_is_opened_is_shown(
    tmp_path: Path, parrot: RunningRelay, pulse: Pulse, measured: Measured
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token, **DEVICE) as device:
        await device.until_that(lambda status: status["captured_s"] > 0.5, "sound captured")
        await device.ask("mute")
        await device.until_that(
            lambda status: not SoundRoom(pulse).captures_of(device.process.pid), "it closed"
        )
        pulse.hang(True)
        await device.ask("unmute")
        noticed_s = await seconds(device.until(muted=False, microphone="lost"))
        assert device.says("ERROR", "it is being opened, and that takes no end")
        await device.shows("error")
        pulse.hang(False)
        back_s = await seconds(
            device.until_that(lambda s: s["microphone"] == "ok", "the return", HEALED_S)
        )
        measured(f"shown after {noticed_s:.1f} s, back {back_s:.1f} s after it went on")


@pytest.mark.fault("runaway-session")
async def test_a_session_in_which_nothing_ends_is_ended_by_the_device(
    tmp_path: Path, parrot: RunningRelay, measured: Measured
) -> None:
    """No other clock of it would run out within a minute."""
    settings = dict.fromkeys(("turn__no_speech_s", "turn__follow_up_s", "turn__idle_s"), 60.0)
    async with device_process(
        tmp_path, parrot.url, parrot.token, **settings, turn__session_s=2.0
    ) as device:
        await device.until(state="idle")
        await device.ask("wake")
        await device.until(gate="open")
        ended_s = await seconds(device.until(state="idle", gate="closed"))
        status = await device.ask("status")
        assert status["last_turn"]["outcome"] == "session limit"
        assert status["last_turn"]["samples"]["lost"] == 0
        assert left(device) == 1
        assert device.says("INFO", "listening -> idle (session limit")
        why = (await device.ask("why"))["stop"]["sentence"]
        assert why == "the session reached its limit (turn.session_s)"
        measured(f"turn.session_s of 2 s: the gate is closed after {ended_s:.1f} s, and it is said")


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
