"""Spans of time: "half an hour", "an hour and a half", "1 hour 30 minutes"."""

import re
from collections.abc import Sequence
from fractions import Fraction

from edgevoice.relay.engines.local.intents.numbers import read_number

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_NAMES = {"sec": "second", "min": "minute", "hr": "hour", "minuet": "minute"}
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")


def read_duration(words: Sequence[str], at: int = 0) -> tuple[int, int] | None:
    """Whole seconds of the longest duration that begins here, and the index after it."""
    total, end = Fraction(0), at
    while True:
        begin = end + 1 if end > at and _is(words, end, "and") else end
        piece = _read_piece(words, begin)
        if piece is None:
            break
        total, end = total + piece[0], piece[1]
    seconds = round(total)
    return (seconds, end) if end > at and seconds > 0 else None


def duration(text: str) -> int | None:
    """The seconds this text is, and nothing else."""
    words = text.split()
    found = read_duration(words)
    return found[0] if found and found[1] == len(words) else None


def find_duration(text: str) -> tuple[int, str] | None:
    """The first duration in the text, and the text without it."""
    words = text.split()
    for at in range(len(words)):
        found = read_duration(words, at)
        if found:
            return found[0], " ".join([*words[:at], *words[found[1] :]])
    return None


def say_duration(seconds: int) -> str:
    """The two largest units: "1 hour and 30 minutes", "45 seconds"."""
    pieces = []
    for name, size in reversed(_SECONDS.items()):
        count, seconds = divmod(seconds, size)
        if count:
            pieces.append(f"{count} {name}{'s' if count != 1 else ''}")
    return " and ".join(pieces[:2]) or "0 seconds"


def _read_piece(words: Sequence[str], at: int) -> tuple[Fraction, int] | None:
    if at < len(words) and (clock := _CLOCK.fullmatch(words[at])):
        parts = [int(part) for part in clock.groups() if part is not None]
        scale = (60, 1) if len(parts) == 2 else (3600, 60, 1)
        return Fraction(sum(p * s for p, s in zip(parts, scale, strict=True))), at + 1
    if _is(words, at, "a", "an", "another") and (unit := _unit(words, at + 1)):
        return _and_a_half(words, Fraction(unit), unit, at + 2)
    parsed = read_number(words, at)
    if parsed is None or parsed[0] <= 0:
        return None
    value, end = parsed
    if _is(words, end, "of"):
        end += 1
    if _is(words, end, "a", "an"):
        end += 1
    unit = _unit(words, end)
    return _and_a_half(words, value * unit, unit, end + 1) if unit else None


def _and_a_half(words: Sequence[str], value: Fraction, unit: int, at: int) -> tuple[Fraction, int]:
    """ "Two hours and a half"; but not the "and a half" of "and a half hour"."""
    if list(words[at : at + 3]) == ["and", "a", "half"] and not _unit(words, at + 3):
        return value + Fraction(unit, 2), at + 3
    if list(words[at : at + 3]) == ["and", "a", "quarter"] and not _unit(words, at + 3):
        return value + Fraction(unit, 4), at + 3
    return value, at


def _unit(words: Sequence[str], at: int) -> int:
    """Seconds in the unit named here; 0 when none is."""
    if at >= len(words):
        return 0
    name = words[at].removesuffix("s")
    return _SECONDS.get(_NAMES.get(name, name), 0)


def _is(words: Sequence[str], at: int, *wanted: str) -> bool:
    return at < len(words) and words[at] in wanted
