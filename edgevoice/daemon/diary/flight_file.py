"""The file that keeps what led to somewhere. It may hold what was said: the owner's alone.

`edgevoice replay` reads it.
"""

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from edgevoice import __version__
from edgevoice.errors import LocalProtocolError
from edgevoice.transceiver.flight import Entry
from edgevoice.transceiver.flight_record import lines

log = logging.getLogger(__name__)

MOST_BYTES = 2 << 20
"""Eight times as much as 1,000 steps of a usual day; of more the newest are written."""
FLIGHT_RECORD = "flight-record.jsonl"


def write_flight(
    path: Path,
    flight: Sequence[Entry],
    broken: str,
    at: datetime,
    *,
    masked: bool = False,
    why: str = "",
) -> bool:
    """Whether it could be put into words; the one before is replaced. OSError: the disk refuses.

    `masked`: no word that was said is in it. `why` it was written, if nothing broke.
    """
    about = {"version": __version__, "at": at.isoformat(timespec="seconds"), "broken": broken}
    about |= {"why": why} if why else {}
    try:
        write_private(path, newest(lines(flight, about, masked=masked)))
    except (LocalProtocolError, TypeError, ValueError) as trouble:  # nothing may come of it
        log.error("the flight record cannot be written down: %s", trouble)
        return False
    return True


def newest(record: Iterator[str], most: int = MOST_BYTES) -> Iterator[str]:
    """The first line, and of the others as many as there is room for."""
    yield next(record)
    kept: deque[str] = deque()
    size = 0
    for line in record:
        kept.append(line)
        size += len(line)
        while size > most:
            size -= len(kept.popleft())
    yield from kept


def write_private(path: Path, text: Iterable[str]) -> None:
    """Readable by its owner alone from the first byte, and never half of it. OSError where it
    cannot be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)  # it may be left from before, and readable by others
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    # A name of a file may be logged that is no text in any encoding.
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(line + "\n" for line in text)
        file.flush()
        os.fsync(descriptor)
    os.replace(fresh, path)
