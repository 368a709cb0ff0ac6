"""An event loop whose time jumps: a six-second silence takes no time at all.

Whenever nothing is ready to run, the clock moves to the next timer instead of
waiting for it. `loop.time()`, `asyncio.sleep`, `asyncio.timeout` and `call_at`
follow; `time.monotonic()` and `time.time()` do not, which is one more reason
for the product code not to read them.

Three ways to use it:

* all async tests of a folder, except those marked `e2e`: in its conftest.py

      from tests.virtual_time import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories

* let time pass with `elapse`, which really waiting tests cannot use by mistake
* one story from a plain test: `virtual_time.run(story())`
* anything else that wants a loop: `VirtualTimeLoop()`

Jobs of `asyncio.to_thread` and `run_in_executor` take no virtual time: the clock
stands still until they have finished. Sockets on this machine work, since what
was sent is ready to be read at once. A thread that the loop does not know of
(a sound card's callback) does not hold the clock. If nothing is left that could
ever wake the loop, the test fails after `DEADLOCK_S` real seconds.
"""

import asyncio
import selectors
from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

import pytest

DEADLOCK_S = 60.0
BEGIN_S = 1_000.0
"""Not zero, so that code which takes 0.0 for "never" is found out."""

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Deadlock(RuntimeError):
    """Every task waits for something that cannot happen any more."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits only where waiting is real: for threads and for file descriptors."""

    loop: "VirtualTimeLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if timeout is not None and not self.loop.jobs:
            self.loop.now += timeout
            return []
        events = super().select(DEADLOCK_S)
        if not events:
            raise Deadlock(f"nothing happened for {DEADLOCK_S} real seconds, and no timer is set")
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now = BEGIN_S
        self.jobs = 0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Args]], T], *args: *Args
    ) -> asyncio.Future[T]:
        job = super().run_in_executor(executor, func, *args)
        self.jobs += 1
        job.add_done_callback(self._job_done)
        return job

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Ends a thread, which takes no virtual time either, however long Python would allow."""
        self.jobs += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self.jobs -= 1

    def _job_done(self, _job: object) -> None:
        self.jobs -= 1


async def elapse(seconds: float) -> None:
    """Let virtual time pass. On a real loop this would be waiting, and that is refused."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop), "this test would really wait"
    await asyncio.sleep(seconds)


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """The hook of pytest-asyncio; import it into a conftest.py to use it there."""
    if item.get_closest_marker("e2e"):
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualTimeLoop}
