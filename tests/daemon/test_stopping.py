"""SIGTERM in every state: over within two seconds, written down, and nothing crackles."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import Samples
from edgevoice.audio.wav import read_wav
from edgevoice.transceiver.inputs import EventReceived, LinkOpened, TimerRang
from edgevoice.transceiver.states import State
from tests.daemon.household import Household, living
from tests.daemon.test_app import silent_relay
from tests.transceiver.story import (
    audio_part,
    committed,
    created,
    session_created,
    speech_started,
    speech_stopped,
    streaming,
)
from tests.virtual_time import elapse

pytestmark = pytest.mark.models

WITHIN_S = 2.0
MOST_STEP = 3_000
"""Between two samples of a tone of 440 Hz at half of full scale there are 950 at 48 kHz; a
click is a step of the whole amplitude."""

Into = Callable[[Household], Awaitable[None]]
INTO: dict[str, Into] = {}


def state(into: Into) -> Into:
    INTO[into.__name__.replace("_", " ")] = into
    return into


@state
async def idle(house: Household) -> None:
    assert house.device.is_idle


@state
async def connecting(house: Household) -> None:
    house.tell("wake")
    await house.until(State.CONNECTING)


@state
async def listening(house: Household) -> None:
    await connecting(house)
    house.device.runner.post(LinkOpened("relay", False))
    await house.until(State.LISTENING)


@state
async def thinking(house: Household) -> None:
    await listening(house)
    for event in (session_created, speech_started(), speech_stopped(), committed()):
        house.device.runner.post(EventReceived(event))
    await house.until(State.THINKING)


@state
async def speaking(house: Household) -> None:
    await thinking(house)
    for event in (created(), audio_part(), streaming()):
        house.device.runner.post(EventReceived(event))
    playing = house.device._playout
    playing.push(tone(playing.rate_hz))
    await house.until(State.SPEAKING)
    await elapse(0.3)


@state
async def muted(house: Household) -> None:
    house.tell("mute")
    await elapse(0.1)
    assert house.device.runner.transceiver.facts.muted


@state
async def ringing(house: Household) -> None:
    house.device.runner.post(TimerRang("eggs"))
    await elapse(0.5)
    assert house.device.runner.transceiver.facts.ringing


@state
async def reloading(house: Household) -> None:
    await ringing(house)  # so that it has to wait
    house.write(board="xvf3800")
    house.tell("reload")
    await elapse(0.5)
    assert "waits for the end" in house.systemd.status_line


@state
async def microphone_lost(house: Household) -> None:
    house.room.microphone.unplug()
    await elapse(0.5)
    assert house.device.lacks == {"microphone"}


@pytest.mark.parametrize("into", INTO.values(), ids=INTO)
@pytest.mark.fault("sigterm")
async def test_it_ends_in_time_and_leaves_everything_closed(tmp_path: Path, into: Into) -> None:
    async with silent_relay() as url:
        house = Household(tmp_path, url)
        async with living(house) as task:
            await into(house)
            was_open = house.tell("status")["gate"] == "open"
            began = asyncio.get_running_loop().time()
            house.program.stop()
            async with asyncio.timeout(WITHIN_S):
                await task
            assert asyncio.get_running_loop().time() - began < WITHIN_S
        assert house.systemd.signs[-1] == "STOPPING=1"
        assert house.tell("status")["gate"] == "closed"
        assert len(house.left) == was_open
        assert largest_step(house) < MOST_STEP


async def test_a_sound_that_is_being_played_fades_out(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house) as task:
        playing = house.device._playout
        playing.push(tone(playing.rate_hz))
        await elapse(0.5)
        house.program.stop()
        await task
    heard = recorded(house)
    assert np.abs(heard).max() > 5_000
    assert largest_step(house) < MOST_STEP
    assert not heard[-480:].any()


def tone(rate_hz: int) -> Samples:
    wave: Samples = (16_000 * np.sin(np.arange(2 * rate_hz) * 2764.6 / rate_hz)).astype(np.int16)
    return wave


def recorded(house: Household) -> Samples:
    device = house.device
    return read_wav(house.directory / "speaker-0.wav", device._playout.rate_hz)


def largest_step(house: Household) -> int:
    heard = np.append(recorded(house), np.int16(0)).astype(np.int32)
    return int(np.abs(np.diff(heard)).max())
