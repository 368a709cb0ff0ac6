"""Keeps the records of the last sessions that failed, in `failures` in the relay's folder.

A file each, for the relay's own user alone, of which the oldest are erased. A relay whose
store is its memory keeps none.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgevoice import __version__
from edgevoice.hardware.system.line_file import append
from edgevoice.relay.monitoring.session_record import VERSION, SessionRecord

log = logging.getLogger(__name__)

FOLDER = "failures"
MOST = 5
AGAIN_S = 60.0
"""An engine that is away fails every answer."""


class SessionFailures:
    def __init__(self, directory: Path | None, wall_clock: Callable[[], float]) -> None:
        """`wall_clock`: seconds since 1970."""
        self._folder = directory / FOLDER if directory is not None else None
        self._wall_clock = wall_clock
        self._last: float | None = None

    def keep(self, call_id: str, why: str, record: SessionRecord) -> None:
        """Beside the event loop. `why`: in our words."""
        now = self._wall_clock()
        recent = self._last is not None and abs(now - self._last) < AGAIN_S
        if self._folder is None or recent:
            return
        self._last = now
        at = datetime.fromtimestamp(now, UTC)
        about = {
            "edgevoice_session_record": VERSION,
            "version": __version__,
            "at": at.isoformat(timespec="seconds"),
            "call": call_id,
            "why": why,
        }
        path = self._folder / f"{at:%Y%m%d-%H%M%S}-{call_id}.jsonl"
        asyncio.get_running_loop().run_in_executor(None, _write, path, about, record)


def _write(path: Path, about: Mapping[str, Any], record: SessionRecord) -> None:
    """Masking a long record takes as long as ten packets of somebody else's answer."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        append(path, [about, *record.lines()])
        # A clock that was put back makes this one look older than those before.
        others = sorted(old for old in path.parent.glob("*.jsonl") if old != path)
        for old in others[: 1 - MOST]:
            old.unlink(missing_ok=True)
    except OSError as trouble:
        log.error("a session that failed cannot be written down in %s: %s", path.parent, trouble)
        with suppress(OSError):  # an empty one would push out what an earlier one tells
            if not path.stat().st_size:
                path.unlink()
    else:
        log.warning("what led to it is in %s", path)
