"""Times of day and days of the week, as they are written on a command line and told to tools."""

import re
from collections.abc import Set

from edgevoice.errors import ToolError

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
WEEKEND = frozenset({5, 6})
_SETS = {
    "daily": EVERY_DAY,
    "every day": EVERY_DAY,
    "weekdays": WEEKDAYS,
    "weekends": WEEKEND,
    "once": frozenset[int](),
    "": frozenset[int](),
}
_CLOCK = re.compile(r"(\d{1,2}):?([0-5]\d)?\s*(am|pm|a\.m\.|p\.m\.)?", re.ASCII | re.IGNORECASE)


def read_clock(text: str) -> tuple[int, int]:
    """Hour and minute of "7:30", "07:30", "19:05", "7 pm"; ToolError for the rest."""
    found = _CLOCK.fullmatch(text.strip())
    if found is not None and (found[2] or found[3]):
        hour, minute = int(found[1]), int(found[2] or 0)
        half = (found[3] or "").lower()[:1]
        if half and 1 <= hour <= 12:
            return hour % 12 + (12 if half == "p" else 0), minute
        if not half and hour < 24:
            return hour, minute
    raise ToolError(f'"{text[:20]}" is no time of day; it is as 7:30 or 19:05')


def read_days(text: str) -> frozenset[int]:
    """Of "weekdays", "weekends", "daily", "once" or "mon, friday"; ToolError for the rest."""
    wanted = " ".join(text.lower().split())
    if wanted in _SETS:
        return _SETS[wanted]
    days = set()
    for word in re.split(r"[\s,]+(?:and\s+)?", wanted):
        fits = [at for at, name in enumerate(NAMES) if len(word) >= 3 and name.startswith(word)]
        fits = fits or [at for at, name in enumerate(NAMES) if word == f"{name}s"]
        if len(fits) != 1:
            raise ToolError(
                f'"{word[:20]}" is no day; say weekdays, weekends, daily or their names'
            )
        days.add(fits[0])
    return frozenset(days)


def say_days(days: Set[int]) -> str:
    """The other way round: "weekdays", "Monday and Friday"."""
    for name in ("daily", "weekdays", "weekends"):
        if days == _SETS[name]:
            return name
    *others, last = [NAMES[day].capitalize() for day in sorted(days)] or ["never"]
    return f"{', '.join(others)} and {last}" if others else last
