"""Timers and alarms as tools: what an assistant, or the command line, may ask of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from edgevoice.tools.alarm_clock import AlarmClock, Kinds, day_of
from edgevoice.tools.alarm_keeper import AlarmKeeper
from edgevoice.tools.alarms import Alarm
from edgevoice.tools.labels import LONGEST_LABEL, tidy
from edgevoice.tools.rings import Rung
from edgevoice.tools.timers import LONGEST_S, Timer
from edgevoice.tools.tool import Arguments, Result, Tool, parameters
from edgevoice.tools.weekdays import read_clock, read_days

LABEL = {
    "type": "string",
    "maxLength": LONGEST_LABEL,
    "description": "What it is for, in the user's words, such as: pasta",
}
EVERY = {"type": "boolean", "description": "All of them; the label is left out then."}
TIME = {
    "type": "string",
    "maxLength": 12,
    "description": "Time of day on a 24-hour clock, such as 07:30 or 19:05",
}
DAYS = {
    "type": "string",
    "maxLength": 80,
    "description": "On which days it rings again and again: weekdays, weekends, daily, or names"
    " such as monday, friday. Left out: it rings once.",
}
DAY = {
    "type": "string",
    "maxLength": 12,
    "description": "Once on this day: today, tomorrow, or a name such as saturday. Left out:"
    " when it is next that late.",
}
ONE = {**LABEL, "description": "Only the one of this name; left out: all of them."}
SECONDS = {"type": "integer", "minimum": 1, "maximum": LONGEST_S}
MORE = {
    "type": "integer",
    "minimum": -LONGEST_S,
    "maximum": LONGEST_S,
    "description": "How much longer; a negative number makes it shorter.",
}
MINUTES = {"type": "integer", "minimum": 1, "maximum": 120}

BOTH: Kinds = ("timer", "alarm")
TIMER: Kinds = ("timer",)
ALARM: Kinds = ("alarm",)


class TimerTools:
    def __init__(
        self,
        keeper: AlarmKeeper,
        snooze_minutes: float = 9.0,
        hush: Callable[[], None] = lambda: None,
    ) -> None:
        """`hush`: stops what rings."""
        self._keeper = keeper
        self._hush = hush
        self._snooze_minutes = snooze_minutes

    @property
    def _clock(self) -> AlarmClock:
        """The keeper's, which may be that of another one before."""
        return self._keeper.clock

    def tools(self) -> list[Tool]:
        return [*self._for_timers(), *self._for_alarms(), self._for_both()]

    def for_commands(self) -> list[Tool]:
        """Who types a name need not say what it is of."""
        either = Tool(
            "cancel_any",
            "Cancel a timer or an alarm.",
            parameters(label=LABEL),
            lambda wanted: self._cancel(wanted, BOTH),
        )
        return [*self.tools(), either]

    def _for_timers(self) -> list[Tool]:
        return [
            Tool(
                "set_timer",
                "Start a timer that rings after so many seconds. Say its name and length back.",
                parameters(("seconds",), seconds=SECONDS, label=LABEL),
                self._set,
            ),
            Tool(
                "cancel_timer",
                "Cancel a running timer; the label may be left out when there is only one.",
                parameters(label=LABEL, all=EVERY),
                lambda wanted: self._cancel(wanted, TIMER),
            ),
            Tool(
                "add_to_timer",
                "Make a timer longer or shorter; the label may be left out when there is only one.",
                parameters(("seconds",), seconds=MORE, label=LABEL),
                self._add,
            ),
            Tool(
                "pause_timer",
                "Let a timer stand still until it is resumed.",
                parameters(label=LABEL),
                self._pause,
            ),
            Tool(
                "resume_timer",
                "Let a paused timer go on.",
                parameters(label=LABEL),
                self._resume,
            ),
        ]

    def _for_alarms(self) -> list[Tool]:
        return [
            Tool(
                "set_alarm",
                "Set an alarm for a time of day, once or on days of the week. Say the time and"
                " the day of `next` back, so that a misunderstanding is heard.",
                parameters(("time",), time=TIME, days=DAYS, day=DAY, label=LABEL),
                self._set_alarm,
            ),
            Tool(
                "cancel_alarm",
                "Cancel an alarm; the label may be left out when there is only one.",
                parameters(label=LABEL, all=EVERY),
                lambda wanted: self._cancel(wanted, ALARM),
            ),
            Tool(
                "snooze",
                "Let what rings, or was stopped a moment ago, ring again later"
                f" ({self._snooze_minutes:g} minutes unless others are asked for).",
                parameters(minutes=MINUTES),
                self._snooze,
            ),
        ]

    def _for_both(self) -> Tool:
        return Tool(
            "list_timers",
            "The timers with the seconds each has left, the alarms with when each rings next,"
            " and what rang while nobody came.",
            parameters(label=ONE),
            self._list,
        )

    async def _set(self, wanted: Arguments) -> Result:
        await self._keeper.ready()
        now = self._keeper.moment().now
        timer = self._clock.timers.set(wanted["seconds"], tidy(wanted.get("label", "")), now)
        await self._keeper.keep()
        return {"label": timer.label, "seconds": wanted["seconds"]}

    async def _cancel(self, wanted: Arguments, kinds: Kinds) -> Result:
        await self._keeper.ready()
        label = wanted.get("label")
        stopped = self._clock.rings.stopped_one(label, self._keeper.moment().now)
        if stopped and (label is not None or not self._clock.timers.pending):
            self._hush()
            return {"stopped": stopped}
        if wanted.get("all"):
            self._hush()
            gone = self._clock.cancel_all(kinds)
            await self._keeper.keep()
            return {"cancelled_all": gone}
        cancelled = self._clock.cancel(label, kinds)
        await self._keeper.keep()
        return {"cancelled": cancelled}

    async def _add(self, wanted: Arguments) -> Result:
        await self._keeper.ready()
        now = self._keeper.moment().now
        return await self._kept(self._clock.timers.add(wanted["seconds"], wanted.get("label"), now))

    async def _pause(self, wanted: Arguments) -> Result:
        await self._keeper.ready()
        now = self._keeper.moment().now
        return await self._kept(self._clock.timers.pause(wanted.get("label"), now))

    async def _resume(self, wanted: Arguments) -> Result:
        await self._keeper.ready()
        now = self._keeper.moment().now
        return await self._kept(self._clock.timers.resume(wanted.get("label"), now))

    async def _kept(self, timer: Timer) -> Result:
        await self._keeper.keep()
        return self._told(timer)

    async def _set_alarm(self, wanted: Arguments) -> Result:
        hour, minute = read_clock(wanted["time"])
        days = read_days(wanted.get("days", ""))
        await self._keeper.ready()
        alarm = self._clock.set_alarm(
            Alarm(tidy(wanted.get("label", "")), hour, minute, days),
            self._keeper.moment(),
            day="" if days else wanted.get("day", ""),
        )
        await self._keeper.keep()
        return self._told_alarm(alarm)

    async def _snooze(self, wanted: Arguments) -> Result:
        await self._keeper.ready()
        minutes = wanted.get("minutes", self._snooze_minutes)
        snoozed = self._clock.snooze(minutes, self._keeper.moment())
        self._hush()
        await self._keeper.keep()
        return {"snoozed": [timer.label for timer in snoozed], "minutes": minutes}

    async def _list(self, wanted: Arguments) -> Result:
        await self._keeper.ready()
        listed, label = self.listed(), tidy(wanted.get("label", "")).casefold()
        named = {
            kind: [one for one in listed[kind] if one["label"].casefold() == label]
            for kind in ("timers", "alarms")
        }
        return named if any(named.values()) else listed

    def listed(self) -> Result:
        """Everything, for the assistant, the command line and whoever looks on."""
        clock, rings = self._clock, self._clock.rings
        result: Result = {
            "timers": [self._told(timer) for timer in clock.timers.pending],
            "alarms": [self._told_alarm(alarm) for alarm in clock.alarms.all],
        }
        if rings.ringing:
            result["ringing"] = [rung.label for rung in rings.ringing]
        if rings.missed:
            result["missed"] = [self._told_missed(rung) for rung in rings.missed]
        return result

    def _told(self, timer: Timer) -> Result:
        told: Result = {
            "label": timer.label,
            "remaining_s": round(timer.remaining_s(self._keeper.moment().now)),
        }
        if timer.paused_s is not None:
            told["paused"] = True
        if timer.kind == "alarm":
            told["snoozed"] = True
        return told

    def _told_alarm(self, alarm: Alarm) -> Result:
        told: Result = {"label": alarm.label, "time": alarm.clock, "days": alarm.told_days}
        at = self._keeper.moment()
        next_at = alarm.next_at(at.wall, at.zone)
        if next_at is None:
            return {**told, "next": "unknown: this board does not know the time yet"}
        then = datetime.fromtimestamp(next_at, at.zone)
        return {
            **told,
            "next": _day(then, day_of(at)),
            "in_s": round(next_at - at.wall),
        }

    def _told_missed(self, rung: Rung) -> Result:
        at = datetime.fromtimestamp(rung.at, self._keeper.moment().zone)
        return {"label": rung.label, "kind": rung.kind, "at": f"{at:%H:%M}"}


def _day(then: datetime, today: Any) -> str:
    if then.date() == today:
        return f"today {then:%H:%M}"
    if then.date() == today + timedelta(1):
        return f"tomorrow {then:%H:%M}"
    return f"{then:%A %H:%M}"
