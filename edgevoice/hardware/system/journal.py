"""Log records to systemd's journal with their fields, by its native protocol.

A record's `extra` becomes EDGEVOICE_NAME=value, so that nothing of ours is taken for
another program's; what people look for by hand is there under its short name besides:
`journalctl -u edgevoice TURN=3`. What is said in a line, and at which level, is not
decided here. Protocol: "Native Journal Protocol", systemd.io/JOURNAL_NATIVE_PROTOCOL.
"""

import logging
import os
import re
import socket
import struct
from collections.abc import Mapping
from typing import TextIO

SOCKET = "/run/systemd/journal/socket"
MOST_BYTES = 64 * 1024
"""Of one value; a datagram has its limits, and nobody reads longer ones."""

PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)

SHORT = ("turn", "session", "event")

_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JournalHandler(logging.Handler):
    """Sends records to the journal; a journal that is away costs log lines, nothing else."""

    def __init__(self, address: str = SOCKET) -> None:
        super().__init__()
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._socket.sendto(encode(fields(record, self.format(record))), self._address)
        except OSError:  # full, restarting or gone: nothing here is worth waiting for
            self.lost += 1

    def close(self) -> None:
        self._socket.close()
        super().close()


def journal_handler(stream: TextIO, environ: Mapping[str, str]) -> JournalHandler | None:
    """A handler, if `stream` (stderr) is connected to the journal as $JOURNAL_STREAM says."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return None
    if environ.get("JOURNAL_STREAM") != f"{found.st_dev}:{found.st_ino}":
        return None
    return JournalHandler() if os.path.exists(SOCKET) else None


def extras(record: logging.LogRecord) -> dict[str, object]:
    """What was logged beside the message."""
    return {name: value for name, value in vars(record).items() if name not in _ORDINARY}


def fields(record: logging.LogRecord, message: str) -> dict[str, str]:
    """The journal's fields of one record."""
    added = extras(record)
    ours = {"EDGEVOICE_" + _field_name(name): str(value) for name, value in added.items()}
    short = {_field_name(name): str(added[name]) for name in SHORT if name in added}
    return {
        "MESSAGE": message,
        "PRIORITY": str(next(number for level, number in PRIORITIES if record.levelno >= level)),
        "SYSLOG_IDENTIFIER": "edgevoice",
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
        **ours,
        **short,
    }


def _field_name(name: str) -> str:
    """Capital letters, digits and underscores, 64 at most; the journal drops all others."""
    return re.sub(r"[^A-Z0-9_]", "_", name.upper())[:50]


def encode(pairs: Mapping[str, str]) -> bytes:
    """Values with line breaks are preceded by their length, the others by an equals sign."""
    parts = []
    for name, value in pairs.items():
        data = value.encode(errors="replace")[:MOST_BYTES]
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)
