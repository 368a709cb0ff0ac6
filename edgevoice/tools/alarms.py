"""Alarms: at a time of day, once or on days of the week. Pure; `alarm_clock.py` keeps them.

An alarm is a time on the wall, so it follows the zone and daylight saving of the day it
rings on. `since` is the moment up to which it has been dealt with: what lies between that
and now is due, once, however the clock was moved or however long nobody looked.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from edgevoice.errors import ToolError
from edgevoice.tools.labels import LONGEST_LABEL, find, free_label
from edgevoice.tools.weekdays import EVERY_DAY, say_days

log = logging.getLogger(__name__)

MOST = 32
LATE_S = 3_600.0
"""An alarm that could not ring in time still rings within this time; later it was missed."""
DAY_S = 86_400.0
FAR_STEP_S = 3_600.0
"""A clock set back by more was wrong before, and so is what was noted by it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    label: str
    hour: int
    minute: int
    days: frozenset[int] = frozenset()
    """Monday is 0; none: once."""
    on: date | None = None
    """Once, on this day; None: when it next is that late."""
    since: float | None = None
    """Dealt with until then (seconds since 1970); None: the clock was not to be believed yet."""

    @property
    def once(self) -> bool:
        return not self.days

    @property
    def clock(self) -> str:
        return f"{self.hour:02}:{self.minute:02}"

    @property
    def told_days(self) -> str:
        return say_days(self.days) if self.days else "once"

    def next_at(self, wall_now: float, zone: tzinfo) -> float | None:
        """When it rings next; None: never, or nobody knows yet."""
        return None if self.since is None else self._after(max(self.since, wall_now), zone)

    def due_at(self, wall_now: float, zone: tzinfo) -> float | None:
        """When it should have rung and has not, at the latest; None: it is not due."""
        if self.since is None:
            return None
        found, after = None, self.since
        if not self.once:  # of those that nobody saw pass only the last one counts
            after = max(after, wall_now - 8 * DAY_S)
        while (moment := self._after(after, zone)) is not None and moment <= wall_now:
            found = after = moment
            if self.once:
                break
        return found

    def _after(self, after: float, zone: tzinfo) -> float | None:
        """The first moment after this one. A time that a day has twice is the first of them,
        and one that it does not have is as long after midnight as if it had."""
        if self.on is not None:
            moment = self._moment(self.on, zone)
            return moment if moment > after else None
        start = datetime.fromtimestamp(after, zone).date()
        for ahead in range(-1, 9):
            day = start + timedelta(ahead)
            if day.weekday() in (self.days or EVERY_DAY):
                moment = self._moment(day, zone)
                if moment > after:
                    return moment
        raise AssertionError(f"{self.told_days} never comes")

    def _moment(self, day: date, zone: tzinfo) -> float:
        return datetime.combine(day, time(self.hour, self.minute), zone).timestamp()


@dataclass(frozen=True, slots=True)
class Due:
    alarm: Alarm
    late_s: float

    @property
    def missed(self) -> bool:
        """It is too late to wake anybody."""
        return self.late_s > LATE_S


class Alarms:
    """Labels are unique and never empty: "alarm", "alarm 2", "wake up"."""

    def __init__(self) -> None:
        self._alarms: list[Alarm] = []

    @property
    def all(self) -> list[Alarm]:
        return sorted(self._alarms, key=lambda alarm: (alarm.hour, alarm.minute, alarm.label))

    def set(self, alarm: Alarm) -> Alarm:
        if len(self._alarms) >= MOST:
            raise ToolError(f"{MOST} alarms are set, which is all there can be; cancel one")
        taken = [each.label for each in self._alarms]
        alarm = replace(alarm, label=free_label(alarm.label or "alarm", taken))
        self._alarms.append(alarm)
        return alarm

    def cancel(self, label: str | None) -> Alarm:
        """The one of that name, or the only one."""
        found = find(label, [alarm.label for alarm in self.all], "alarm")
        alarm = next(alarm for alarm in self._alarms if alarm.label == found)
        self._alarms.remove(alarm)
        return alarm

    def next_at(self, wall_now: float, zone: tzinfo) -> float | None:
        moments = [alarm.next_at(wall_now, zone) for alarm in self._alarms]
        return min((moment for moment in moments if moment is not None), default=None)

    def passed(self, wall_now: float, zone: tzinfo) -> list[Due]:
        """Take note of what is due, in order. Only by a clock that is to be believed."""
        due = []
        for alarm in list(self._alarms):
            at = self._started(alarm, wall_now).due_at(wall_now, zone)
            if at is not None:
                due.append(Due(alarm, wall_now - at))
        for each in due:
            self._done(each.alarm.label, wall_now)
        return sorted(due, key=lambda each: -each.late_s)

    def stepped(self, step_s: float) -> None:
        """The clock was set by so much: what was noted by one that was far ahead is corrected.

        After a small step back nothing rings twice; after a large one nothing is left out.
        """
        if step_s < -FAR_STEP_S:
            self._alarms = [
                alarm if alarm.since is None else replace(alarm, since=alarm.since + step_s)
                for alarm in self._alarms
            ]

    def _started(self, alarm: Alarm, wall_now: float) -> Alarm:
        """It counts from now where it was set without a clock, or by one days ahead."""
        if alarm.since is not None and alarm.since <= wall_now + DAY_S:
            return alarm
        started = replace(alarm, since=wall_now)
        self._alarms[self._alarms.index(alarm)] = started
        return started

    def _done(self, label: str, wall_now: float) -> None:
        at = next(i for i, alarm in enumerate(self._alarms) if alarm.label == label)
        if self._alarms[at].once:
            del self._alarms[at]
        else:
            self._alarms[at] = replace(self._alarms[at], since=wall_now)

    def saved(self) -> list[dict[str, Any]]:
        return [
            {
                "label": alarm.label,
                "time": alarm.clock,
                "days": sorted(alarm.days),
                "on": alarm.on.isoformat() if alarm.on else None,
                "since": alarm.since,
            }
            for alarm in self.all
        ]

    def restore(self, entries: Any) -> None:
        """Take up saved alarms; what cannot be read is dropped, with a line in the log."""
        for entry in entries if isinstance(entries, list) else []:
            try:
                alarm = _read(entry)
            except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
                log.warning("a saved alarm cannot be read; it is dropped")
                continue
            if len(self._alarms) < MOST:
                self.set(alarm)


def _read(entry: Mapping[str, Any]) -> Alarm:
    at = time.fromisoformat(entry["time"])
    days = frozenset(int(day) for day in entry["days"])
    on = None if entry["on"] is None else date.fromisoformat(entry["on"])
    since = None if entry["since"] is None else float(entry["since"])
    if not (days <= EVERY_DAY and math.isfinite(since or 0.0) and abs(since or 0.0) < 1e11):
        raise ValueError("no such day")
    return Alarm(str(entry["label"])[:LONGEST_LABEL], at.hour, at.minute, days, on, since)
