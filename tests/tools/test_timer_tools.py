"""Timers as the assistant uses them, through the toolbox, on virtual time."""

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edgevoice.tools.timer_tools import TimerTools
from edgevoice.tools.timers import Timers
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
    """Timers that run while it is used with `running`."""

    def __init__(self, store: Memory, wall_offset_s: float = 1.8e9) -> None:
        clock = asyncio.get_running_loop().time
        self.clock = clock
        self.rung: dict[str, float] = {}
        self.tools = TimerTools(
            Timers(lambda label: self.rung.update({label: clock()})),
            store,
            clock,
            lambda: clock() + wall_offset_s,
        )
        self._box = ToolBox(self.tools.tools())

    async def call(self, tool: str, /, **arguments: Any) -> Any:
        return json.loads(await self._box.call(tool, json.dumps(arguments)))


@asynccontextmanager
async def running(store: Memory) -> AsyncIterator[Kitchen]:
    kitchen = Kitchen(store)
    task = asyncio.ensure_future(kitchen.tools.run())
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
    assert store.states[-1] == {"timers": []}


async def test_listing_tells_what_is_left() -> None:
    async with running(Memory()) as kitchen:
        await kitchen.call("set_timer", seconds=300, label="pasta")
        await kitchen.call("set_timer", seconds=60)
        await elapse(20)
        assert await kitchen.call("list_timers") == {
            "timers": [
                {"label": "timer", "remaining_s": 40},
                {"label": "pasta", "remaining_s": 280},
            ]
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
    assert store.states[-1] == {"timers": []}  # it does not ring again after the next restart


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
