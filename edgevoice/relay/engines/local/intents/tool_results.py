"""What a tool's result sounds like: "Timer set for 10 minutes.\""""

import json
from collections.abc import Callable, Mapping
from typing import Any

from edgevoice.relay.engines.local.intents.durations import say_duration
from edgevoice.relay.engines.local.intents.times import say_clock

Values = Mapping[str, Any]

MOST_TIMERS = 4
"""More nobody keeps in mind."""
_SPOKEN_ERRORS = frozenset(
    {"cancel_timer", "set_timer", "add_to_timer", "pause_timer", "resume_timer"}
    | {"set_alarm", "cancel_alarm", "snooze", "do_not_disturb"}
)
"""Their errors are sentences about what the user asked for."""


def phrase(tool: str, arguments: str, output: str) -> str:
    """A sentence for any result of any tool; empty where nothing needs to be said."""
    asked, result = _values(arguments), _values(output)
    say = _PHRASES.get(tool)
    if error := result.get("error"):
        return _sentence(error) if tool in _SPOKEN_ERRORS else f"That didn't work: {error}."
    if say is None:
        return _plainly(output, result)
    return say(asked, result)


def is_known(tool: str) -> bool:
    return tool in _PHRASES


def _volume(asked: Values, result: Values) -> str:
    percent = _number(result, "percent")
    if percent is None:
        percent = _number(asked, "percent")
    if percent is None:
        return "Done."
    return "The sound is off." if percent == 0 else f"Volume {percent} percent."


def _light(asked: Values, result: Values) -> str:
    name = str(result.get("name") or asked.get("name") or "light")
    return f"The {name} is {'on' if result.get('on', asked.get('on')) else 'off'}."


def _timer_set(asked: Values, result: Values) -> str:
    seconds = _number(result, "seconds") or _number(asked, "seconds")
    length = f" for {say_duration(seconds)}" if seconds else ""
    return f"{_titled(result.get('label'))} set{length}."


def _timer_cancelled(asked: Values, result: Values) -> str:
    if result.get("stopped"):
        return "Okay."
    if isinstance(gone := result.get("cancelled_all"), list):
        return (
            f"{len(gone)} timers cancelled."
            if len(gone) > 1
            else (f"{_titled(gone[0])} cancelled." if gone else "There was no timer.")
        )
    return f"{_titled(result.get('cancelled') or asked.get('label'))} cancelled."


def _timers(asked: Values, result: Values) -> str:
    left = [
        f"{_titled(timer.get('label'))}: {say_duration(_number(timer, 'remaining_s') or 0)} left."
        for timer in _running(result)
    ]
    alarms = [_alarm(alarm) for alarm in _entries(result, "alarms")]
    missed = [
        f"{_titled(m.get('label'))} rang, and nobody came." for m in _entries(result, "missed")
    ]
    return " ".join([*left, *alarms, *missed][:MOST_TIMERS]) or "There is no timer."


def running_timers(output: str) -> list[str]:
    """The labels in what list_timers returned."""
    return [str(timer["label"]) for timer in _running(_values(output)) if timer.get("label")]


def _running(result: Values) -> list[dict[str, Any]]:
    return _entries(result, "timers")


def _entries(result: Values, name: str) -> list[dict[str, Any]]:
    found = result.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _timer_changed(asked: Values, result: Values) -> str:
    left = say_duration(_number(result, "remaining_s") or 0)
    paused = " and paused" if result.get("paused") else ""
    return f"{_titled(result.get('label'))}: {left} left{paused}."


def _alarm_set(asked: Values, result: Values) -> str:
    """The time and the day, so that a misunderstanding is heard."""
    clock, day = say_clock(str(result.get("time") or asked.get("time") or "")), _next_day(result)
    days = str(result.get("days") or "once")
    when = f"{clock} {day}" if days == "once" else f"{clock} {_on(days)}, next {day}"
    return f"{_titled(result.get('label'), 'alarm')} set for {when}".strip(" ,") + "."


def _alarm(alarm: Values) -> str:
    clock, days = say_clock(str(alarm.get("time", ""))), str(alarm.get("days") or "once")
    when = f"{clock} {_next_day(alarm)}" if days == "once" else f"{clock} {_on(days)}"
    return f"{_titled(alarm.get('label'), 'alarm')}: {when}."


def _on(days: str) -> str:
    return {"daily": "every day", "weekdays": "on weekdays", "weekends": "on weekends"}.get(
        days, f"every {days}"
    )


def _next_day(result: Values) -> str:
    """Of "tomorrow 07:30"."""
    said = str(result.get("next", ""))
    if said.startswith("unknown"):
        return "as soon as I know the time"
    day = said.rpartition(" ")[0]
    return f"on {day}" if day[:1].isupper() else day


def _alarm_cancelled(asked: Values, result: Values) -> str:
    if result.get("stopped"):
        return "Okay."
    if isinstance(gone := result.get("cancelled_all"), list):
        return (
            f"{len(gone)} alarms cancelled."
            if len(gone) > 1
            else (f"{_titled(gone[0], 'alarm')} cancelled." if gone else "There was no alarm.")
        )
    return f"{_titled(result.get('cancelled') or asked.get('label'), 'alarm')} cancelled."


def _snoozed(asked: Values, result: Values) -> str:
    minutes = _number(result, "minutes")
    return f"Snoozed for {say_duration(minutes * 60)}." if minutes else "Snoozed."


def _quiet(asked: Values, result: Values) -> str:
    if not result.get("quiet"):
        return "Okay, I'm listening for everything again."
    until = str(result.get("until", ""))
    return f"I'll be quiet until {say_clock(until)}." if until else "I'll be quiet."


_PHRASES: dict[str, Callable[[Values, Values], str]] = {
    "set_volume": _volume,
    "change_volume": _volume,
    "switch_light": _light,
    "set_timer": _timer_set,
    "cancel_timer": _timer_cancelled,
    "list_timers": _timers,
    "add_to_timer": _timer_changed,
    "pause_timer": _timer_changed,
    "resume_timer": _timer_changed,
    "set_alarm": _alarm_set,
    "cancel_alarm": _alarm_cancelled,
    "snooze": _snoozed,
    "do_not_disturb": _quiet,
    "end_conversation": lambda asked, result: "Okay.",
}


def _titled(label: object, kind: str = "timer") -> str:
    """The device calls them "timer", "timer 2" or what the user called them."""
    text = " ".join(str(label or kind).split())
    titled = text if text.startswith(("timer", "alarm")) else f"{text} {kind}"
    return titled[:1].upper() + titled[1:]


def _plainly(output: str, result: Values) -> str:
    for key in ("message", "text", "result", "answer"):
        if isinstance(result.get(key), str | int | float):
            return _sentence(result[key])
    return _sentence(output) if output and not result and output[:1] not in "[{" else "Done."


def _sentence(words: object) -> str:
    text = " ".join(str(words).split())[:300]
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in (".", "!", "?") else f"{text}."


def _values(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(values: Values, name: str) -> int | None:
    value = values.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**9:
        return round(value)
    return None
