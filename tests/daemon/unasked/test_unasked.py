"""What rings and is announced, from the device's tools to the loudspeaker, on virtual time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import Config, QuietHoursConfig, TimersConfig
from edgevoice.daemon.abilities import Volume
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.daemon.unasked.bell import GROWS_S, Bell
from edgevoice.daemon.unasked.unasked import Unasked
from edgevoice.errors import ControlError
from edgevoice.hardware.sound.sounds import announced, load
from edgevoice.hardware.system.state_file import StateFile
from edgevoice.tools.toolbox import ToolBox
from edgevoice.transceiver.indication import Countdown, Facts
from edgevoice.transceiver.inputs import (
    AnnouncementReady,
    AnnouncementSaid,
    HushRequested,
    Input,
    QuietChanged,
    RingMissed,
    TimerRang,
)
from edgevoice.transceiver.manners import Manners
from tests.virtual_time import elapse

RATE_HZ = 16_000


class House:
    def __init__(self, folder: Path, config: Config, relays: Sequence[Any] = ()) -> None:
        self.told: list[Input] = []
        self.playout = PlayoutBuffer(RATE_HZ)
        memory = SettingsMemory(StateFile(folder / "settings.json"))
        self.volume = Volume(self.playout, memory)
        self.volume.set(100)
        self.unasked = Unasked(config, folder, self.playout, self.volume, relays, self.told.append)
        self.box = ToolBox(self.unasked.tools())

    async def asked(self, line: str) -> Any:
        name, _, argument = line.partition(" ")
        return await self.unasked.commands()[name].act(argument)  # type: ignore[misc]


@asynccontextmanager
async def running(folder: Path, config: Config | None = None) -> AsyncIterator[House]:
    house = House(folder, config or Config())
    tasks = [asyncio.ensure_future(each) for each in house.unasked.components()]
    await elapse(1)
    yield house
    await elapse(1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_timer_rings_as_an_input_and_rings_again_after_a_power_cut(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        await house.asked('timers set_timer {"seconds": 60, "label": "pasta"}')
        await elapse(61)
        assert house.told == [TimerRang("pasta", "timer")]
    async with running(tmp_path) as house:
        assert house.told == [TimerRang("pasta", "timer")]
        house.unasked.alarms.silenced(missed=False)
    async with running(tmp_path) as house:
        assert house.told == []


async def test_who_comes_next_is_told_of_what_was_missed(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        await house.asked('timers set_timer {"seconds": 60}')
        await elapse(61)
        house.unasked.alarms.silenced(missed=True)
        await elapse(1)
        assert RingMissed() in house.told
        assert house.unasked.told()["missed"][0]["label"] == "timer"
        house.unasked.alarms.told()
    async with running(tmp_path) as house:
        assert house.told == []


async def test_cancelling_what_rings_stops_it(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        await house.asked('timers set_timer {"seconds": 60, "label": "egg"}')
        await elapse(61)
        assert await house.asked("timers cancel_any") == {"stopped": "egg"}
        assert house.told[-1] == HushRequested("tool")


async def test_snoozing_hushes(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        await house.asked('timers set_timer {"seconds": 60, "label": "egg"}')
        await elapse(61)
        assert await house.asked("timers snooze") == {"snoozed": ["egg"], "minutes": 9}
        assert house.told[-1] == HushRequested("tool")
        await elapse(541)
        assert house.told[-1] == TimerRang("egg", "timer")


async def test_the_light_counts_down_the_timer_that_rings_next(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        shown: list[Countdown | None] = []
        house.unasked.show_next(shown.append)
        now = asyncio.get_running_loop().time()
        await house.asked('timers set_timer {"seconds": 300, "label": "pasta"}')
        await house.asked('timers set_timer {"seconds": 60, "label": "egg"}')
        await elapse(1)
        assert shown[-1] == Countdown(pytest.approx(now + 60), 60)
        await house.asked('timers pause_timer {"label": "egg"}')
        await elapse(1)
        assert shown[-1] == Countdown(pytest.approx(now + 300), 300)
        await house.asked('timers cancel_timer {"all": true}')
        await elapse(1)
        assert shown[-1] is None


async def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        for line, why in (
            ("timers cancel_timer", "no timer is running"),
            ("timers dance", "unknown|dance"),
            ("dnd perhaps", "none of: on, off"),
            ("dnd until soon", "no time of day"),
        ):
            with pytest.raises(ControlError, match=why):
                await house.asked(line)


async def test_do_not_disturb_is_told_and_remembered(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        assert await house.asked("dnd") == {"quiet": False}
        assert await house.asked("dnd on") == {"quiet": True}
        assert house.told == [QuietChanged(True)]
    async with running(tmp_path) as house:
        assert house.told == [QuietChanged(True)]
        house.unasked.again()
        assert house.told == [QuietChanged(True)] * 2
        assert await house.asked("dnd off") == {"quiet": False}


async def test_answers_are_softer_in_quiet_hours_but_alarms_are_not(tmp_path: Path) -> None:
    config = Config(quiet_hours=QuietHoursConfig(volume_percent=30))
    async with running(tmp_path, config) as house:
        house.unasked.look(Facts(quiet=True))
        assert house.playout.volume < 0.5
        house.unasked.look(Facts(quiet=True, ringing=True))
        assert house.playout.volume == 1.0


async def test_manners_are_as_configured(tmp_path: Path) -> None:
    config = Config(
        timers=TimersConfig(ring_minutes=2.0),
        quiet_hours=QuietHoursConfig(timers=False, announcements="drop"),
    )
    async with running(tmp_path, config) as house:
        assert house.unasked.manners() == Manners(120.0, False, False)


async def test_every_tool_has_a_name_of_its_own(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        names = [tool["name"] for tool in house.box.definitions()]
        assert len(names) == len(set(names))
        assert {"set_alarm", "snooze", "do_not_disturb"} <= set(names)


def loudness(playout: PlayoutBuffer, seconds: float) -> int:
    return int(np.abs(playout.pull(round(seconds * RATE_HZ)).astype(int)).max())


def test_ringing_begins_softly_and_grows() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    bell = Bell(playout)
    bell.ring("timer", softly=False)
    first = loudness(playout, 1.2)
    loudness(playout, GROWS_S)
    assert loudness(playout, 1.2) > 4 * first > 0


def test_in_a_conversation_it_stays_soft() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    bell = Bell(playout)
    bell.ring("timer", softly=True)
    first = loudness(playout, 1.2)
    loudness(playout, GROWS_S)
    assert loudness(playout, 1.2) == pytest.approx(first, abs=20)


def test_chimes_do_not_push_it_out() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    Bell(playout).ring("alarm", softly=True)
    for _ in range(6):
        playout.mix(load("wake", RATE_HZ))
    loudness(playout, 3.0)
    assert loudness(playout, 3.0) > 0


def test_a_name_is_said_between_the_chimes_as_long_as_it_rings() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    bell = Bell(playout)
    bell.name(np.full(RATE_HZ, 8_000, np.int16))
    assert loudness(playout, 3.0) == 0
    bell.ring("timer", softly=True)
    bell.name(np.full(RATE_HZ, 30_000, np.int16))
    assert loudness(playout, 10.0) > 2_000
    bell.stop()
    loudness(playout, 0.1)
    assert loudness(playout, 10.0) == 0
    bell.ring("timer", softly=True)
    assert loudness(playout, 10.0) > 0


async def test_an_announcement_is_said_with_a_chime_and_reported(tmp_path: Path) -> None:
    house = House(tmp_path, Config())
    store, words = house.unasked.announcements, np.full(RATE_HZ, 1_000, np.int16)
    house.playout.on_heard = store.heard
    number = store.add(words, urgent=True)
    length_s = len(announced(words, RATE_HZ)) / RATE_HZ
    assert house.told == [AnnouncementReady(number, pytest.approx(length_s), True)]
    store.say(number)
    loudness(house.playout, length_s - 0.1)
    assert len(house.told) == 1
    loudness(house.playout, 0.2)
    assert house.told[-1] == AnnouncementSaid(number)


async def test_one_that_was_stopped_is_not_reported(tmp_path: Path) -> None:
    house = House(tmp_path, Config())
    store = house.unasked.announcements
    house.playout.on_heard = store.heard
    number = store.add(np.full(RATE_HZ, 1_000, np.int16), urgent=False)
    store.say(number)
    loudness(house.playout, 0.2)
    store.stop()
    loudness(house.playout, 0.1)
    assert loudness(house.playout, 3.0) == 0
    store.drop(number, "")
    assert len(house.told) == 1
    store.say(number)
    assert house.told[-1] == AnnouncementSaid(number), "nobody waits for what is not there"


async def test_when_all_is_forgotten_what_was_missed_has_no_name_either(tmp_path: Path) -> None:
    async with running(tmp_path) as house:
        await house.asked('timers set_timer {"seconds": 5, "label": "pills"}')
        await elapse(6)
        house.unasked.alarms.silenced(missed=True)
        await elapse(1)
        assert "pills" in (tmp_path / "timers.json").read_text()
        await house.unasked.cancel_all()
        house.unasked.alarms.touch()
        await elapse(1)
        assert "pills" not in (tmp_path / "timers.json").read_text()
