"""An event loop on a machine that does nothing else, whatever this one does meanwhile.

Time jumps to the next timer. Work in threads takes the processor time it took, as if each
thread had a core of its own; what the loop itself computes takes no time.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any


class _JumpingSelector(selectors.DefaultSelector):
    loop: "IdleMachine"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if timeout is not None and not self.loop.working:
            self.loop.now += timeout
            return []
        return super().select(timeout if timeout is None else 0.001)


class IdleMachine(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now = 1_000.0
        self.working = 0
        """Threads: time stands still while their work is really done."""
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        took = 0.0

        def timed() -> Any:
            nonlocal took
            began = time.thread_time()
            try:
                return func(*args)
            finally:
                took = time.thread_time() - began

        def finished(job: "asyncio.Future[Any]") -> None:
            self.working -= 1
            self.call_later(took, deliver, job)

        def deliver(job: "asyncio.Future[Any]") -> None:
            if done.cancelled():
                return
            error = asyncio.CancelledError() if job.cancelled() else job.exception()
            if error is None:
                done.set_result(job.result())
            else:
                done.set_exception(error)

        done = self.create_future()
        job = super().run_in_executor(executor, timed)
        self.working += 1
        job.add_done_callback(finished)
        return done

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        self.working += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self.working -= 1
