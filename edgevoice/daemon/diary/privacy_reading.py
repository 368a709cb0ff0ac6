"""Makes sense of the privacy log: intervals, in order, and what else was noted. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LONGEST_S = 366 * 86_400.0
MOST_TOLD = 5_000
"""Of one kind, the newest; an answer says how many more there are."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Audio left the board."""

    began: datetime
    why: str
    seconds: float | None
    """None: nobody wrote down its end, because the program was killed or the power cut."""
    pcm_bytes: int | None
    to: str

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self.began.isoformat(timespec="milliseconds"),
            "why": self.why,
            "seconds": self.seconds,
            "pcm_bytes": self.pcm_bytes,
            "to": self.to,
            "interrupted": self.seconds is None,
        }


@dataclass(frozen=True, slots=True)
class Closed:
    """The microphone itself was closed: muted."""

    began: datetime
    until: datetime | None
    """None: it still is."""

    def as_json(self) -> dict[str, Any]:
        until = self.until.isoformat(timespec="milliseconds") if self.until else None
        return {"from": self.began.isoformat(timespec="milliseconds"), "until": until}


@dataclass(slots=True)
class Reading:
    intervals: list[Interval]
    closed: list[Closed]
    notes: list[dict[str, Any]]
    """As they were written: recordings on and off, what was forgotten, dropped or lost."""
    open_since: datetime | None = None
    """The last opening has no end: it goes on, or was interrupted."""

    def told(self, since: datetime, *, is_open: bool) -> dict[str, Any]:
        """What has ended, or begun, since then. `is_open`: the gate is, this very moment."""
        intervals = [i for i in self.intervals if _end(i) >= since]
        if is_open and self.open_since and intervals and intervals[-1].seconds is None:
            intervals.pop()
        closed = [c for c in self.closed if c.until is None or c.until >= since]
        return {
            "since": since.isoformat(timespec="seconds"),
            "intervals": [interval.as_json() for interval in intervals[-MOST_TOLD:]],
            "left_out": max(0, len(intervals) - MOST_TOLD),
            "microphone_closed": [each.as_json() for each in closed[-MOST_TOLD:]],
            "notes": [note for note in self.notes if _noted(note) >= since][-MOST_TOLD:],
            "open_since": self.open_since.isoformat() if is_open and self.open_since else None,
        }


def _end(interval: Interval) -> datetime:
    return interval.began + timedelta(seconds=interval.seconds or 0.0)


def _noted(note: dict[str, Any]) -> datetime:
    at = moment(note["at"])
    assert at is not None, "only such notes are kept"
    return at


def reading(lines: Iterable[dict[str, Any]]) -> Reading:
    """Lines that make no sense are left out; old ones have no `opened`."""
    every = list(lines)
    read, latest = Reading([], [], []), next((time for time in map(_time, every) if time), "")
    for line in every:
        latest = _time(line) or latest
        if "opened" in line:
            _opened(read, line)
        elif "from" in line:
            _closed(read, line)
        elif "microphone" in line:
            _microphone(read, line)
        elif moment(latest) is not None:
            read.notes.append({**line, "at": latest})
    return read


def _time(line: dict[str, Any]) -> Any:
    return line.get("at") or line.get("opened") or line.get("from")


def _opened(read: Reading, line: dict[str, Any]) -> None:
    began = moment(line["opened"])
    if began is not None:
        read.intervals.append(Interval(began, str(line.get("why", "")), None, None, "not known"))
        read.open_since = began


def _closed(read: Reading, line: dict[str, Any]) -> None:
    began, seconds, size = moment(line["from"]), line.get("seconds"), line.get("pcm_bytes")
    if began is None or not isinstance(seconds, int | float) or not isinstance(size, int):
        return
    if not 0 <= seconds <= LONGEST_S:
        return
    if read.intervals and read.intervals[-1].began == began:
        read.intervals.pop()
    to = str(line.get("to", "not known"))
    read.intervals.append(Interval(began, str(line.get("why", "")), float(seconds), size, to))
    read.open_since = None


def _microphone(read: Reading, line: dict[str, Any]) -> None:
    at = moment(line.get("at"))
    if at is None:
        return
    still = bool(read.closed) and read.closed[-1].until is None
    if line["microphone"] == "closed" and not still:
        read.closed.append(Closed(at, None))
    elif line["microphone"] == "open" and still:
        read.closed[-1] = Closed(read.closed[-1].began, at)


def moment(text: Any) -> datetime | None:
    """With its zone; None for what is no time."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    # Near both ends of the calendar nothing can be told in another zone.
    return found if found.tzinfo is not None and 1 < found.year < 9_999 else None
