"""A small JSON object that survives a power cut. What is in it is for its owner to know.

Written beside the file, flushed, and renamed over it; the copy before stays as
`NAME.previous`. Both are readable by their owner alone. Reading never raises:
unreadable means the copy before, and after that nothing, with a warning.
"""

import errno
import json
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgevoice.realtime.wire import too_deep

log = logging.getLogger(__name__)

FULL = (errno.ENOSPC, errno.EDQUOT)
BLOCK_BYTES = 512
"""Of `st_blocks`, whatever the file system's are."""


class StateFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._previous = path.with_name(path.name + ".previous")
        self._lock = threading.Lock()
        self._failed = False

    def load(self) -> dict[str, Any]:
        """What was saved last; empty when there is nothing or nothing readable."""
        for path in (self._path, self._previous):
            state = _read(path)
            if state is not None:
                return state
        return {}

    def save(self, state: Mapping[str, Any]) -> bool:
        """Whether it is on disk now. A full or read-only disk is logged once, not raised.

        Flushing an SD card takes up to a second: call it in a thread where that matters.
        """
        text = json.dumps(state, indent=1)  # in ASCII, for half a character is no UTF-8
        with self._lock:
            try:
                self._write(text)
            except OSError as error:
                if not (error.errno in FULL and self._overwrite(text.encode())):
                    self._failing(error)
                    return False
            self._failed = False
            return True

    def erase(self) -> None:
        """Nothing of it stays, the copy before included. Logged when it cannot be removed."""
        with self._lock:
            for suffix in ("", ".previous", ".new", ".link"):
                path = self._path.with_name(self._path.name + suffix)
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    log.error("%s cannot be erased (%s); remove it", path, error.strerror or error)

    def _failing(self, error: OSError) -> None:
        if not self._failed:
            log.error(
                "%s cannot be written (%s): it will be forgotten when this program ends",
                self._path,
                error.strerror or error,
            )
        self._failed = True

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.unlink(missing_ok=True)  # it may be left from before, and readable by others
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._keep_previous()
        os.replace(fresh, self._path)
        _flush_folder(self._path.parent)

    def _overwrite(self, text: bytes) -> bool:
        """On a full disk, in the blocks that the file has already: who muted us stays muted after
        a restart. A power cut in this moment leaves the copy before."""
        try:
            with self._path.open("r+b") as file:
                if len(text) > os.fstat(file.fileno()).st_blocks * BLOCK_BYTES:
                    return False
                file.write(text)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            log.debug("%s cannot be overwritten: %s", self._path, error)
            return False
        return True

    def _keep_previous(self) -> None:
        """Only a readable file is worth keeping; a link, so that the file itself never moves."""
        if _parse(self._path) is None:
            return
        link = self._path.with_name(self._path.name + ".link")
        try:
            link.unlink(missing_ok=True)
            os.link(self._path, link)
            os.replace(link, self._previous)
        except OSError as error:  # a file system without links: no copy then
            log.debug("no copy of %s is kept: %s", self._path, error)
        link.unlink(missing_ok=True)  # renaming onto a link to the same file leaves both


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    state = _parse(path)
    if state is None:
        log.warning("%s is damaged; going on without it", path)
    return state


def _parse(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_bytes()
        if too_deep(text):  # what is read has to be written again
            return None
        state = json.loads(text.decode())
    except (OSError, ValueError, RecursionError):
        return None
    return state if isinstance(state, dict) else None


def _flush_folder(folder: Path) -> None:
    """Without this the rename itself may not survive."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
