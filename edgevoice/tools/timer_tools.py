"""Timers as tools: waits for the next one, and keeps them over a restart."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from edgevoice.tools.timers import LONGEST_LABEL, LONGEST_S, Timers
from edgevoice.tools.tool import Arguments, Result, Tool, parameters

LABEL = {
    "type": "string",
    "maxLength": LONGEST_LABEL,
    "description": "What it is for, in the user's words, such as: pasta",
}


class Store(Protocol):
    """Where timers outlive the program: a StateFile. Both calls may block."""

    def load(self) -> Mapping[str, Any]: ...

    def save(self, state: Mapping[str, Any]) -> object: ...


class TimerTools:
    def __init__(
        self,
        timers: Timers,
        store: Store,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._timers = timers
        self._store = store
        self._clock = clock
        self._wall_clock = wall_clock
        self._restored = asyncio.Event()
        self._changed = asyncio.Event()
        self._saving = asyncio.Lock()

    async def run(self) -> None:
        """Ring what is due, for ever."""
        state = await asyncio.to_thread(self._store.load)
        self._timers.restore(state, self._clock(), self._wall_clock())
        self._restored.set()
        while True:
            if self._timers.passed(self._clock()):
                await self._save()
            await self._wait()

    async def _wait(self) -> None:
        """For the next timer, or until there may be an earlier one."""
        deadline = self._timers.deadline
        delay_s = None if deadline is None else max(0.0, deadline - self._clock())
        try:
            async with asyncio.timeout(delay_s):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def _save(self) -> None:
        """One after the other, each with what is true when its turn comes."""
        async with self._saving:
            state = self._timers.saved(self._clock(), self._wall_clock())
            await asyncio.to_thread(self._store.save, state)

    def tools(self) -> list[Tool]:
        seconds = {"type": "integer", "minimum": 1, "maximum": LONGEST_S}
        return [
            Tool(
                "set_timer",
                "Start a timer that rings after so many seconds.",
                parameters(("seconds",), seconds=seconds, label=LABEL),
                self._set,
            ),
            Tool(
                "cancel_timer",
                "Cancel a running timer; the label may be left out when there is only one.",
                parameters(label=LABEL),
                self._cancel,
            ),
            Tool(
                "list_timers",
                "The running timers and the seconds each has left.",
                parameters(),
                self._list,
            ),
        ]

    async def _set(self, arguments: Arguments) -> Result:
        await self._restored.wait()
        timer = self._timers.set(arguments["seconds"], arguments.get("label", ""), self._clock())
        self._changed.set()
        await self._save()
        return {"label": timer.label, "seconds": arguments["seconds"]}

    async def _cancel(self, arguments: Arguments) -> Result:
        await self._restored.wait()
        timer = self._timers.cancel(arguments.get("label"))
        self._changed.set()
        await self._save()
        return {"cancelled": timer.label}

    async def _list(self, arguments: Arguments) -> Result:
        await self._restored.wait()
        now = self._clock()
        return {
            "timers": [
                {"label": timer.label, "remaining_s": round(timer.remaining_s(now))}
                for timer in self._timers.pending
            ]
        }
