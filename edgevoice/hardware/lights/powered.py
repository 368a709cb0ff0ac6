"""A light whose LEDs have power only while a pin is high."""

from typing import Any

from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import Pins, translated
from edgevoice.hardware.lights.colours import Frame
from edgevoice.hardware.lights.indicator import Light


class Powered:
    def __init__(self, light: Light, pins: Pins, enable_pin: int) -> None:
        self._light = light
        self.count = light.count
        self.blocks = light.blocks
        self._enable: Any = pins.output(enable_pin, active_high=True)
        try:
            with translated("power of the LEDs"):
                self._enable.on()
        except GpioError:
            self._enable.close()
            raise

    def write(self, frame: Frame, brightness: float) -> None:
        self._light.write(frame, brightness)

    def close(self) -> None:
        self._light.close()
        self._enable.close()
