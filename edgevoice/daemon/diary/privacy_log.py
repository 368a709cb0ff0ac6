"""When audio left the board, why, for how long, how much, and to whom; and when it could not.

JSON objects, one a line. Driven by the gate, not by the state: what it says is what
happened. An opening is written down before anything leaves, so that a power cut does
not hide it; its end repeats the beginning:

    {"opened": TIME, "why": ...}
    {"from": TIME, "seconds": ..., "why": ..., "samples": ..., "pcm_bytes": ..., "to": ...}
    {"microphone": "closed" or "open", "at": TIME}
    {"recording": "on" or "off", "at": TIME}
    {"forgotten": [...], "at": TIME}
    {"dropped": FILE, "lines": ..., "at": TIME}

`privacy.log` is of this month, `privacy-2026-10.log` of another. `privacy_reading.py`
makes sense of it.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from edgevoice.daemon.diary.privacy_files import MonthlyFiles
from edgevoice.daemon.diary.scribe import Scribe

BYTES_PER_SAMPLE = 2


class PrivacyLog:
    def __init__(
        self,
        directory: Path,
        wall_clock: Callable[[], datetime],
        now: Callable[[], float] | None = None,
    ) -> None:
        """`now`: a clock that is never put right, for how long something took."""
        self._wall_clock = wall_clock
        self._now = now or (lambda: wall_clock().timestamp())
        self._opened: datetime | None = None
        self._opened_at = 0.0
        self._why = ""
        self.today = Today(wall_clock)
        self._scribe = Scribe(MonthlyFiles(directory, wall_clock), "the privacy log")

    @property
    def open_since(self) -> datetime | None:
        return self._opened

    async def run(self) -> None:
        await self._scribe.run()

    def flush(self) -> None:
        """What waits to be written. In any thread."""
        self._scribe.flush()

    def erase(self) -> None:
        """In any thread. OSError where something stays."""
        self._scribe.erase()

    def gate_opened(self, why: str) -> None:
        self._opened, self._why = self._wall_clock(), why
        self._opened_at = self._now()
        self._scribe.write({"opened": _text(self._opened), "why": why})

    def gate_closed(self, samples: int, to: Sequence[str]) -> None:
        """`samples` is what the gate let through since then; `to` those who were called."""
        if self._opened is None:
            return
        opened, self._opened = self._opened, None
        seconds = round(self._now() - self._opened_at, 3)
        self.today.add(opened, seconds)
        self._scribe.write(
            {
                "from": _text(opened),
                "seconds": seconds,
                "why": self._why,
                "samples": samples,
                "pcm_bytes": samples * BYTES_PER_SAMPLE,
                "to": ", ".join(to) or "nobody",
            }
        )

    def muted(self, muted: bool) -> None:
        self._note({"microphone": "closed" if muted else "open"})

    def recording(self, on: bool) -> None:
        self._note({"recording": "on" if on else "off"})

    def forgotten(self, what: Sequence[str]) -> None:
        self._note({"forgotten": list(what)})

    def _note(self, line: dict[str, Any]) -> None:
        self._scribe.write(line | {"at": _text(self._wall_clock())})


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


class Today:
    """How often audio left since midnight, and for how long."""

    def __init__(self, wall_clock: Callable[[], datetime]) -> None:
        self._wall_clock = wall_clock
        self._day: date | None = None
        self._sessions = 0
        self._seconds = 0.0

    def add(self, began: datetime, seconds: float) -> None:
        self._turn_over()
        if began.astimezone().date() == self._day:
            self._sessions += 1
            self._seconds += seconds

    def told(self) -> dict[str, Any]:
        self._turn_over()
        return {"sessions": self._sessions, "minutes": round(self._seconds / 60, 1)}

    def _turn_over(self) -> None:
        day = self._wall_clock().astimezone().date()
        if day != self._day:
            self._day, self._sessions, self._seconds = day, 0, 0.0
