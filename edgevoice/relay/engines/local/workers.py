"""The threads in which networks compute, so that the event loop goes on."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """A fixed number of threads. Used from one event loop."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count or max(1, os.cpu_count() or 1)
        self._executor = ThreadPoolExecutor(self._count, thread_name_prefix="engine")
        self._busy = 0

    @property
    def have_time(self) -> bool:
        """A thread is free: work that nobody waits for may be done."""
        return self._busy < self._count

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        self._busy += 1
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._executor, lambda: work(*args, **kwargs))
        future.add_done_callback(self._free)
        return future

    def close(self) -> None:
        """Waits for what is running; cancel that first."""
        self._executor.shutdown(cancel_futures=True)

    def _free(self, _: object) -> None:
        self._busy -= 1
