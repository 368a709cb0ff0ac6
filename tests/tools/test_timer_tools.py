"""Timers as the assistant uses them, through the toolbox, on virtual time."""

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edgevoice.tools.alarm_clock import AlarmClock, Moment
from edgevoice.tools.alarm_keeper import AlarmKeeper
from edgevoice.tools.timer_tools import TimerTools
from edgevoice.tools.toolbox import ToolBox
from tests.virtual_time import elapse


class Memory:
    """A store that remembers every state it was given."""

    def __init__(self) -> None:
        self.states: list[Mapping[str, Any]] = []

    def load(self) -> Mapping[str, Any]:
        return self.states[-1] if self.states else {}

    def save(self, state: Mapping[str, Any]) -> None:
        self.states.append(json.loads(json.dumps(state)))


class Kitchen:
    """Timers that run while it is used with `running`; the wall shows UTC."""

    def __init__(self, store: Memory, wall_offset_s: float = 1.8e9) -> None:
        clock = asyncio.get_running_loop().time
        self.clock = clock
        self.wall_offset_s = wall_offset_s
        self.rung: dict[str, float] = {}
        self.keeper = AlarmKeeper(
            AlarmClock(),
            store,
            lambda: Moment(clock(), clock() + self.wall_offset_s),
            lambda rung: self.rung.update({rung.label: clock()}),
        )
        self._box = ToolBox(TimerTools(self.keeper).tools())

    async def call(self, tool: str, /, **arguments: Any) -> Any:
        return json.loads(await self._box.call(tool, json.dumps(arguments)))


@asynccontextmanager
async def running(store: Memory) -> AsyncIterator[Kitchen]:
    kitchen = Kitchen(store)
    task = asyncio.ensure_future(kitchen.keeper.run())
    yield kitchen
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_timer_rings_on_time() -> None:
    async with running(Memory()) as kitchen:
        began = kitchen.clock()
        answer = await kitchen.call("set_timer", seconds=300, label="pasta")
        assert answer == {"label": "pasta", "seconds": 300}
        await elapse(400)
        assert kitchen.rung == pytest.approx({"pasta": began + 300})


async def test_an_earlier_one_set_later_rings_first() -> None:
    async with running(Memory()) as kitchen:
        await elapse(1)
        await kitchen.call("set_timer", seconds=300, label="pasta")
        await elapse(10)
        await kitchen.call("set_timer", seconds=60, label="egg")
        await elapse(61)
        assert list(kitchen.rung) == ["egg"]
        await elapse(300)
        assert list(kitchen.rung) == ["egg", "pasta"]


async def test_a_cancelled_timer_does_not_ring() -> None:
    store = Memory()
    async with running(store) as kitchen:
        await kitchen.call("set_timer", seconds=60)
        assert await kitchen.call("cancel_timer") == {"cancelled": "timer"}
        await elapse(120)
        assert not kitchen.rung
    assert store.states[-1]["timers"] == []


async def test_listing_tells_what_is_left() -> None:
    async with running(Memory()) as kitchen:
        await kitchen.call("set_timer", seconds=300, label="pasta")
        await kitchen.call("set_timer", seconds=60)
        await elapse(20)
        assert await kitchen.call("list_timers") == {
            "timers": [
                {"label": "timer", "remaining_s": 40},
                {"label": "pasta", "remaining_s": 280},
            ],
            "alarms": [],
        }


async def test_timers_outlive_the_program() -> None:
    store = Memory()
    async with running(store) as kitchen:
        began = kitchen.clock()
        await kitchen.call("set_timer", seconds=300, label="pasta")
        await elapse(100)
    await elapse(50)
    async with running(store) as kitchen:
        await elapse(200)
        assert kitchen.rung == pytest.approx({"pasta": began + 300})
        kitchen.keeper.silenced(missed=False)
        await elapse(1)
    assert store.states[-1]["timers"] == store.states[-1]["ringing"] == []


@pytest.mark.parametrize("seconds", [0, -5, 86_401, "soon", 1.5])
async def test_times_that_make_no_sense_are_refused(seconds: Any) -> None:
    store = Memory()
    async with running(store) as kitchen:
        assert "seconds must be" in (await kitchen.call("set_timer", seconds=seconds))["error"]
    assert store.states == []


async def test_a_label_too_long_is_refused() -> None:
    async with running(Memory()) as kitchen:
        answer = await kitchen.call("set_timer", seconds=5, label="x" * 41)
        assert answer == {"error": "label must have at most 40 characters"}


class SlowToBegin(Memory):
    """An SD card that takes its time for the first state, or until the second overtakes it."""

    def __init__(self) -> None:
        super().__init__()
        self._overtaken = threading.Event()
        self._calls = itertools.count()

    def save(self, state: Mapping[str, Any]) -> None:
        if next(self._calls) == 0:
            self._overtaken.wait(0.1)
            super().save(state)
        else:
            super().save(state)
            self._overtaken.set()


async def test_what_is_saved_last_is_what_is_true_last() -> None:
    """Two calls at a time: the store never ends up with the older list."""
    store = SlowToBegin()
    async with running(store) as kitchen:
        async with asyncio.TaskGroup() as calls:
            calls.create_task(kitchen.call("set_timer", seconds=60))
            calls.create_task(kitchen.call("set_timer", seconds=90))
        assert len(store.states[-1]["timers"]) == 2


async def test_pausing_and_going_on_with_more_time() -> None:
    async with running(Memory()) as kitchen:
        began = kitchen.clock()
        await kitchen.call("set_timer", seconds=300, label="pasta")
        assert await kitchen.call("pause_timer") == {
            "label": "pasta",
            "remaining_s": 300,
            "paused": True,
        }
        await elapse(1_000)
        await kitchen.call("resume_timer", label="pasta")
        more = await kitchen.call("add_to_timer", seconds=120)
        assert more == {"label": "pasta", "remaining_s": 420}
        await elapse(500)
        assert kitchen.rung == pytest.approx({"pasta": began + 1_420})


async def test_all_of_them_go_at_once() -> None:
    async with running(Memory()) as kitchen:
        for label in ("egg", "tea"):
            await kitchen.call("set_timer", seconds=60, label=label)
        assert await kitchen.call("cancel_timer", all=True) == {"cancelled_all": ["egg", "tea"]}
        await elapse(100)
        assert not kitchen.rung


MIDNIGHT = 1_804_032_000.0
"""Wednesday, 2027-03-03, 00:00 UTC."""


async def test_an_alarm_tells_when_it_rings_next_and_does() -> None:
    async with running(Memory()) as kitchen:
        kitchen.wall_offset_s = MIDNIGHT - kitchen.clock()
        began = kitchen.clock()
        answer = await kitchen.call("set_alarm", time="7:30", days="weekdays", label="wake up")
        assert answer == {
            "label": "wake up",
            "time": "07:30",
            "days": "weekdays",
            "next": "today 07:30",
            "in_s": 27_000,
        }
        await elapse(27_001)
        assert kitchen.rung == pytest.approx({"wake up": began + 27_000}, abs=0.01)
        listed = await kitchen.call("list_timers")
        assert listed["ringing"] == ["wake up"]
        assert listed["alarms"][0]["next"] == "tomorrow 07:30"


async def test_tomorrow_is_said_to_be_tomorrow() -> None:
    async with running(Memory()) as kitchen:
        kitchen.wall_offset_s = MIDNIGHT - kitchen.clock()
        answer = await kitchen.call("set_alarm", time="06:00", day="tomorrow")
        assert (answer["label"], answer["next"]) == ("alarm", "tomorrow 06:00")
        assert await kitchen.call("cancel_alarm") == {"cancelled": "alarm"}


async def test_a_board_without_a_clock_says_so() -> None:
    async with running(Memory()) as kitchen:
        kitchen.wall_offset_s = 0.0
        await elapse(1)
        kitchen.keeper.touch()
        await elapse(1)
        assert "does not know" in (await kitchen.call("set_alarm", time="06:00"))["next"]


async def test_times_of_day_that_make_no_sense_are_refused() -> None:
    async with running(Memory()) as kitchen:
        assert "no time of day" in (await kitchen.call("set_alarm", time="25:00"))["error"]
        assert "no day" in (await kitchen.call("set_alarm", time="7:00", days="x"))["error"]


async def test_snoozing_by_the_usual_nine_minutes_or_by_others() -> None:
    async with running(Memory()) as kitchen:
        await kitchen.call("set_timer", seconds=60, label="egg")
        await elapse(61)
        assert await kitchen.call("snooze") == {"snoozed": ["egg"], "minutes": 9}
        await elapse(540)
        kitchen.keeper.silenced(missed=False)
        assert await kitchen.call("snooze", minutes=2) == {"snoozed": ["egg"], "minutes": 2}
        assert "error" in await kitchen.call("snooze")


async def test_what_nobody_came_for_is_told_until_somebody_knows() -> None:
    store = Memory()
    async with running(store) as kitchen:
        await kitchen.call("set_timer", seconds=60, label="egg")
        await elapse(61)
        kitchen.keeper.silenced(missed=True)
        await elapse(1)
        (missed,) = (await kitchen.call("list_timers"))["missed"]
        assert (missed["label"], missed["kind"]) == ("egg", "timer")
    async with running(store) as kitchen:
        assert (await kitchen.call("list_timers"))["missed"]
        kitchen.keeper.told()
        assert "missed" not in await kitchen.call("list_timers")


async def test_whoever_shows_what_is_next_hears_of_changes() -> None:
    async with running(Memory()) as kitchen:
        changes: list[int] = []
        kitchen.keeper.on_change = lambda: changes.append(len(kitchen.keeper.clock.timers.pending))
        await kitchen.call("set_timer", seconds=60)
        await elapse(61)
        assert 1 in changes
        assert changes[-1] == 0
