"""A bounded file of JSON objects, one a line, that survives power cuts and garbage.

Read by its owner alone. Half a line, which a power cut leaves, is skipped in reading
and closed off before the next one. What is older than the newest `most` is dropped,
now and then. Blocking: call it in a thread where that matters.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

LONGEST_LINE = 65_536
MOST_BYTES = 32 << 20
"""More than any file of ours: of something else only the end is looked at."""


class LineFile:
    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most
        self._count: int | None = None

    def load(self) -> list[dict[str, Any]]:
        """The newest lines, oldest first. Never raises: what cannot be read is not there."""
        lines = list(read_lines(self._path))
        self._count = len(lines)
        return lines[-self._most :]

    def append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """OSError where they cannot be written."""
        if self._count is None:
            self.load()
        assert self._count is not None
        append(self._path, lines)
        self._count += len(lines)
        if self._count >= 2 * self._most:
            self._shorten()

    def erase(self) -> None:
        self._path.unlink(missing_ok=True)
        self._fresh.unlink(missing_ok=True)
        self._count = 0

    @property
    def _fresh(self) -> Path:
        return self._path.with_name(self._path.name + ".new")

    def _shorten(self) -> None:
        kept = self.load()
        self._fresh.unlink(missing_ok=True)
        append(self._fresh, kept, flush=True)  # or a power cut could leave the name of nothing
        os.replace(self._fresh, self._path)
        self._count = len(kept)


def append(path: Path, lines: Iterable[Mapping[str, Any]], *, flush: bool = False) -> None:
    """Behind what is there, which may end in the middle of a line. OSError: none of them is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        torn = b""
        if size:
            file.seek(size - 1)
            torn = b"" if file.read(1) == b"\n" else b"\n"
        text = torn + b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        try:
            while text:
                text = text[file.write(text) :]
        except OSError:  # whoever tries again later must not find them there twice
            file.truncate(size)
            raise
        if flush:
            os.fsync(descriptor)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every object that can be read, in order; the rest is counted and skipped."""
    skipped = 0
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MOST_BYTES))
            while line := file.readline(LONGEST_LINE):
                found = _object(line)
                skipped += found is None and bool(line.strip())
                if found is not None:
                    yield found
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as trouble:
        log.warning("%s cannot be read: %s", path, trouble)
    if skipped:
        log.warning("%d lines of %s cannot be read; they are skipped", skipped, path)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
