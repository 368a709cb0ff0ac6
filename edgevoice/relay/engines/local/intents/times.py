"""Times of day: "seven thirty", "half past six", "quarter to eight in the morning", "7 pm"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from edgevoice.relay.engines.local.intents.numbers import read_number

_NAMED = {"noon": (12, 0), "midday": (12, 0), "midnight": (0, 0)}
_PARTS = {
    ("in", "the", "morning"): "am",
    ("this", "morning"): "am",
    ("in", "the", "afternoon"): "pm",
    ("this", "afternoon"): "pm",
    ("in", "the", "evening"): "pm",
    ("this", "evening"): "pm",
    ("at", "night"): "pm",
    ("tonight",): "pm",
    ("am",): "am",
    ("a", "m"): "am",
    ("pm",): "pm",
    ("p", "m"): "pm",
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """As it was said: "seven" may be in the morning or in the evening."""

    hour: int
    minute: int
    half: str = ""
    """am or pm, where that was said or can only be one of the two."""

    def early(self) -> "Spoken":
        """People are woken in the morning."""
        return self if self.half else Spoken(self.hour, self.minute, "am")

    def next(self, now: datetime) -> tuple[int, int]:
        """On 24 hours; of two, the one that comes first."""
        if self.half:
            return self._on_24(self.half)
        am, pm = self._on_24("am"), self._on_24("pm")
        passed = (now.hour, now.minute)
        return min((am, pm), key=lambda clock: (clock <= passed, clock))

    def _on_24(self, half: str) -> tuple[int, int]:
        if self.hour > 12 or (self.hour == 0):
            return self.hour, self.minute
        return self.hour % 12 + (12 if half == "pm" else 0), self.minute


def read_time(words: Sequence[str], at: int = 0) -> tuple[Spoken, int] | None:
    """The time of day that begins here, and the index after it."""
    if at < len(words) and words[at] in _NAMED:
        hour, minute = _NAMED[words[at]]
        return Spoken(hour, minute, "pm" if hour else "am"), at + 1
    found = _relative(words, at) or _plain(words, at)
    if found is None:
        return None
    hour, minute, end = found
    if not (0 <= hour < 24 and 0 <= minute < 60):
        return None
    half, end = _half(words, end)
    if half and hour > 12:
        half = ""
    return Spoken(hour, minute, half or ("pm" if hour > 12 or hour == 0 else "")), end


def find_time(text: str) -> tuple[Spoken, str] | None:
    """The first time of day in the text, and the text without it."""
    words = text.split()
    for at in range(len(words)):
        found = read_time(words, at)
        if found:
            return found[0], " ".join([*words[:at], *words[found[1] :]])
    return None


def say_clock(clock: str) -> str:
    """07:30 as "7:30 AM"; what is none stays as it is."""
    try:
        hour, minute = (int(part) for part in clock.split(":"))
    except ValueError:
        return clock
    return f"{hour % 12 or 12}:{minute:02} {'PM' if hour >= 12 else 'AM'}"


def _plain(words: Sequence[str], at: int) -> tuple[int, int, int] | None:
    """7:30, seven thirty, seven oh five, seven oclock."""
    if at >= len(words):
        return None
    first, colon, rest = words[at].replace(".", ":").partition(":")
    if colon and first.isdigit() and rest.isdigit() and len(rest) == 2 and len(first) <= 2:
        return int(first), int(rest), at + 1
    hour = _small(words, at)
    if hour is None:
        return None
    if words[hour[1] : hour[1] + 1] in (["oclock"], ["o'clock"]):
        return hour[0], 0, hour[1] + 1
    if words[hour[1] : hour[1] + 1] in (["oh"], ["o"]):
        minute = _small(words, hour[1] + 1)
        return (hour[0], minute[0], minute[1]) if minute and minute[0] < 10 else None
    minute = _small(words, hour[1])
    if minute is not None and 10 <= minute[0] < 60:
        return hour[0], minute[0], minute[1]
    return hour[0], 0, hour[1]


def _relative(words: Sequence[str], at: int) -> tuple[int, int, int] | None:
    """Half past six, (a) quarter to eight, ten past seven."""
    begin = at + 1 if words[at : at + 1] == ["a"] else at
    minutes: tuple[int, int] | None
    if words[begin : begin + 1] == ["half"]:
        minutes = 30, begin + 1
    elif words[begin : begin + 1] == ["quarter"]:
        minutes = 15, begin + 1
    else:
        minutes = _small(words, begin)
    if minutes is None:
        return None
    value, end = minutes
    end += words[end : end + 1] in (["minutes"], ["minute"])
    link = words[end] if end < len(words) else ""
    hour = _small(words, end + 1) if link in ("past", "after", "to", "till", "before") else None
    if hour is None or not 0 < value < 60:
        return None
    end = hour[1] + (words[hour[1] : hour[1] + 1] == ["oclock"])
    if link in ("past", "after"):
        return hour[0], value, end
    return (hour[0] - 1) % 12 or 12, 60 - value, end


def _small(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """A whole number of one or two words: not the "seven thirty" that is a time."""
    for length in (2, 1):
        part = words[at : at + length]
        found = read_number(part) if len(part) == length else None
        if found and found[1] == length and found[0].denominator == 1 and 0 <= found[0] < 60:
            return int(found[0]), at + length
    return None


def _half(words: Sequence[str], at: int) -> tuple[str, int]:
    for part, half in _PARTS.items():
        if tuple(words[at : at + len(part)]) == part:
            return half, at + len(part)
    return "", at
