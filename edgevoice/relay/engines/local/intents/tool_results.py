"""What a tool's result sounds like: "Timer set for 10 minutes.\""""

import json
from collections.abc import Callable, Mapping
from typing import Any

from edgevoice.relay.engines.local.intents.durations import say_duration

Values = Mapping[str, Any]

MOST_TIMERS = 4
"""More nobody keeps in mind."""
_SPOKEN_ERRORS = frozenset({"cancel_timer", "set_timer"})
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
    return f"{_titled(result.get('cancelled') or asked.get('label'))} cancelled."


def _timers(asked: Values, result: Values) -> str:
    left = [
        f"{_titled(timer.get('label'))}: {say_duration(_number(timer, 'remaining_s') or 0)} left."
        for timer in _running(result)
    ]
    return " ".join(left[:MOST_TIMERS]) or "There is no timer."


def running_timers(output: str) -> list[str]:
    """The labels in what list_timers returned."""
    return [str(timer["label"]) for timer in _running(_values(output)) if timer.get("label")]


def _running(result: Values) -> list[dict[str, Any]]:
    timers = result.get("timers")
    return [each for each in timers if isinstance(each, dict)] if isinstance(timers, list) else []


_PHRASES: dict[str, Callable[[Values, Values], str]] = {
    "set_volume": _volume,
    "change_volume": _volume,
    "switch_light": _light,
    "set_timer": _timer_set,
    "cancel_timer": _timer_cancelled,
    "list_timers": _timers,
    "end_conversation": lambda asked, result: "Okay.",
}


def _titled(label: object) -> str:
    """The device calls them "timer", "timer 2" or what the user called them."""
    text = " ".join(str(label or "timer").split())
    titled = text if text.startswith("timer") else f"{text} timer"
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
