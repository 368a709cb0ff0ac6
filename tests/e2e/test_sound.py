"""Real sounddevice, a real PulseAudio, a real relay: spoken to, listened to, muted, cut off."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import Samples
from edgevoice.relay.engines.local.recognizer import Recognizer
from edgevoice.simulator.relay_process import RunningRelay, relay_process
from tests.e2e.house import DeviceProcess, device_process
from tests.e2e.sound_room import DEVICE, LIKE, SoundRoom, likeness, without_silence
from tests.fault_report import Measured
from tests.pulse import Pulse
from tests.recordings import speech
from tests.relay.engines.local.chat_server import DONE, FINISHED, ChatServer, says
from tests.waiting import seconds

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

LOST_S = 5.0
"""A dead server is noticed within 1 s of silence; the rest is for a busy machine."""

BACK_S = 8.0
"""After the return of a server it listens within 5 s; the rest is for a busy machine."""

WORD = "alexa_107"

ECHO_PERCENT = 100
"""As loud as it is played: the loudspeaker lies beside the microphone."""


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


async def test_the_time_is_told_aloud(tmp_path: Path, room: SoundRoom) -> None:
    """By the relay's own voice, and understood by ears of its kind."""
    async with (
        relay_process("local", tmp_path) as relay,
        device_process(tmp_path, relay.url, relay.token, **DEVICE, turn__follow_up_s=0.5) as device,
    ):
        await listens(device)
        before = room.played
        await room.say("alexa_what_time_is_it", 0.6)
        await device.until(state="speaking")
        await device.until(state="idle", gate="closed")
        answer = room.heard(before)
    told = Recognizer().dictation().transcribe(answer, lambda: False)
    assert re.search(r"it.?s .*\b[ap]\.?\s?m\b", told, re.IGNORECASE), told


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


@pytest.mark.fault("audio-server-restart")
@pytest.mark.parametrize("state", ["listening", "speaking"])
async def test_a_sound_server_that_dies_in_mid_turn_is_shown_and_its_successor_is_used(
    tmp_path: Path,
    parrot: RunningRelay,
    room: SoundRoom,
    pulse: Pulse,
    state: str,
    measured: Measured,
) -> None:
    question: list[str | float] = ["what_time_is_it", 0.6] if state == "speaking" else []
    async with device_process(
        tmp_path, parrot.url, parrot.token, **DEVICE, turn__no_speech_s=10.0
    ) as device:
        await listens(device)
        await room.say(WORD, 0.5, *question)
        await device.until(state=state)
        await device.ask("volume 30")
        await asyncio.to_thread(pulse.kill)
        noticed_s = await seconds(
            device.until_that(lambda s: s["microphone"] == "lost", "the loss", LOST_S)
        )
        status = await device.until(state="idle", gate="closed", speaker="lost")
        assert status["last_turn"]["samples"]["lost"] == 0
        await device.shows("error")
        assert device.says("ERROR", "no sound is captured")
        assert device.says("ERROR", "nothing is heard of us")
        assert "the microphone was lost" in (await device.ask("why"))["stop"]["sentence"]
        await asyncio.to_thread(pulse.start)
        back_s = await seconds(
            device.until_that(lambda s: s["microphone"] == "ok", "the return", BACK_S)
        )
        measured(f"while {state}: shown after {noticed_s:.1f} s, back after {back_s:.1f} s")
        await asyncio.to_thread(pulse.settle)
        await listens(device)
        before = room.played
        await room.say(WORD, 0.5, "what_time_is_it", 0.6)
        await device.until(state="speaking")
        await device.until(state="listening")
        await device.ask("stop")
        status = await device.until(state="idle", gate="closed")
        assert (status["volume"], status["last_turn"]["samples"]["lost"]) == (30, 0)
        assert likeness(room.heard(before), speech("what_time_is_it")) > LIKE
        assert "Traceback" not in device.log.read_text()


STORY = (
    "Once upon a time a fox lived at the edge of a large forest, and nobody knew his name. "
    "Every evening he walked along the hedge, listened to the owls, and counted the stars. "
    "One night, however, the moon did not rise, and he asked the oldest owl what to do. "
    "She thought for a while, looked at the clouds, and told him to wait until the morning."
)
STORY_S = 15
"""Told by the relay's voice it takes 18 to 20 s."""

ATTEMPTS = 3
INTO_S = 2.5
"""So long it is listened to before somebody speaks into it."""


@asynccontextmanager
async def a_narrator(
    tmp_path: Path, room: SoundRoom
) -> AsyncIterator[tuple[DeviceProcess, ChatServer]]:
    """It hears itself, and when asked anything tells a story."""
    room.echo(ECHO_PERCENT)
    chat = ChatServer([says(STORY), FINISHED, DONE])
    async with chat.running(model="narrator") as server:
        settings = (
            f"relay.local.chat.url={server.config.url}",
            "relay.local.chat.model=narrator",
        )
        async with (
            relay_process("local", tmp_path, settings) as relay,
            device_process(
                tmp_path, relay.url, relay.token, **DEVICE, turn__follow_up_s=1.0
            ) as device,
        ):
            await listens(device)
            yield device, chat
            assert "Traceback" not in device.log.read_text()


async def begin_a_story(device: DeviceProcess, room: SoundRoom) -> int:
    """Where in what the loudspeaker plays it began."""
    await device.ask("wake")
    await device.until(state="listening", gate="open")
    await room.say("computer", 0.5)
    await device.until(state="speaking")
    return room.played


def seconds_of_sound(sound: Samples) -> float:
    blocks = sound[: len(sound) // 1600 * 1600].reshape(-1, 1600)
    return float((np.abs(blocks.astype(np.int32)).max(1) > 500).sum()) / 10


@pytest.mark.fault("own-voice")
async def test_a_long_answer_neither_interrupts_itself_nor_wakes(
    tmp_path: Path, room: SoundRoom
) -> None:
    """Where the machine stalls for 0.1 s the loudspeaker runs dry, and its echo is another one
    afterwards. That may pass for a voice, once; an echo that is not cancelled always does."""
    async with a_narrator(tmp_path, room) as (device, _chat):
        for _ in range(ATTEMPTS):
            began = await begin_a_story(device, room)
            number = (await device.ask("status"))["last_turn"] or {"number": 0}
            status = await device.until_that(
                lambda s: s["state"] == "idle" and s["gate"] == "closed", "the end", STORY_S * 3
            )
            if status["last_turn"]["number"] == number["number"] + 1:
                break
        assert status["last_turn"]["number"] == number["number"] + 1, device.log.read_text()
        assert status["last_turn"]["outcome"] == "answered"
        assert seconds_of_sound(room.heard(began)) > 0.9 * STORY_S


@pytest.mark.parametrize("words", [[], [WORD, 0.3]], ids=["words", "wake word and words"])
async def test_speaking_into_an_answer_stops_it_and_is_answered(
    tmp_path: Path, room: SoundRoom, words: list[str | float]
) -> None:
    async with a_narrator(tmp_path, room) as (device, chat):
        await begin_a_story(device, room)
        chat.steps = [says("The end."), FINISHED, DONE]
        await asyncio.sleep(INTO_S)
        before = room.played
        trimmed = [without_silence(part) if isinstance(part, str) else part for part in words]
        await room.say(*trimmed, without_silence("what_time_is_it"), 0.2)
        await device.until_that(lambda s: s["last_turn"] is not None, "an end of the story")
        await device.until(state="speaking")
        status = await device.until(state="idle", gate="closed")
        assert status["last_turn"]["number"] > 1
        assert re.search(r"speaking -> listening \((barge-in|wake)", device.log.read_text())
        assert seconds_of_sound(room.heard(before)) < STORY_S / 2
