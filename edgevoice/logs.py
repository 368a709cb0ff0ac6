"""Log lines on stderr: with a clock for people, with a priority for the journal.

Under systemd stderr is connected to the journal, which keeps its own clock and
reads `<4>` at the beginning of a line as the priority (sd-daemon(3)).
"""

import logging
import os
import sys
from typing import TextIO

# syslog's numbers for Python's levels
PRIORITIES = {
    logging.CRITICAL: 2,
    logging.ERROR: 3,
    logging.WARNING: 4,
    logging.INFO: 6,
    logging.DEBUG: 7,
}


class JournalFormatter(logging.Formatter):
    """Every line of a record begins with its priority, so that tracebacks stay together."""

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in super().format(record).splitlines())


def set_up(level: str, stream: TextIO | None = None) -> None:
    """Log edgevoice from this level on; libraries only when something is wrong."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    if is_journal(stream, os.environ.get("JOURNAL_STREAM", "")):
        handler.setFormatter(JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("edgevoice").setLevel(level.upper())
    logging.captureWarnings(True)


def is_journal(stream: TextIO, journal: str) -> bool:
    """Whether the stream is the one that `$JOURNAL_STREAM` (device:inode) names."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return journal == f"{found.st_dev}:{found.st_ino}"
