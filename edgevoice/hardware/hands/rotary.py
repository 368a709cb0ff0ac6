"""A knob on two pins, heard in the GPIO library's thread and read on the loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from edgevoice.config import RotaryConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import PinSource, board_pins
from edgevoice.hardware.hands.quadrature import Acceleration, Quadrature


class Rotary:
    """Calls `on_steps` with +n or -n for each click. Without pins it does nothing."""

    def __init__(
        self,
        config: RotaryConfig,
        on_steps: Callable[[int], object],
        pins: PinSource = board_pins,
        *,
        pull_up: bool = True,
    ) -> None:
        self._config = config
        self._pull_up = pull_up
        self._on_steps = on_steps
        self._pins = pins
        self._quadrature = Quadrature(config)
        self._acceleration = Acceleration()
        self._levels = [False, False]
        self._contacts: list[Any] = []

    def open(self) -> None:
        """Claim both pins; raises GpioError when one cannot be used."""
        if not self._config.pins or (pins := self._pins()) is None:
            return
        self._loop = asyncio.get_running_loop()
        for which, pin in enumerate(self._config.pins):
            try:
                contact = pins.contact(pin, self._pull_up, self._hop(which))
            except GpioError:
                self.close()
                raise
            self._contacts.append(contact)
            self._levels[which] = bool(contact.is_active)
        self._quadrature.begin(*self._levels)

    def close(self) -> None:
        """Give the pins back."""
        for contact in self._contacts:
            contact.close()
        self._contacts.clear()

    def _hop(self, which: int) -> Callable[[bool, float], None]:
        def hop(closed: bool, age_s: float) -> None:
            with suppress(RuntimeError):  # an edge on its way while the loop was closed
                at = self._loop.time() - age_s
                self._loop.call_soon_threadsafe(self._changed, which, closed, at)

        return hop

    def _changed(self, which: int, closed: bool, now: float) -> None:
        self._levels[which] = closed
        click = self._quadrature.feed(*self._levels)
        if click and self._contacts:
            self._on_steps(self._acceleration.steps(click, now))
