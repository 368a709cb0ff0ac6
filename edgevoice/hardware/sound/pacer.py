"""A steady beat on the event loop, for devices that have no clock of their own."""

import asyncio
from collections.abc import Callable

MOST_LATE_S = 2.0
"""Further behind than this (the machine slept), beats are skipped instead of caught up."""


class Pacer:
    """Calls `beat()` every `interval_s`; deadlines are absolute, so nothing drifts."""

    def __init__(self, interval_s: float, beat: Callable[[], None]) -> None:
        self._interval_s = interval_s
        self._beat = beat
        self._timer: asyncio.TimerHandle | None = None
        self._began_at = 0.0
        self._beats = 0
        self.skipped = 0
        self.last_at = 0.0

    @property
    def is_running(self) -> bool:
        return self._timer is not None

    @property
    def due_at(self) -> float:
        """When the last beat should have been, however late it came."""
        return self._began_at + self._beats * self._interval_s

    @property
    def behind_s(self) -> float:
        """What is due already, beside the beat that is passing."""
        if self._timer is None:
            return 0.0
        due = int((self._loop.time() - self._began_at) / self._interval_s)
        return max(0, due - self._beats) * self._interval_s

    def start(self) -> None:
        """The first beat comes after one interval."""
        self.stop()
        self._loop = asyncio.get_running_loop()
        self._began_at = self.last_at = self._loop.time()
        self._beats = 0
        self._arm()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        deadline = self._began_at + (self._beats + 1) * self._interval_s
        self._timer = self._loop.call_at(deadline, self._passed)

    def _passed(self) -> None:
        self.last_at = self._loop.time()
        self._beats += 1
        self._skip(self.last_at)
        self._arm()  # first, so that a beat that raises is not the last
        self._beat()

    def _skip(self, now: float) -> None:
        due = int((now - self._began_at) / self._interval_s)
        if (due - self._beats) * self._interval_s > MOST_LATE_S:
            self.skipped += due - self._beats
            self._beats = due
