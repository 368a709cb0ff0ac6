"""Kitchen timers: which there are and when they ring. Pure; `timer_tools.py` waits and saves.

`now` is the loop's clock. `wall_now` is the time of day, used only to find out
how much of a timer had passed while the program was not running.
"""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edgevoice.errors import ToolError

log = logging.getLogger(__name__)

MOST = 32
LONGEST_S = 86_400
LONGEST_LABEL = 40
LATE_S = 900.0
"""A timer that ran out while the program was down still rings within this time."""


@dataclass(frozen=True, slots=True)
class Timer:
    label: str
    seconds: float
    due: float

    def remaining_s(self, now: float) -> float:
        return max(0.0, self.due - now)


class Timers:
    """Labels are unique and never empty: "timer", "timer 2", "pasta"."""

    def __init__(self, on_ring: Callable[[str], None]) -> None:
        self._on_ring = on_ring
        self._timers: list[Timer] = []

    @property
    def pending(self) -> list[Timer]:
        """The next one first."""
        return sorted(self._timers, key=lambda timer: timer.due)

    @property
    def deadline(self) -> float | None:
        """When to call `passed`."""
        return min((timer.due for timer in self._timers), default=None)

    def passed(self, now: float) -> int:
        """Ring whatever is due; how many that were."""
        due = [timer for timer in self.pending if timer.due <= now]
        for timer in due:
            self._timers.remove(timer)
            self._on_ring(timer.label)
        return len(due)

    def set(self, seconds: float, label: str, now: float) -> Timer:
        if len(self._timers) >= MOST:
            raise ToolError(f"{MOST} timers are running, which is all there can be; cancel one")
        timer = Timer(self._free_label(" ".join(label.split())), seconds, now + seconds)
        self._timers.append(timer)
        return timer

    def cancel(self, label: str | None) -> Timer:
        """The one of that name, or the only one."""
        timer = self._find(label)
        self._timers.remove(timer)
        return timer

    def _find(self, label: str | None) -> Timer:
        if not self._timers:
            raise ToolError("no timer is running")
        names = ", ".join(timer.label for timer in self.pending)
        if label is None:
            if len(self._timers) > 1:
                raise ToolError(f"several timers are running, say which: {names}")
            return self._timers[0]
        wanted = " ".join(label.split()).casefold()
        for timer in self._timers:
            if timer.label.casefold() == wanted:
                return timer
        raise ToolError(f"no such timer; running: {names}")

    def _free_label(self, label: str) -> str:
        label = label or "timer"
        taken = {timer.label.casefold() for timer in self._timers}
        number = 1
        candidate = label
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{label} {number}"
        return candidate

    def saved(self, now: float, wall_now: float) -> dict[str, Any]:
        """What `restore` needs after a restart."""
        return {
            "timers": [
                {
                    "label": timer.label,
                    "seconds": timer.seconds,
                    "due_at": wall_now + timer.due - now,
                }
                for timer in self.pending
            ]
        }

    def restore(self, state: Mapping[str, Any], now: float, wall_now: float) -> None:
        """Take up saved timers. Some may be due at once; what cannot be read is dropped."""
        entries = state.get("timers", [])
        for entry in entries if isinstance(entries, list) else []:
            timer = _restored(entry, now, wall_now)
            if timer and len(self._timers) < MOST:
                label = self._free_label(timer.label)
                self._timers.append(Timer(label, timer.seconds, timer.due))


def _restored(entry: Any, now: float, wall_now: float) -> Timer | None:
    try:
        label, seconds = str(entry["label"])[:LONGEST_LABEL], float(entry["seconds"])
        remaining_s = float(entry["due_at"]) - wall_now
    except (KeyError, TypeError, ValueError, OverflowError):
        log.warning("a saved timer cannot be read; it is dropped")
        return None
    if not (0 < seconds <= LONGEST_S and math.isfinite(remaining_s)):
        log.warning("a saved timer makes no sense; it is dropped")
        return None
    if remaining_s < -LATE_S:
        log.warning("a timer ran out %.0f s ago, while nobody was here", -remaining_s)
        return None
    # A board without a battery clock may wake up in the past: never wait longer than asked for.
    return Timer(label, seconds, now + min(max(0.0, remaining_s), seconds))
