"""Kitchen timers: which there are and when they ring. Pure; `alarm_clock.py` keeps them.

`now` is the loop's clock, which no correction of the time of day moves. After a reboot it
has begun anew, and how much of a timer is left must be read off the time of day: which is
believed only when it may be (`clock_watch.py`), and until then the timer waits for as long
as it had left when it was last saved. So it may ring late, never early.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgevoice.errors import ToolError
from edgevoice.tools.labels import LONGEST_LABEL, Kind, find, free_label

log = logging.getLogger(__name__)

MOST = 32
LONGEST_S = 86_400
LATE_S = 900.0
"""A timer that ran out while the program was down still rings within this time."""


@dataclass(frozen=True, slots=True)
class Timer:
    label: str
    seconds: float
    """The whole of it, with what was added."""
    due: float
    paused_s: float | None = None
    """What is left, while it stands still."""
    due_at: float | None = None
    """By the time of day, as long as that is not to be believed."""
    kind: Kind = "timer"
    """What it counts down to: a snoozed alarm is a timer, too."""

    def remaining_s(self, now: float) -> float:
        return max(0.0, self.due - now) if self.paused_s is None else self.paused_s


@dataclass(frozen=True, slots=True)
class RunOut:
    timer: Timer
    late_s: float = 0.0


class Timers:
    """Labels are unique and never empty: "timer", "timer 2", "pasta"."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []

    @property
    def pending(self) -> list[Timer]:
        """The next one first, those that stand still last."""
        return sorted(self._timers, key=lambda timer: (timer.paused_s is not None, timer.due))

    @property
    def deadline(self) -> float | None:
        """When to call `passed`."""
        return min((timer.due for timer in self._timers if timer.paused_s is None), default=None)

    @property
    def uncertain(self) -> bool:
        """Some wait for a time of day that can be believed."""
        return any(timer.due_at is not None for timer in self._timers)

    def passed(self, now: float) -> list[Timer]:
        """Take away what is due, in order."""
        due = [timer for timer in self.pending if timer.paused_s is None and timer.due <= now]
        for timer in due:
            self._timers.remove(timer)
        return due

    def set(self, seconds: float, label: str, now: float, kind: Kind = "timer") -> Timer:
        if len(self._timers) >= MOST:
            raise ToolError(f"{MOST} timers are running, which is all there can be; cancel one")
        label = free_label(label or kind, self._labels)
        timer = Timer(label, seconds, now + seconds, kind=kind)
        self._timers.append(timer)
        return timer

    def cancel(self, label: str | None) -> Timer:
        """The one of that name, or the only one."""
        timer = self._find(label)
        self._timers.remove(timer)
        return timer

    def pause(self, label: str | None, now: float) -> Timer:
        timer = self._find(label)
        if timer.paused_s is not None:
            raise ToolError(f"{timer.label} is paused already")
        return self._put(timer, replace(timer, paused_s=timer.remaining_s(now), due_at=None))

    def resume(self, label: str | None, now: float) -> Timer:
        """The only one that is paused needs no name."""
        paused = [timer for timer in self._timers if timer.paused_s is not None]
        timer = paused[0] if label is None and len(paused) == 1 else self._find(label)
        if timer.paused_s is None:
            raise ToolError(f"{timer.label} is running already")
        return self._put(timer, replace(timer, due=now + timer.paused_s, paused_s=None))

    def add(self, seconds: float, label: str | None, now: float) -> Timer:
        """More time, or with a negative number less; it has a second left at least."""
        timer = self._find(label)
        left_s = max(1.0, timer.remaining_s(now) + seconds)
        if left_s > LONGEST_S:
            raise ToolError(f"a timer lasts {LONGEST_S // 3600} hours at most")
        whole_s = min(float(LONGEST_S), max(left_s, timer.seconds + seconds))
        if timer.paused_s is not None:
            return self._put(timer, replace(timer, seconds=whole_s, paused_s=left_s))
        due_at = None if timer.due_at is None else timer.due_at + seconds
        return self._put(timer, replace(timer, seconds=whole_s, due=now + left_s, due_at=due_at))

    def believe(self, now: float, wall_now: float) -> list[RunOut]:
        """The time of day is right from now on; what ran out too long ago to ring for it."""
        lost = []
        for timer in [timer for timer in self._timers if timer.due_at is not None]:
            assert timer.due_at is not None
            left_s = timer.due_at - wall_now
            if left_s < -LATE_S:
                self._timers.remove(timer)
                lost.append(RunOut(timer, -left_s))
                continue
            due = min(timer.due, now + max(0.0, left_s))
            self._put(timer, replace(timer, due=due, due_at=None))
        return lost

    def _put(self, before: Timer, after: Timer) -> Timer:
        self._timers[self._timers.index(before)] = after
        return after

    @property
    def _labels(self) -> list[str]:
        return [timer.label for timer in self._timers]

    def _find(self, label: str | None) -> Timer:
        names = [timer.label for timer in self.pending]
        found = find(label, names, "timer")
        return next(timer for timer in self._timers if timer.label == found)

    def saved(self, now: float, wall_now: float | None) -> list[dict[str, Any]]:
        """What `restore` needs. No `wall_now`: the time of day is not to be believed."""
        entries = []
        for timer in self.pending:
            left_s = timer.remaining_s(now)
            due_at = timer.due_at if wall_now is None else wall_now + left_s
            entries.append(
                {
                    "label": timer.label,
                    "kind": timer.kind,
                    "seconds": timer.seconds,
                    "left_s": left_s,
                    "paused": timer.paused_s is not None,
                    "due": timer.due,
                    "due_at": due_at,
                }
            )
        return entries

    def restore(self, entries: Any, now: float, same_boot: bool) -> list[RunOut]:
        """Take up saved timers; what ran out too long ago to ring for it.

        `same_boot`: the loop's clock is still the one of then. Else `believe` comes later.
        What cannot be read is dropped, with a line in the log.
        """
        lost = []
        for entry in entries if isinstance(entries, list) else []:
            timer = _restored(entry, now, same_boot)
            if timer and timer.paused_s is None and now - timer.due > LATE_S:
                lost.append(RunOut(timer, now - timer.due))
            elif timer and len(self._timers) < MOST:
                label = free_label(timer.label, self._labels)
                self._timers.append(replace(timer, label=label))
        return lost


def _restored(entry: Any, now: float, same_boot: bool) -> Timer | None:
    try:
        return _read(entry, now, same_boot)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        log.warning("a saved timer cannot be read; it is dropped")
        return None


def _read(entry: Mapping[str, Any], now: float, same_boot: bool) -> Timer:
    label, seconds = str(entry["label"])[:LONGEST_LABEL] or "timer", float(entry["seconds"])
    left_s = min(seconds, max(0.0, float(entry.get("left_s", seconds))))
    due_at = entry["due_at"]
    due_at = None if due_at is None else float(due_at)
    kind: Kind = "alarm" if entry.get("kind") == "alarm" else "timer"
    if not (0 < seconds <= LONGEST_S and math.isfinite(left_s) and math.isfinite(due_at or 0.0)):
        raise ValueError("no such time")
    if entry.get("paused") is True:
        return Timer(label, seconds, now + left_s, paused_s=left_s, kind=kind)
    if same_boot and "due" in entry:
        due = float(entry["due"])
        if math.isfinite(due) and due <= now + left_s:
            return Timer(label, seconds, due, kind=kind)
    return Timer(label, seconds, now + left_s, due_at=due_at, kind=kind)
