"""Timers and alarms together: what is due now, what was missed, and how all of it survives.

Pure: handed the times (`Moment`), it never asks for them. `alarm_keeper.py` waits and saves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

from edgevoice.errors import ToolError
from edgevoice.tools.alarms import Alarm, Alarms
from edgevoice.tools.clock_watch import ClockWatch
from edgevoice.tools.labels import Kind, find
from edgevoice.tools.rings import AGAIN_S, Rings, Rung
from edgevoice.tools.timers import RunOut, Timer, Timers
from edgevoice.tools.weekdays import read_days

Kinds: TypeAlias = tuple[Kind, ...]

LOOK_S = 15.0
"""While an alarm is set the time of day is looked at this often: it may have been corrected."""


@dataclass(frozen=True, slots=True)
class Moment:
    now: float
    """The loop's clock, which only ever goes on; it begins anew with every boot."""
    wall: float
    """Seconds since 1970, as far as the board knows."""
    zone: tzinfo = UTC
    synchronised: bool | None = None
    """The system says that the time of day is right; None: it says nothing."""
    boot: str = ""
    """Names this boot of the board; empty: unknown."""


class AlarmClock:
    def __init__(self) -> None:
        self.timers = Timers()
        self.alarms = Alarms()
        self.rings = Rings()
        self.watch = ClockWatch()
        self._ring_again: list[Rung] = []
        """What rang when the program ended."""
        self.changed = False
        """Something is other than it was saved; whoever saves it takes this back."""

    def tick(self, at: Moment) -> list[Rung]:
        """What begins to ring now; what is too late for that is noted as missed."""
        trusted = self.watch.trusted
        step_s = self.watch.look(at.now, at.wall, at.synchronised)
        self.alarms.stepped(step_s)
        missed = len(self.rings.missed)
        rung: list[Rung] = []
        if self.watch.trusted:
            self._believe(at)
            rung += self._alarms_due(at)
        rung += self._rings_again(at)
        rung += [Rung(t.label, t.kind, at.wall) for t in self.timers.passed(at.now)]
        for each in rung:
            self.rings.ring(each)
        moved = bool(step_s) or trusted is not self.watch.trusted
        self.changed = self.changed or moved or bool(rung) or missed != len(self.rings.missed)
        return rung

    def _believe(self, at: Moment) -> None:
        self._miss(self.timers.believe(at.now, at.wall), at)

    def _miss(self, lost: list[RunOut], at: Moment) -> None:
        for each in lost:
            self.rings.miss(
                Rung(each.timer.label, each.timer.kind, at.wall - each.late_s, each.late_s)
            )

    def _alarms_due(self, at: Moment) -> list[Rung]:
        rung = []
        for due in self.alarms.passed(at.wall, at.zone):
            label, late_s = due.alarm.label, due.late_s
            if due.missed:
                self.rings.miss(Rung(label, "alarm", at.wall - late_s, late_s))
            else:
                rung.append(Rung(label, "alarm", at.wall, late_s))
        return rung

    def _rings_again(self, at: Moment) -> list[Rung]:
        """At once: it was not stopped, and better twice than never. Unless that was long ago."""
        again, self._ring_again = self._ring_again, []
        old = [r for r in again if self.watch.trusted and at.wall - r.at > AGAIN_S]
        for rung in old:
            self.rings.miss(rung)
        return [rung for rung in again if rung not in old]

    def next_look(self, at: Moment) -> float | None:
        """When to `tick` again, by the loop's clock; None: nothing is set."""
        moments = [] if self.timers.deadline is None else [self.timers.deadline]
        if self.alarms.all or self.timers.uncertain:
            wait_s = LOOK_S
            next_at = self.alarms.next_at(at.wall, at.zone) if self.watch.trusted else None
            if next_at is not None:
                wait_s = min(LOOK_S, max(0.0, next_at - at.wall))
            moments.append(at.now + wait_s)
        return min(moments, default=None)

    # What can be asked of it.

    def set_alarm(self, alarm: Alarm, at: Moment, *, day: str = "") -> Alarm:
        """`day`: once, on that day of the calendar, which a board must know to tell."""
        if not self.watch.trusted:
            if day:
                raise ToolError("this board does not know the date yet; say a time without a day")
            return self.alarms.set(alarm)
        if day:
            alarm = replace(alarm, on=day_named(day, day_of(at)))
            if replace(alarm, since=at.wall).next_at(at.wall, at.zone) is None:
                raise ToolError(f"{alarm.clock} has passed {day} already")
        return self.alarms.set(replace(alarm, since=at.wall))

    def cancel(self, label: str | None, kinds: Kinds) -> str:
        """The one of that name, or the only one, of these kinds: what it was called."""
        timers = [timer.label for timer in self.timers.pending if timer.kind in kinds]
        alarms = [alarm.label for alarm in self.alarms.all] if "alarm" in kinds else []
        found = find(label, [*timers, *alarms], kinds[0])
        if found in timers:
            return self.timers.cancel(found).label
        return self.alarms.cancel(found).label

    def cancel_all(self, kinds: Kinds) -> list[str]:
        """What they were called; snoozed alarms are alarms."""
        timers = [t for t in self.timers.pending if t.kind in kinds]
        alarms = self.alarms.all if "alarm" in kinds else []
        return [
            *(self.timers.cancel(timer.label).label for timer in timers),
            *(self.alarms.cancel(alarm.label).label for alarm in alarms),
        ]

    def snooze(self, minutes: float, at: Moment) -> list[Timer]:
        """Whatever rings, or did a moment ago, rings again later."""
        taken = self.rings.take_for_snooze(at.now)
        if not taken:
            raise ToolError("nothing is ringing, so there is nothing to snooze")
        return [self.timers.set(minutes * 60.0, r.label, at.now, r.kind) for r in taken]

    def silence(self, missed: bool, at: Moment) -> bool:
        """Nothing sounds any more. Whether anything did."""
        return self.rings.silence(missed, at.now)

    # Over a restart.

    def saved(self, at: Moment) -> dict[str, Any]:
        wall = at.wall if self.watch.trusted else None
        return {
            "boot": at.boot,
            "timers": self.timers.saved(at.now, wall),
            "alarms": self.alarms.saved(),
            **self.rings.saved(),
        }

    def go_on(self) -> None:
        """Nothing sounds any more, though nobody has stopped it; `tick` at once."""
        self._ring_again += self.rings.ringing
        self.rings.ringing = []
        self.changed = True

    def restore(self, state: Mapping[str, Any], at: Moment) -> None:
        """What was saved; `tick` at once, for some of it may be due."""
        same_boot = bool(at.boot) and state.get("boot") == at.boot
        self._miss(self.timers.restore(state.get("timers"), at.now, same_boot), at)
        self.alarms.restore(state.get("alarms"))
        self._ring_again = self.rings.restore(dict(state))


def day_of(at: Moment) -> date:
    return datetime.fromtimestamp(at.wall, at.zone).date()


def day_named(name: str, today: date) -> date:
    """today, tomorrow, or the next day of that name, which may be today's."""
    if name in ("today", "tomorrow"):
        return today + timedelta(name == "tomorrow")
    wanted = read_days(name)
    if len(wanted) != 1:
        raise ToolError(f'"{name[:20]}" is no day; say today, tomorrow or a name')
    return today + timedelta((min(wanted) - today.weekday()) % 7)
