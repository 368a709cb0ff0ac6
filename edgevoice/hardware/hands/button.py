"""A button on a pin: the hop from the GPIO library's thread to the loop.

What its levels come to is a reader's (`gestures.py`, `repeat.py`, `contact.py`), what
that means is `daemon/hands/controls.py`'s.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from edgevoice.hardware.gpio.pins import PinSource, board_pins
from edgevoice.hardware.hands.timed import Reader, Timed

log = logging.getLogger(__name__)

T = TypeVar("T")


class Button(Generic[T]):
    """Calls `on_told` on the loop with what the reader tells.

    Without a pin, or on a machine without pins, it does nothing.
    """

    def __init__(
        self,
        pin: int | None,
        reader: Reader[T],
        on_told: Callable[[T], object],
        pins: PinSource = board_pins,
        *,
        pull_up: bool = True,
    ) -> None:
        self._pin = pin
        self._pull_up = pull_up
        self._timed = Timed(f"button on pin {pin}", reader, on_told)
        self._pins = pins
        self._device: Any = None

    def open(self) -> None:
        """Claim the pin; raises GpioError when it cannot be used."""
        if self._pin is None or (pins := self._pins()) is None:
            return
        self._loop = asyncio.get_running_loop()
        self._device = pins.contact(self._pin, self._pull_up, self._hop)
        if self._device.is_active:
            log.warning("%s is held down: ignored until released", self._timed.name)
            self._timed.begin(pressed=True)

    def close(self) -> None:
        """Give the pin back."""
        self._timed.close()
        if self._device is not None:
            self._device.close()
            self._device = None

    @property
    def name(self) -> str:
        return self._timed.name

    @property
    def is_stuck(self) -> bool:
        return self._device is not None and self._timed.is_stuck

    def _hop(self, pressed: bool, age_s: float) -> None:
        """In the GPIO library's thread. The time is that of the edge: the loop may be late."""
        with suppress(RuntimeError):  # an edge on its way while the loop was closed
            at = self._loop.time() - age_s
            self._loop.call_soon_threadsafe(self._level_changed, pressed, at)

    def _level_changed(self, pressed: bool, now: float) -> None:
        if self._device is not None:
            self._timed.feed(pressed, now)
