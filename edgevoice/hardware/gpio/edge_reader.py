"""Waits for edges on all lines, in one thread that lives while there are lines to watch."""

import logging
import os
import selectors
import threading
from collections.abc import Callable
from contextlib import suppress

from edgevoice.hardware.gpio.chip import EdgeSeen, Line

log = logging.getLogger(__name__)

OnEdge = Callable[[EdgeSeen], None]


class EdgeReader:
    """Calls back in its thread. After `forget` a last call may be on its way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[int, tuple[Line, OnEdge]] = {}
        self._thread: threading.Thread | None = None
        self._selector: selectors.BaseSelector
        self._waker: int

    def watch(self, line: Line, on_edge: OnEdge) -> None:
        with self._lock:
            if self._thread is None:
                self._start()
            self._watched[line.fd] = (line, on_edge)
            self._selector.register(line.fd, selectors.EVENT_READ)

    def forget(self, line: Line) -> None:
        """Before the line is released, or its file descriptor may be somebody else's."""
        with self._lock:
            if line.fd in self._watched:
                self._drop(line.fd)

    def close(self) -> None:
        """Ends the thread and waits for it. Not from a callback."""
        with self._lock:
            thread = self._thread
            lines = [line for line, _ in self._watched.values()]
        for line in lines:
            self.forget(line)
        if thread is not None:
            thread.join()

    def _drop(self, fd: int) -> None:
        del self._watched[fd]
        self._selector.unregister(fd)
        if not self._watched:
            os.eventfd_write(self._waker, 1)

    def _start(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector.register(self._waker, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="edges", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            ready = [key.fd for key, _ in self._selector.select()]
            if self._is_over():
                return
            for fd in ready:
                self._tell(fd)

    def _is_over(self) -> bool:
        with self._lock:
            with suppress(BlockingIOError):
                os.eventfd_read(self._waker)
            if self._watched:
                return False
            self._selector.close()
            os.close(self._waker)
            self._thread = None
            return True

    def _tell(self, fd: int) -> None:
        with self._lock:
            watched = self._watched.get(fd)
            if watched is None:
                return
            line, on_edge = watched
            try:
                edges = line.edges()
            except OSError as error:
                log.error("a pin is not listened to any more: %s", error)
                self._drop(fd)
                return
        for edge in edges:
            on_edge(edge)
