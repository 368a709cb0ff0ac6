"""Real sounddevice, a real PulseAudio, a real relay: spoken to, listened to, muted, cut off."""

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from edgevoice.simulator.relay_process import RunningRelay
from tests.e2e.house import DeviceProcess, device_process
from tests.e2e.sound_room import DEVICE, LIKE, SoundRoom, likeness
from tests.pulse import Pulse
from tests.recordings import speech

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

LOST_S = 5.0
"""A dead server is noticed within 1 s of silence; the rest is for a busy machine."""

BACK_S = 8.0
"""After the return of a server it listens within 5 s; the rest is for a busy machine."""

WORD = "alexa_107"


@pytest.fixture
def room(pulse: Pulse) -> SoundRoom:
    return SoundRoom(pulse)


async def listens(device: DeviceProcess) -> None:
    """It has captured for a while; what is said from now on is heard."""
    before = await device.until(state="idle", microphone="ok")
    await device.until_that(
        lambda status: status["captured_s"] > before["captured_s"] + 0.5, "sound captured"
    )


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 others are processes
            await asyncio.sleep(0.05)


def is_kept(device: DeviceProcess, name: str) -> bool:
    settings = device.state / "settings.json"
    return settings.exists() and json.loads(settings.read_text()).get(name) is True


async def test_a_spoken_question_wakes_it_and_the_answer_comes_out_of_the_loudspeaker(
    tmp_path: Path, parrot: RunningRelay, room: SoundRoom
) -> None:
    async with device_process(
        tmp_path, parrot.url, parrot.token, **DEVICE, turn__follow_up_s=0.5
    ) as device:
        await listens(device)
        before = room.played
        await room.say(WORD, 0.5, "what_time_is_it", 0.5)
        await device.until(state="speaking")
        status = await device.until(state="idle", gate="closed")
        assert status["last_turn"]["outcome"] == "answered"
        assert status["last_turn"]["samples"]["lost"] == 0
        assert likeness(room.heard(before), speech("what_time_is_it")) > LIKE


async def test_other_words_do_not_wake_it(
    tmp_path: Path, parrot: RunningRelay, room: SoundRoom
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token, **DEVICE) as device:
        await listens(device)
        await room.say("computer", 0.3, "jarvis", 0.3, "what_time_is_it", 0.3, "snowboy", 1.0)
        status = await device.until(state="idle", gate="closed")
        assert status["last_turn"] is None
        assert not (device.state / "privacy.log").exists()
        # And it did hear: the one that is meant still wakes it.
        await room.say(WORD, 0.5)
        await device.until(state="listening", gate="open")


async def test_mute_closes_the_capture_stream_even_after_a_loss_of_power(
    tmp_path: Path, parrot: RunningRelay, room: SoundRoom
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token, **DEVICE) as device:
        await listens(device)
        pid = device.process.pid
        assert room.captures_of(pid) == 1
        await device.ask("mute")
        await until(lambda: room.captures_of(pid) == 0)
        await until(lambda: is_kept(device, "muted"))
        device.process.send_signal(signal.SIGKILL)
        await device.ended(within_s=5)
    async with device_process(tmp_path, parrot.url, parrot.token, **DEVICE) as device:
        await device.until(muted=True)
        await room.say(WORD, 1.0)
        status = await device.until(muted=True, gate="closed")
        assert room.captures_of(device.process.pid) == 0 and status["captured_s"] == 0
        await device.ask("unmute")
        await listens(device)
        assert room.captures_of(device.process.pid) == 1
        await room.say(WORD, 0.5)
        await device.until(state="listening", gate="open")


@pytest.mark.parametrize("state", ["listening", "speaking"])
async def test_a_sound_server_that_dies_in_mid_turn_is_shown_and_its_successor_is_used(
    tmp_path: Path, parrot: RunningRelay, room: SoundRoom, pulse: Pulse, state: str
) -> None:
    question: list[str | float] = ["what_time_is_it", 0.6] if state == "speaking" else []
    async with device_process(
        tmp_path, parrot.url, parrot.token, **DEVICE, turn__follow_up_s=0.5, turn__no_speech_s=2.0
    ) as device:
        await listens(device)
        await room.say(WORD, 0.5, *question)
        await device.until(state=state)
        await asyncio.to_thread(pulse.kill)
        await device.until_that(lambda s: s["microphone"] == "lost", "the loss", LOST_S)
        await device.until(state="idle", gate="closed")
        await asyncio.to_thread(pulse.start)
        await device.until_that(lambda s: s["microphone"] == "ok", "the return", BACK_S)
        await listens(device)
        before = room.played
        await room.say(WORD, 0.5, "what_time_is_it", 0.6)
        await device.until(state="speaking")
        await device.until(state="idle", gate="closed")
        assert likeness(room.heard(before), speech("what_time_is_it")) > LIKE
        assert "Traceback" not in device.log.read_text()
