"""Tells the service manager that we are alive, but only while something has moved.

Fed from the event loop, and only when capture and wake scoring have both
progressed since the last time (or capture is closed on purpose: muted, or lost
and being looked for). A thread that merely ticks would keep a deaf process alive.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    captured: int
    """Samples captured since the start."""
    scored: int
    """Wake word chunks scored since the start."""
    capture_expected: bool
    """The microphone is meant to be delivering."""


class Feed(Protocol):
    """The part of the service manager used here."""

    watchdog_interval_s: float | None

    def watchdog(self) -> None: ...


class Watchdog:
    def __init__(self, service: Feed, progress: Callable[[], Progress]) -> None:
        self._service = service
        self._progress = progress

    async def run(self) -> None:
        interval = self._service.watchdog_interval_s
        if interval is None:
            return
        before = self._progress()
        while True:
            await asyncio.sleep(interval / 2)
            after = self._progress()
            if moved(before, after):
                self._service.watchdog()
                before = after


def moved(before: Progress, after: Progress) -> bool:
    """Whether everything that should have progressed has."""
    if not after.capture_expected:
        return True
    return after.captured > before.captured and after.scored > before.scored
