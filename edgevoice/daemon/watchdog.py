"""Tells the service manager that we are alive, but only while something has moved.

Fed from the event loop, and only when capture and wake scoring have both
progressed since the last time (or capture is closed on purpose: muted, or lost
and being looked for, as long as it can be). A thread that merely ticks would keep
a deaf process alive.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    captured: int
    """Samples captured since the start."""
    scored: int
    """Wake word chunks scored since the start."""
    capture_expected: bool
    """The microphone is meant to be delivering."""
    spinning: bool = False
    """The sound library runs in a circle: a lost or muted microphone will not come back."""


class Feed(Protocol):
    """The part of the service manager used here."""

    watchdog_interval_s: float | None

    def watchdog(self) -> None: ...


class Watchdog:
    def __init__(
        self,
        service: Feed,
        progress: Callable[[], Progress],
        on_stuck: Callable[[str], None] = lambda what: None,
    ) -> None:
        """`on_stuck` is told, once, what will have been the reason for a restart."""
        self._service = service
        self._progress = progress
        self._on_stuck = on_stuck

    async def run(self) -> None:
        interval = self._service.watchdog_interval_s
        if interval is None:
            return
        before, stuck = self._progress(), False
        while True:
            await asyncio.sleep(interval / 2)
            after = self._progress()
            if moved(before, after):
                self._service.watchdog()
                before, stuck = after, False
            else:
                if not stuck:
                    self._on_stuck(f"the watchdog found that {_why(before, after)}")
                stuck = True
                log.error("the service manager is to restart us: nothing moves (%s)", after)


def _why(before: Progress, after: Progress) -> str:
    if after.spinning:
        return "the sound library ran in a circle"
    if after.captured <= before.captured:
        return "the microphone delivered nothing any more"
    return "the wake words were not scored any more"


def moved(before: Progress, after: Progress) -> bool:
    """Whether everything that should have progressed has."""
    if after.spinning:
        return False
    if not after.capture_expected:
        return True
    return after.captured > before.captured and after.scored > before.scored
