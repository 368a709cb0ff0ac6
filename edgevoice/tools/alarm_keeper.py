"""Runs an AlarmClock: waits for what is next, tells who rings it, and keeps it over a restart."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from edgevoice.tools.alarm_clock import AlarmClock, Moment
from edgevoice.tools.rings import Rung


class Store(Protocol):
    """Where timers outlive the program: a StateFile. Both calls may block."""

    def load(self) -> Mapping[str, Any]: ...

    def save(self, state: Mapping[str, Any]) -> object: ...


class AlarmKeeper:
    def __init__(
        self,
        clock: AlarmClock,
        store: Store,
        moment: Callable[[], Moment],
        on_ring: Callable[[Rung], None],
    ) -> None:
        self.clock = clock
        self.moment = moment
        self.on_change: Callable[[], None] = lambda: None
        """Something was set, cancelled, or rang: what is next may be another one."""
        self.on_missed: Callable[[], None] = lambda: None
        """There is something to tell whoever comes next."""
        self._store = store
        self._on_ring = on_ring
        self._restored = asyncio.Event()
        self._changed = asyncio.Event()
        self._saving = asyncio.Lock()

    def go_on(self, before: "AlarmKeeper") -> None:
        """With what another one of this program knew, which has ended: a full disk does not."""
        self._store = before._store  # which may be writing still
        if before._restored.is_set():
            self.clock = before.clock
            self.clock.go_on()
            self._restored.set()

    async def run(self) -> None:
        """Ring what is due, for ever."""
        if not self._restored.is_set():
            state = await asyncio.to_thread(self._store.load)
            self.clock.restore(state, self.moment())
        while True:
            for rung in self.clock.tick(self.moment()):
                self._on_ring(rung)
            # Nobody sets anything before it is known what was set.
            self._restored.set()
            self.on_change()
            if self.clock.rings.missed:
                self.on_missed()
            if self.clock.changed:
                await self._save()
            await self._wait()

    async def ready(self) -> None:
        """What was set before is known, and what the clock says as well."""
        await self._restored.wait()

    async def keep(self) -> None:
        """Something was changed: it is on disk when this returns."""
        self.touch()
        await self._save()

    def touch(self) -> None:
        """Something was changed: it will be on disk soon."""
        self.clock.changed = True
        self._changed.set()

    def silenced(self, missed: bool) -> None:
        """Nothing sounds any more: somebody stopped it, or nobody came."""
        if self.clock.silence(missed, self.moment()):
            self.touch()

    def told(self) -> None:
        """Somebody has heard what was missed."""
        if self.clock.rings.missed:
            self.clock.rings.told()
            self.touch()

    async def _wait(self) -> None:
        """For what is next, or until there may be something earlier."""
        at = self.moment()
        next_look = self.clock.next_look(at)
        try:
            async with asyncio.timeout(None if next_look is None else max(0.0, next_look - at.now)):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def _save(self) -> None:
        """One after the other, each with what is true when its turn comes."""
        async with self._saving:
            self.clock.changed = False
            await asyncio.to_thread(self._store.save, self.clock.saved(self.moment()))
