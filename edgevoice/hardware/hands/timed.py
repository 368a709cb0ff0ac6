"""Something that is pressed and released, read in time: a pure reader and the loop's timer."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    """A `Contact`, `Gestures` or `Repeat`."""

    @property
    def deadline(self) -> float | None: ...

    @property
    def stuck(self) -> bool: ...

    def begin(self, pressed: bool) -> None: ...

    def feed(self, pressed: bool, now: float) -> Sequence[T_co]: ...

    def passed(self, now: float) -> Sequence[T_co]: ...


class Timed(Generic[T]):
    """Calls `on_told` on the loop, at the reader's deadlines too. Says when it is stuck."""

    def __init__(self, name: str, reader: Reader[T], on_told: Callable[[T], object]) -> None:
        self.name = name
        self._reader = reader
        self._on_told = on_told
        self._was_stuck = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_stuck(self) -> bool:
        return self._reader.stuck

    def begin(self, pressed: bool) -> None:
        self._reader.begin(pressed)
        self._was_stuck = pressed

    def feed(self, pressed: bool, now: float) -> None:
        self._tell(self._reader.feed(pressed, now))

    def close(self) -> None:
        """What is not certain by now never will be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _deadline_passed(self) -> None:
        self._tell(self._reader.passed(asyncio.get_running_loop().time()))

    def _tell(self, told: Sequence[T]) -> None:
        self._arm()
        stuck, self._was_stuck = self._reader.stuck and not self._was_stuck, self._reader.stuck
        if stuck:
            log.warning("%s is held too long: stuck, ignored until released", self.name)
        for each in told:
            self._on_told(each)

    def _arm(self) -> None:
        self.close()
        if self._reader.deadline is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._reader.deadline, self._deadline_passed)
