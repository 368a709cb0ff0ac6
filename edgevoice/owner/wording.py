"""Times, durations and sizes as people say them."""

from datetime import UTC, datetime
from typing import Any


def now() -> datetime:
    return datetime.now(UTC).astimezone()


def moment(text: Any) -> datetime | None:
    """In local time; None for what is no time."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (TypeError, ValueError):
        return None


def clock(text: Any, today: datetime) -> str:
    """`14:03:22` of today, `Nov 29 14:03` of other days."""
    at = moment(text)
    if at is None:
        return "?"
    if at.date() == today.date():
        return f"{at:%H:%M:%S}"
    return f"{at:%b} {at.day} {at:%H:%M}" if at.year == today.year else f"{at:%Y-%m-%d %H:%M}"


def duration(seconds: Any) -> str:
    """`0.84 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if not isinstance(seconds, int | float):
        return "?"
    if seconds < 10:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def size(count: Any) -> str:
    if not isinstance(count, int | float):
        return "?"
    for unit, bytes_each in (("MB", 1e6), ("kB", 1e3)):
        if count >= bytes_each:
            return f"{count / bytes_each:.1f} {unit}"
    return f"{count:.0f} bytes"


def plain(text: Any) -> str:
    """One line that a terminal does not obey."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(str(text).split()))
