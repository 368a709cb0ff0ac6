"""Keeps quiet hours: looks at the clock, tells of changes, and remembers orders over a restart."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from edgevoice.tools.alarm_clock import LOOK_S, Moment
from edgevoice.tools.alarm_keeper import Store
from edgevoice.tools.clock_watch import ClockWatch
from edgevoice.tools.quiet import Quiet, next_time
from edgevoice.tools.tool import Arguments, Result, Tool, parameters


class QuietKeeper:
    def __init__(
        self,
        quiet: Quiet,
        store: Store,
        moment: Callable[[], Moment],
        on_change: Callable[[bool], None],
    ) -> None:
        self.is_quiet = False
        self._quiet = quiet
        self._store = store
        self._moment = moment
        self._on_change = on_change
        self._watch = ClockWatch()
        self._restored = asyncio.Event()
        self._changed = asyncio.Event()

    def go_on(self, before: "QuietKeeper") -> None:
        """With the order of another one of this program, which has ended: a full disk has none."""
        self._store = before._store  # which may be writing still
        if before._restored.is_set():
            self._quiet.restore(before._quiet.saved())
            self._watch = before._watch
            self._restored.set()

    async def run(self) -> None:
        if not self._restored.is_set():
            self._quiet.restore(await asyncio.to_thread(self._store.load))
        self._look()
        self._restored.set()
        while True:
            try:
                async with asyncio.timeout(LOOK_S if self._quiet.hangs_on_the_clock else None):
                    await self._changed.wait()
                self._changed.clear()
                await asyncio.to_thread(self._store.save, self._quiet.saved())
            except TimeoutError:
                self._look()

    def _look(self) -> None:
        at = self._moment()
        self._watch.look(at.now, at.wall, at.synchronised)
        quiet = self._quiet.at(at.wall, at.zone, self._watch.trusted)
        if quiet is not self.is_quiet:
            self.is_quiet = quiet
            self._on_change(quiet)

    def tools(self) -> list[Tool]:
        on = {"type": "boolean", "description": "true: no chimes, announcements wait"}
        until = {
            "type": "string",
            "maxLength": 12,
            "description": "Time of day at which it ends by itself, such as 07:00",
        }
        return [
            Tool(
                "do_not_disturb",
                "Keep quiet, or stop keeping quiet. Alarms ring anyway. Say back until when.",
                parameters(("on",), on=on, until=until),
                self._order,
            )
        ]

    async def _order(self, wanted: Arguments) -> Result:
        return await self.order(wanted["on"], wanted.get("until", ""))

    async def order(self, on: bool, until: str = "") -> Result:
        """ToolError for an `until` that is no time of day."""
        await self._restored.wait()
        at = self._moment()
        if on:
            self._quiet.on(next_time(until, at.wall, at.zone) if until else None)
        else:
            self._quiet.off(at.wall, at.zone)
        self._look()
        self._changed.set()
        return self.told()

    def told(self) -> Result:
        at = self._moment()
        until = self._quiet.until(at.wall, at.zone) if self.is_quiet else None
        if until is None:
            return {"quiet": self.is_quiet}
        return {"quiet": True, "until": f"{datetime.fromtimestamp(until, at.zone):%H:%M}"}
