"""An append-only record of when audio left the board, why, for how long, how much, and to whom.

One JSON object a line. Driven by the gate, not by the state: what it says is
what happened. A full or read-only disk is reported once and costs nothing else.
"""

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

log = logging.getLogger(__name__)

BYTES_PER_SAMPLE = 2


class PrivacyLog:
    def __init__(self, path: Path, wall_clock: Callable[[], datetime]) -> None:
        self._path = path
        self._wall_clock = wall_clock
        self._opened: datetime | None = None
        self._why = ""
        self._complained = False

    def gate_opened(self, why: str) -> None:
        self._opened, self._why = self._wall_clock(), why

    def gate_closed(self, samples: int, to: Sequence[str]) -> None:
        """`samples` is what the gate let through since then; `to` those who were called."""
        if self._opened is None:
            return
        opened, self._opened = self._opened, None
        entry = {
            "from": opened.isoformat(timespec="milliseconds"),
            "seconds": round((self._wall_clock() - opened).total_seconds(), 3),
            "why": self._why,
            "samples": samples,
            "pcm_bytes": samples * BYTES_PER_SAMPLE,
            "to": ", ".join(to) or "nobody",
        }
        self._append(json.dumps(entry))

    def _append(self, line: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as trouble:
            if not self._complained:
                log.warning("the privacy log cannot be written: %s", trouble)
            self._complained = True
