"""Who writes frames to a light: the event loop itself, or a thread for a light that blocks."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from edgevoice.errors import GpioError
from edgevoice.hardware.lights.colours import Frame
from edgevoice.hardware.lights.indicator import Light

PATIENCE_S = 0.05
"""So long the event loop waits for a light that blocks, and only while a gate opens: a USB
transfer takes 1 to 2 ms. A light that takes longer counts as broken."""
FIRST_PATIENCE_S = 1.0
"""The first time it has to be found. A running assistant has done that long before a gate opens."""


class Hand(Protocol):
    def write_now(self, frame: Frame, brightness: float) -> None:
        """It is shown when this returns; raises as `Light.write` does."""

    async def write(self, frame: Frame, brightness: float) -> None: ...

    async def ask(self, question: Callable[[], bool]) -> bool:
        """Something else of the same device."""

    def close(self) -> None:
        """Dark, if that can be done."""


class OwnHand:
    """For a light that takes microseconds."""

    def __init__(self, light: Light) -> None:
        self._light = light

    def write_now(self, frame: Frame, brightness: float) -> None:
        self._light.write(frame, brightness)

    async def write(self, frame: Frame, brightness: float) -> None:
        self._light.write(frame, brightness)

    async def ask(self, question: Callable[[], bool]) -> bool:
        return question()

    def close(self) -> None:
        self._light.close()


class HelpingHand:
    """A thread of its own, so that nobody else's job is before it."""

    def __init__(self, light: Light) -> None:
        self._light = light
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="light")
        self._patience_s = FIRST_PATIENCE_S

    def write_now(self, frame: Frame, brightness: float) -> None:
        job = self._thread.submit(self._light.write, frame, brightness)
        try:
            job.result(self._patience_s)
        except TimeoutError as late:
            # OSError's TimeoutError may also be the light's own; then it is done.
            if job.done():
                raise
            job.cancel()
            told = f"the light took longer than {self._patience_s * 1000:g} ms; unplug it once"
            raise GpioError(told) from late
        finally:
            self._patience_s = PATIENCE_S

    async def write(self, frame: Frame, brightness: float) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._light.write, frame, brightness)
        self._patience_s = PATIENCE_S

    async def ask(self, question: Callable[[], bool]) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._thread, question)

    def close(self) -> None:
        """Waits for what is being written, which ends by itself: no driver waits for ever."""
        closed: Future[None] = self._thread.submit(self._light.close)
        self._thread.shutdown(wait=True)
        closed.result()


def hand_for(light: Light) -> Hand:
    return HelpingHand(light) if light.blocks else OwnHand(light)
