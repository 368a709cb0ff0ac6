"""Lines for a file, written beside the event loop: a card may take a second to take one.

Before `run` begins and after it has ended they are written at once. What a disk refuses
waits for the next line; a warning is logged once. Only what is too much to wait is lost,
and its number is written down.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

log = logging.getLogger(__name__)

MOST_PENDING = 1_000
"""Lines that wait for a disk; the oldest beyond that are lost, and counted."""

Line = Mapping[str, Any]


class Lines(Protocol):
    """A file of lines. OSError where it cannot be written."""

    def append(self, lines: Sequence[Line]) -> None: ...

    def erase(self) -> None: ...


class Scribe:
    def __init__(self, file: Lines, what: str) -> None:
        """`what` it is, for the log: the privacy log."""
        self._file = file
        self._what = what
        self._pending: deque[Line] = deque()
        self._lost = 0
        self._complained = False
        self._running = False
        self._wanted = asyncio.Event()
        self._writing = threading.Lock()

    def write(self, line: Line) -> None:
        """Loop thread only."""
        self._pending.append(line)
        if self._running:
            self._wanted.set()
        else:
            self.flush()

    async def run(self) -> None:
        self._running = True
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                await asyncio.to_thread(self.flush)
        finally:
            self._running = False
            self.flush()

    def flush(self) -> None:
        """In any thread; in the order in which they came."""
        with self._writing:
            lines = self._take()
            if not lines:
                return
            counted: list[Line] = [{"lost_lines": self._lost}] if self._lost else []
            try:
                self._file.append([*counted, *lines])
            except OSError as trouble:
                self._pending.extendleft(reversed(lines[-MOST_PENDING:]))
                self._lost += max(0, len(lines) - MOST_PENDING)
                if not self._complained:
                    log.warning("%s cannot be written: %s", self._what, trouble)
                self._complained = True
            else:
                self._lost, self._complained = 0, False

    def erase(self) -> None:
        """In any thread: what was written, and what waits to be. OSError where it stays."""
        with self._writing:
            self._take()
            self._lost = 0
            self._file.erase()

    def _take(self) -> list[Line]:
        lines = []
        while self._pending:
            lines.append(self._pending.popleft())
        return lines
