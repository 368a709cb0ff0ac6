"""When the house wants quiet: by the clock, or because somebody said so. Pure.

Hours by the clock need a clock that is to be believed; an order without an end does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from math import isfinite
from typing import Any

from edgevoice.tools.alarms import Alarm
from edgevoice.tools.weekdays import EVERY_DAY, read_clock, read_days


@dataclass(frozen=True, slots=True)
class QuietHours:
    begin: time
    end: time
    days: frozenset[int] = EVERY_DAY
    """On which they begin."""

    def ends_at(self, wall: float, zone: tzinfo) -> float | None:
        """When those end in which this moment lies; None: it lies in none."""
        today = datetime.fromtimestamp(wall, zone).date()
        for day in (today - timedelta(1), today):
            begins, ends = self._of(day, zone)
            if day.weekday() in self.days and begins <= wall < ends:
                return ends
        return None

    def _of(self, day: date, zone: tzinfo) -> tuple[float, float]:
        last = day if self.end > self.begin else day + timedelta(1)
        begins = datetime.combine(day, self.begin, zone).timestamp()
        return begins, datetime.combine(last, self.end, zone).timestamp()


def quiet_hours(begin: str, end: str, days: str) -> QuietHours | None:
    """As they are configured; None: none are."""
    if not begin:
        return None
    return QuietHours(time(*read_clock(begin)), time(*read_clock(end)), read_days(days))


@dataclass(frozen=True, slots=True)
class Order:
    quiet: bool
    until: float | None = None
    """Seconds since 1970; None: until somebody says otherwise."""


class Quiet:
    def __init__(self, hours: QuietHours | None) -> None:
        self._hours = hours
        self._order: Order | None = None

    @property
    def hangs_on_the_clock(self) -> bool:
        """It may change by itself."""
        return self._hours is not None or (
            self._order is not None and self._order.until is not None
        )

    def on(self, until: float | None = None) -> None:
        self._order = Order(True, until)

    def off(self, wall: float, zone: tzinfo) -> None:
        """Also the hours that are going on now; the next ones come as ever."""
        ends_at = self._hours.ends_at(wall, zone) if self._hours else None
        self._order = None if ends_at is None else Order(False, ends_at)

    def at(self, wall: float, zone: tzinfo, trusted: bool) -> bool:
        """Whether it is quiet now; orders whose time is over are forgotten."""
        order = self._order
        if order is not None and trusted and order.until is not None and order.until <= wall:
            self._order = order = None
        if order is not None:
            return order.quiet
        return trusted and self._hours is not None and self._hours.ends_at(wall, zone) is not None

    def until(self, wall: float, zone: tzinfo) -> float | None:
        """When the quiet that is now ends by itself; None: nobody knows."""
        if self._order is not None:
            return self._order.until
        return self._hours.ends_at(wall, zone) if self._hours else None

    def saved(self) -> dict[str, Any]:
        order = self._order
        return {} if order is None else {"quiet": order.quiet, "until": order.until}

    def restore(self, state: Mapping[str, Any]) -> None:
        """What cannot be read is no order."""
        quiet, until = state.get("quiet"), state.get("until")
        is_time = isinstance(until, int | float) and isfinite(until)
        if isinstance(quiet, bool) and (until is None or is_time):
            self._order = Order(quiet, until)


def next_time(clock: str, wall: float, zone: tzinfo) -> float:
    """When it is that late next; ToolError for what is no time of day."""
    hour, minute = read_clock(clock)
    found = Alarm("", hour, minute, since=wall).next_at(wall, zone)
    assert found is not None
    return found
