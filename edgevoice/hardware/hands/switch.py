"""A switch that stays where it was put: on or off from the first moment, then whenever it moves."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from edgevoice.config import ButtonConfig
from edgevoice.hardware.gpio.pins import PinSource, board_pins
from edgevoice.hardware.hands.contact import Contact, Verdict
from edgevoice.hardware.hands.timed import Timed


class Switch:
    """The hardware mute switch. Without a pin, or on a machine without pins, it is off."""

    def __init__(
        self, config: ButtonConfig, on_moved: Callable[[bool], object], pins: PinSource = board_pins
    ) -> None:
        self._config = config
        self._on_moved = on_moved
        self._pins = pins
        self._contact = Timed("mute switch", Contact(config.bounce_s), self._moved)
        self._closed_is_on = (config.mute_level == "low") is config.pull_up
        self._device: Any = None
        self.is_on = False

    @property
    def is_there(self) -> bool:
        """It can be looked at: between `open` and `close`, where there is one."""
        return self._device is not None

    def open(self) -> None:
        """Claim the pin and look; raises GpioError when it cannot be used."""
        pin = self._config.mute_pin
        if pin is None or (pins := self._pins()) is None:
            return
        self._loop = asyncio.get_running_loop()
        self._device = pins.contact(pin, self._config.pull_up, self._hop)
        is_closed = bool(self._device.is_active)
        self._contact.begin(is_closed)
        self.is_on = is_closed is self._closed_is_on

    def close(self) -> None:
        """Give the pin back; it stays what it was."""
        self._contact.close()
        if self._device is not None:
            self._device.close()
            self._device = None

    def _hop(self, pressed: bool, age_s: float) -> None:
        with suppress(RuntimeError):  # an edge on its way while the loop was closed
            self._loop.call_soon_threadsafe(self._fed, pressed, self._loop.time() - age_s)

    def _fed(self, pressed: bool, now: float) -> None:
        if self._device is not None:
            self._contact.feed(pressed, now)

    def _moved(self, verdict: Verdict) -> None:
        self.is_on = (verdict is Verdict.PRESSED) is self._closed_is_on
        self._on_moved(self.is_on)
