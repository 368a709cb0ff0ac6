"""Alarms, and quiet: "set an alarm for seven thirty on weekdays", "wake me at six", "snooze".

The device runs them, and knows the date; here words become times and days.
"""

import re

from edgevoice.relay.engines.local.intents.durations import find_duration
from edgevoice.relay.engines.local.intents.pattern import Pattern
from edgevoice.relay.engines.local.intents.reply import Reply, Said
from edgevoice.relay.engines.local.intents.times import find_time

NO_ALARMS = "I have no alarms, only timers. You could say: set a timer for ten minutes."
NO_QUIET = "This device has no quiet hours."
WHEN = "For what time?"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = f"(?:{'|'.join(_DAYS)})"
_REPEATED = (
    (r"\b(?:on |every )?(?:weekdays|weekday|working days?|week days?)\b", "weekdays"),
    (r"\b(?:on |every |at )?(?:the )?weekends?\b", "weekends"),
    (r"\b(?:every ?day|daily|each day|every (?:morning|evening|night))\b", "daily"),
)
_MORE = rf"(?:(?: and)? {_DAY}s?)*"
_EVERY = re.compile(rf"\b(?:every |each ){_DAY}s?{_MORE}|\bon {_DAY}s{_MORE}")
_ONCE = re.compile(rf"\b(?:on |this |next )?({_DAY}|tomorrow|today)\b")

_LENGTH = re.compile(r"\b(?:second|sec|minute|min|hour|hr)s?\b")
"""Without one of these, "7:30" is a time."""

_SET = "(set|said|sit|sets|set up|start|create|make|add|put|need|want|new|give me)"
_ALARM = Pattern(
    f"[i] {_SET} [me] [up] [a|an|the|another|my] [new] <label?> (alarm|alarms|alarm clock)"
    " [called|named] <rest?>",
    "<label?> (alarm|alarm clock) (for|at) <rest>",
)
_WAKE = Pattern("(wake me|wake me up|get me up|wake us|wake us up) <rest?>")
_REMIND = Pattern("remind me <rest>")
_CANCEL = Pattern(
    "(cancel|stop|delete|remove|clear|end|kill|silence|dismiss|forget|turn off|switch off)"
    " [the|my|that|this] <label?> (alarm|alarm clock)"
)
_CANCEL_ALL = Pattern(
    "(cancel|stop|delete|remove|clear|end|kill|silence|dismiss|forget|turn off|switch off)"
    " (all|every|both|my) [of] [the|my] alarms"
)
_SNOOZE = Pattern(
    "snooze [it|that|the alarm|the timer|alarm] <how?>",
    "(ring|wake me|remind me) again <how>",
    "(let me sleep|let me) [for] <how> (more|longer)",
)
_QUIET = Pattern(
    "do not disturb [me|us] <when?>",
    "(be|keep|stay) quiet until <when>",
    "(turn|switch) on do not disturb <when?>",
    "(quiet|night) (time|mode) [on] <when?>",
)
_LOUD = Pattern(
    "(turn|switch) off do not disturb",
    "(stop|end|cancel|quit) [the] (do not disturb|quiet (time|mode))",
    "do not disturb off",
    "you (can|may) disturb [me|us] [again]",
)


def about_alarms(said: Said) -> Reply | None:
    return _quiet(said) or _snoozed(said) or _cancelled(said) or _set(said) or _answered(said)


def _set(said: Said) -> Reply | None:
    if woken := _WAKE.match(said.text):
        return _alarm(said, woken["rest"], "", early=True)
    if wanted := _ALARM.match(said.text):
        return _alarm(said, wanted["rest"], wanted["label"], early=False)
    if (reminded := _REMIND.match(said.text)) and " at " in f" {reminded['rest']} ":
        return _alarm(said, reminded["rest"], "", early=False)
    return None


def _alarm(said: Said, rest: str, label: str, *, early: bool) -> Reply | None:
    """None for "an alarm in ten minutes", which is a timer."""
    days, day, rest = _days(rest)
    if _LENGTH.search(rest) and find_duration(rest):
        return None
    found = find_time(rest)
    if found is None:
        said_nothing = not (rest.split() or days or day)
        return WHEN if said_nothing and "set_alarm" in said.tools else None
    spoken, left = found
    if early or days or (day and day != "today"):
        spoken = spoken.early()
    hour, minute = spoken.next(said.now)
    arguments = {"time": f"{hour:02}:{minute:02}"}
    arguments |= {"days": days} if days else {"day": day} if day else {}
    name = _label(f"{label} {left}")
    return said.call(
        "set_alarm", otherwise=NO_ALARMS, **arguments, **({"label": name} if name else {})
    )


def _answered(said: Said) -> Reply | None:
    """A bare time, after we asked for one."""
    if not said.answered.strip().endswith(WHEN) or len(said.text.split()) > 8:
        return None
    return _alarm(said, said.text, "", early=False)


def _cancelled(said: Said) -> Reply | None:
    tool = "cancel_alarm" if "cancel_alarm" in said.tools else "cancel_timer"
    if _CANCEL_ALL.matches(said.text) and tool == "cancel_alarm":
        return said.call(tool, otherwise=NO_ALARMS, all=True)
    found = _CANCEL.match(said.text)
    if found is None or tool == "cancel_timer":
        return None
    label = _label(found["label"])
    return said.call(tool, otherwise=NO_ALARMS, **({"label": label} if label else {}))


def _snoozed(said: Said) -> Reply | None:
    found = _SNOOZE.match(said.text)
    if found is None or "snooze" not in said.tools:
        return None
    how = find_duration(found["how"])
    if found["how"] and how is None:
        return None
    minutes = {} if how is None else {"minutes": max(1, round(how[0] / 60))}
    return said.call("snooze", otherwise=NO_ALARMS, **minutes)


def _quiet(said: Said) -> Reply | None:
    if _LOUD.matches(said.text):
        return said.call("do_not_disturb", otherwise=NO_QUIET, on=False)
    found = _QUIET.match(said.text)
    if found is None:
        return None
    if not found["when"]:
        return said.call("do_not_disturb", otherwise=NO_QUIET, on=True)
    time = find_time(found["when"])
    if time is None:
        return None
    hour, minute = time[0].next(said.now)
    return said.call("do_not_disturb", otherwise=NO_QUIET, on=True, until=f"{hour:02}:{minute:02}")


def _days(text: str) -> tuple[str, str, str]:
    """On which days again and again, or on which day once; and the text without them."""
    for pattern, days in _REPEATED:
        if re.search(pattern, text):
            morning = " in the morning" if "every morning" in text else ""
            evening = " in the evening" if re.search("every (evening|night)", text) else ""
            return days, "", re.sub(pattern, " ", text) + morning + evening
    if found := _EVERY.search(text):
        named = [name for name in _DAYS if re.search(rf"\b{name}s?\b", found[0])]
        return ", ".join(named), "", text.replace(found[0], " ")
    if found := _ONCE.search(text):
        rest = text.replace(found[0], " ")
        rest = re.sub(r"(?<!the )\b(morning|afternoon|evening)\b", r"in the \1", rest)
        return "", found[1], _behind(rest)
    return "", "", text


def _behind(text: str) -> str:
    """ "Tomorrow morning at seven": the part of the day goes behind the time."""
    for part in ("in the morning", "in the afternoon", "in the evening"):
        if part in text:
            return f"{text.replace(part, ' ')} {part}"
    return text


_GRAMMAR = frozenset(
    {"for", "at", "on", "the", "a", "an", "to", "called", "named", "name", "it", "me", "up", "by"}
    | {"in", "of", "and", "my", "alarm", "clock", "around", "about", "every", "that", "us", "from"}
)


def _label(words: str) -> str:
    return " ".join(word for word in words.split() if word not in _GRAMMAR)[:40]
