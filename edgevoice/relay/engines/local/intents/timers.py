"""Timers: set, cancel, how long still. The device runs them."""

import re
from collections.abc import Mapping, Sequence

from edgevoice.relay.engines.local.intents.alarms import NO_ALARMS, about_alarms
from edgevoice.relay.engines.local.intents.durations import duration, find_duration
from edgevoice.relay.engines.local.intents.pattern import Pattern
from edgevoice.relay.engines.local.intents.reply import Reply, Said, call

LONGEST_S = 24 * 3600
NO_TIMERS = "This device has no timers."
HOW_LONG = "For how long?"

FIXED = "I can't change a timer that is running, only cancel it and set another one."

_A_TIMER = "(timer|timers|timor|time or|countdown|alarm|alarms|reminder|reminders)"
_TIMES_UP = "(set|said|sit|sets|setup|set up|start|begin|create|make|add|put|run|need|new|another)"
_SET = Pattern(
    f"[i] {_TIMES_UP} [me] [on|up] [a|an|the|another|my] [new] <before?> {_A_TIMER} <after?>",
)
_SET_BRIEFLY = Pattern(f"<before?> {_A_TIMER} <after?>")
_REMIND = Pattern(
    "(remind me|wake me|wake me up|time|count down|let me know|beep) [again] [in|for|after] <rest>"
)
_AT_A_TIME = Pattern("(remind me|wake me|wake me up) <what?> at <when>")
_LONGER = Pattern(
    f"(add|put) <long> [more] (to|on|onto) [the|my] <label?> {_A_TIMER}",
    f"(extend|prolong) [the|my] <label?> {_A_TIMER} by <long>",
    f"make [the|my] <label?> {_A_TIMER} <long> longer",
    "(add|give me) [another] <long> [more]",
)
_SHORTER = Pattern(
    f"(take|remove|subtract) <long> (off|from|off of) [the|my] <label?> {_A_TIMER}",
    f"(shorten|reduce) [the|my] <label?> {_A_TIMER} by <long>",
    f"make [the|my] <label?> {_A_TIMER} <long> shorter",
)
_PAUSE = Pattern(f"(pause|hold|freeze|halt) [the|my] <label?> {_A_TIMER}")
_RESUME = Pattern(
    f"(resume|continue|unpause|go on with|restart) [the|my] <label?> {_A_TIMER}",
)
_LEFT_ON = Pattern(
    "how (much|long|many minutes) [more] [time] [is] (left|remaining) (on|for|until|till)"
    " [the|my] <label>",
    f"how (much|long|many minutes) [more] [time] [is] [left|remaining] (on|for|until|till)"
    f" [the|my] <label> {_A_TIMER}",
    "when (is|are) [the|my] <label> (done|ready|finished)",
)
_WHICH = Pattern("when (is|does|will) [the|my] [next] <label?> (alarm|alarms) [ring|go off|set]")
_CANCEL = Pattern(
    "(cancel|stop|delete|remove|clear|end|kill|silence|dismiss|forget|turn off|switch off)"
    f" [the|my|that|this|a] <label?> {_A_TIMER} [for] <label2?>"
)
_ALL = Pattern(
    "(cancel|stop|delete|remove|clear|end|kill|silence|dismiss|forget|turn off|switch off)"
    " (all|every|both|everything) [of] [the|my] [timer|timers]"
)
_LEFT = Pattern(
    "how (much|long|many minutes|many seconds) [more] [time] [is|are|do i have|does] [there]"
    f" [left|remaining|still] [on|for|in|until] [the|my] <label?> {_A_TIMER}"
    " [is|left|have|up|done]",
    "how (much time|many minutes|many seconds|long) [is|are|do i have] [there] [still]"
    " (left|remaining)",
    f"what is (left|remaining) [on] [the|my] <label?> {_A_TIMER}",
    f"(what|which|how many|list|show|check|are there|is there|do i have) [all|any|me|a] [of]"
    f" [the|my] [active|running] {_A_TIMER} [are|do i|is] [there]"
    " [have|set|running|on|active|left]",
    f"(status of|what about|how is) [the|my] <label?> {_A_TIMER} [doing]",
)
_FOR = Pattern("[for|about|make it|set it for|in] <long>")
_GRAMMAR = frozenset(
    {"for", "in", "of", "the", "a", "an", "called", "named", "name", "it", "with", "to", "that"}
    | {"says", "lasting", "my", "from", "about", "at", "all", "me", "up", "minute", "hour"}
    | {"second", "one", "long", "time", "and", "timer", "timers"}
)


def about_timers(said: Said) -> Reply | None:
    return (
        about_alarms(said)
        or _cancelled(said)
        or _asked(said)
        or _changed(said)
        or _set(said)
        or _answered_how_long(said)
    )


def all_of_them(said: Said, timers: Sequence[str]) -> Reply | None:
    """Asked to cancel all timers, and told now which there are."""
    if not _ALL.matches(said.text) or _takes(said, "cancel_timer", "all"):
        return None
    return tuple(call("cancel_timer", label=label) for label in timers) or None


def _cancelled(said: Said) -> Reply | None:
    if _ALL.matches(said.text) and _takes(said, "cancel_timer", "all"):
        return said.call("cancel_timer", otherwise=NO_TIMERS, all=True)
    if _ALL.matches(said.text):
        return said.call("list_timers", otherwise=NO_TIMERS)
    found = _CANCEL.match(said.text)
    if found is None:
        return None
    label = _label(found["label"] or found["label2"])
    arguments = {"label": label} if label else {}
    return said.call("cancel_timer", otherwise=NO_TIMERS, **arguments)


def _asked(said: Said) -> Reply | None:
    found = _LEFT_ON.match(said.text)
    label = _label(found["label"]) if found else ""
    if label and _takes(said, "list_timers", "label"):
        return said.call("list_timers", otherwise=NO_TIMERS, label=label)
    if _LEFT.matches(said.text) or _WHICH.matches(said.text):
        return said.call("list_timers", otherwise=NO_TIMERS)
    return None


def _set(said: Said) -> Reply | None:
    if _AT_A_TIME.matches(said.text):
        return NO_ALARMS
    ordered = _SET.match(said.text)
    if mentioned := ordered or _SET_BRIEFLY.match(said.text):
        rest = f"{mentioned['before']} {mentioned['after']}".strip()
        if found := find_duration(rest):
            return _start(said, *found)
        if ordered and re.search(r"\b(?:alarm|reminder)s?\b", said.text):
            return NO_ALARMS
        if ordered and len(rest.split()) <= 3:
            return HOW_LONG if "set_timer" in said.tools else NO_TIMERS
    reminded = _REMIND.match(said.text)
    if reminded and (found := find_duration(reminded["rest"])):
        return _start(said, *found)
    return None


def _changed(said: Said) -> Reply | None:
    refusal = FIXED if "set_timer" in said.tools else NO_TIMERS
    for pattern, sign in ((_LONGER, 1), (_SHORTER, -1)):
        found = pattern.match(said.text)
        seconds = duration(found["long"].replace("more ", "")) if found else None
        if found is not None and seconds:
            named = _named(found.get("label") or "")
            return said.call("add_to_timer", otherwise=refusal, seconds=sign * seconds, **named)
    for pattern, tool in ((_PAUSE, "pause_timer"), (_RESUME, "resume_timer")):
        if (found := pattern.match(said.text)) is not None:
            return said.call(tool, otherwise=refusal, **_named(found["label"]))
    return None


def _takes(said: Said, tool: str, parameter: str) -> bool:
    """The device's tool knows that argument; others' may not."""
    schema = said.tools.get(tool, {}).get("parameters")
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return isinstance(properties, Mapping) and parameter in properties


def _named(words: str) -> dict[str, str]:
    label = _label(words)
    return {"label": label} if label else {}


def _answered_how_long(said: Said) -> Reply | None:
    """A bare duration, after we asked for one."""
    found = _FOR.match(said.text)
    if found is None or not said.answered.strip().endswith(HOW_LONG):
        return None
    seconds = duration(found["long"])
    return _start(said, seconds, "") if seconds else None


def _start(said: Said, seconds: int, rest: str) -> Reply:
    if seconds > LONGEST_S:
        return "I can only set timers of up to 24 hours."
    label = _label(rest)
    arguments = {"label": label} if label else {}
    return said.call("set_timer", otherwise=NO_TIMERS, seconds=seconds, **arguments)


def _label(words: str) -> str:
    """What the timer is called: the words that are not grammar. "for the eggs" is "eggs"."""
    return " ".join(word for word in words.split() if word not in _GRAMMAR)[:40]
