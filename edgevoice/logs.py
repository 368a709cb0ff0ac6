"""Where log lines go, and in which form.

Under systemd to the journal with their fields, else to stderr with a clock; or as JSON to stderr,
for whoever collects it. What is logged, and at which level, is decided where it happens.
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Literal

from edgevoice.hardware.system.journal import JournalHandler, extras, journal_handler
from edgevoice.log_fields import AddFields

IDS = ("session", "device")
"""Fields that people are shown in front of the message."""


class ForPeople(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        ids = [str(vars(record)[name]) for name in IDS if name in vars(record)]
        if ids:
            record.message = f"[{' '.join(ids)}] {record.message}"
        return super().formatMessage(record)


class AsJson(logging.Formatter):
    """One object a line; fields stand beside `message`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in extras(record).items() if name not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


STDERR = 2

FOR_THE_JOURNAL = logging.Formatter("%(message)s")


def set_up(
    level: str,
    handler: logging.Handler | None = None,
    form: Literal["text", "json"] = "text",
) -> None:
    """Log edgevoice from this level on; libraries only when something is wrong."""
    if handler is None:
        journal = journal_handler(sys.stderr, os.environ) if form == "text" else None
        handler = journal or logging.StreamHandler()
    handler.setFormatter(_formatter(handler, form))
    handler.addFilter(AddFields())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("edgevoice").setLevel(level.upper())
    logging.captureWarnings(True)


def keep_stderr() -> None:
    """Python's stderr gets a descriptor of its own.

    sounddevice leads descriptor 2 to /dev/null while PortAudio looks for cards, because ALSA is
    talkative. Where a sound server hangs that takes long, and the log has to go on just then.
    """
    try:
        if sys.stderr is None or sys.stderr.fileno() != STDERR:
            return
        own = os.dup(STDERR)
    except (OSError, ValueError):  # closed, or no file at all
        return
    sys.stderr = os.fdopen(own, "w", 1, sys.stderr.encoding, sys.stderr.errors)


def _formatter(handler: logging.Handler, form: Literal["text", "json"]) -> logging.Formatter:
    if isinstance(handler, JournalHandler):
        return FOR_THE_JOURNAL  # it keeps time, level and ids in fields of their own
    return AsJson() if form == "json" else ForPeople()
