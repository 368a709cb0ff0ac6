"""The files of the privacy log: one of this month, and one for each before.

The oldest are dropped, and that is said.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from edgevoice.daemon.diary.privacy_reading import Reading, reading
from edgevoice.hardware.system.line_file import append, read_lines

NAME = "privacy.log"
MOST_BYTES = 8 << 20
"""Some 30,000 conversations: decades of a kitchen, and nothing to a card."""
MOST_MONTHS = 13
"""A year, and the month that has begun."""


def read_privacy(directory: Path) -> Reading:
    """With or without a running program. Blocking."""
    return reading(line for path in files(directory) for line in read_lines(path))


class MonthlyFiles:
    """One of this month, and one for each before; the oldest are dropped, and that is said."""

    def __init__(self, directory: Path, wall_clock: Callable[[], datetime]) -> None:
        self._directory = directory
        self._wall_clock = wall_clock
        self._month = ""

    def append(self, lines: Sequence[Any]) -> None:
        now = self._wall_clock()
        month = f"{now:%Y-%m}"
        if month != self._month:
            self._turn_over(month)
            self._month = month
        dropped = [*self._set_aside(now, month), *self._drop_oldest(now)]
        append(self._directory / NAME, [*dropped, *lines])

    def erase(self) -> None:
        for path in files(self._directory):
            path.unlink(missing_ok=True)

    def _turn_over(self, month: str) -> None:
        """A file that began in another month gets the name of that."""
        current = self._directory / NAME
        first = next(read_lines(current), None)
        began = month_of(first) if first else month
        if began and began != month:
            named = self._directory / f"privacy-{began}.log"
            if named.exists():  # a board without a clock may live through a month twice
                append(named, list(read_lines(current)))
                current.unlink()
            else:
                os.replace(current, named)

    def _set_aside(self, now: datetime, month: str) -> list[dict[str, Any]]:
        """A month in which it never rests has its older part in a file of its own, until that
        is dropped for the next part."""
        current = self._directory / NAME
        if not current.exists() or current.stat().st_size <= MOST_BYTES // 2:
            return []
        named = self._directory / f"privacy-{month}.log"
        dropped = [_drop(named, now)] if named.exists() else []
        os.replace(current, named)
        return dropped

    def _drop_oldest(self, now: datetime) -> list[dict[str, Any]]:
        kept = [(path, path.stat().st_size) for path in files(self._directory)]
        dropped = []
        while len(kept) > 1 and (
            len(kept) > MOST_MONTHS or sum(size for _, size in kept) > MOST_BYTES
        ):
            path, _ = kept.pop(0)
            dropped.append(_drop(path, now))
        return dropped


def _drop(path: Path, now: datetime) -> dict[str, Any]:
    """The line that says so."""
    count = sum(1 for _ in read_lines(path))
    path.unlink()
    return {"dropped": path.name, "lines": count, "at": now.isoformat(timespec="milliseconds")}


def files(directory: Path) -> list[Path]:
    """Oldest first; the last one is of this month."""
    current = directory / NAME
    before = sorted(directory.glob("privacy-????-??.log"))
    return [*before, *([current] if current.exists() else [])]


def month_of(line: dict[str, Any]) -> str:
    """`2026-11`; empty when it does not say."""
    at = line.get("opened") or line.get("from") or line.get("at")
    return at[:7] if isinstance(at, str) and len(at) > 7 and at[4] == "-" else ""
