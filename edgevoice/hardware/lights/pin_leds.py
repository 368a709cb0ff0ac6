"""One LED, or a red, a green and a blue one, on pins of the board."""

from typing import Any

from edgevoice.hardware.gpio.pins import Pins, translated
from edgevoice.hardware.lights.colours import Frame


class Led:
    """Has no colour, only light."""

    count = 1
    blocks = False

    def __init__(self, pins: Pins, pin: int) -> None:
        self._led: Any = pins.led(pin)

    def write(self, frame: Frame, brightness: float) -> None:
        with translated("LED"):
            self._led.value = max(frame[0]) / 255 * brightness

    def close(self) -> None:
        self._led.close()


class RgbLed:
    count = 1
    blocks = False

    def __init__(self, pins: Pins, red: int, green: int, blue: int) -> None:
        self._led: Any = pins.rgb_led(red, green, blue)

    def write(self, frame: Frame, brightness: float) -> None:
        with translated("RGB LED"):
            self._led.color = tuple(part / 255 * brightness for part in frame[0])

    def close(self) -> None:
        self._led.close()
