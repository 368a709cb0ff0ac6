"""Notices that the event loop stands still, and says where, before the service manager ends us.

A thread of its own, as nothing that runs on the loop can. It wakes a few times in ten
seconds, and only where a watchdog waits for us.
"""

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

BEATS = 2
"""In the time after which a loop that is silent stands still."""
LEAVE_S = 1.0
"""For the thread to write down what it has begun to."""


class StallWatch:
    def __init__(self, limit_s: float | None, on_stall: Callable[[str], None]) -> None:
        """`on_stall` is told, in the thread and once a stall, what each thread was doing.

        `limit_s` None: nobody waits for us.
        """
        self._limit_s = limit_s
        self._on_stall = on_stall
        self._beat = threading.Event()
        self._has_ended = False

    async def run(self) -> None:
        if self._limit_s is None:
            return
        thread = threading.Thread(
            target=self._look, args=(self._limit_s,), name="stall watch", daemon=True
        )
        thread.start()
        try:
            while True:
                self._beat.set()
                await asyncio.sleep(self._limit_s / BEATS)
        finally:
            self._has_ended = True
            self._beat.set()
            thread.join(LEAVE_S)

    def _look(self, limit_s: float) -> None:
        is_told = False
        while not self._has_ended:
            if self._beat.wait(limit_s):
                self._beat.clear()
                is_told = False
            elif not is_told:
                is_told = True
                self._on_stall(stacks())


def stacks() -> str:
    """Of each thread: files, lines and functions, no values."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():
        entries = traceback.extract_stack(frame)
        parts.append(f"thread {names.get(ident, ident)}\n{_places(entries)}")
    return "\n".join(parts)


def places(trace: TracebackType | None) -> str:
    """Where an exception came from."""
    return _places(traceback.extract_tb(trace))


def _places(entries: traceback.StackSummary) -> str:
    return "".join(f"  {entry.filename}:{entry.lineno} {entry.name}\n" for entry in entries)
