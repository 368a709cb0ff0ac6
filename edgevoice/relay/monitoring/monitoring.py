"""The relay watched by its owner: wires the observers, and measures the event loop."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from typing import Any

from edgevoice.relay.monitoring.admission import Admission
from edgevoice.relay.monitoring.broadcast import Broadcast
from edgevoice.relay.monitoring.facts import Fact, LoopLagged
from edgevoice.relay.monitoring.history import used_on
from edgevoice.relay.monitoring.metrics import Metrics
from edgevoice.relay.monitoring.observers import Observers
from edgevoice.relay.monitoring.pages import Pages
from edgevoice.relay.monitoring.scoreboard import Scoreboard
from edgevoice.relay.store.store import Store

LOOK_S = 0.5
"""Between two measurements of how late the event loop wakes."""


class Monitoring:
    def __init__(
        self, version: str, engine: str, admission: Admission, today: Callable[[], date]
    ) -> None:
        self._relay = {"version": version, "engine": engine}
        self._today = today
        self._scoreboard = Scoreboard(today)
        metrics, self._broadcast = Metrics(version, engine), Broadcast(self._state)
        self._observers = Observers(metrics, self._scoreboard, self._broadcast)
        self.has_token = admission.has_token
        self.pages = Pages(admission, metrics, self._broadcast)

    @property
    def readers(self) -> int:
        """Of the live page."""
        return self._broadcast.readers

    def publish(self, fact: Fact) -> None:
        """It is a fact since now."""
        self._observers.publish(fact, asyncio.get_running_loop().time())

    async def remember(self, store: Store) -> None:
        """Go on from what is kept of today."""
        self._scoreboard.remember(await used_on(self._today(), store))

    def close(self) -> None:
        """The relay stops: whoever looks is told so."""
        self._broadcast.close()

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self.publish(LoopLagged(max(0.0, loop.time() - due)))

    def _state(self) -> str:
        now = asyncio.get_running_loop().time()
        state: dict[str, Any] = {"relay": self._relay, **self._scoreboard.snapshot(now)}
        return json.dumps(state, separators=(",", ":"))
