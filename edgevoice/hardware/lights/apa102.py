"""Chains of APA102 (DotStar), and of SK9822, which is sold as one: ReSpeaker HATs, bonnets.

On the wire: 32 zeros, then for each LED `111`, five bits of brightness, and a byte each of
blue, green and red. Each LED hands on what comes after its own half a clock late, so that
many more clocks are needed; an SK9822 shows nothing before another 32 zeros. Those are
sent, and no ones, which a longer chain would show as white.

The five bits are used together with the eight of each colour, so that a dim light keeps
its hue.
"""

import contextlib
import math
from typing import Any

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.spi import SpiDevice
from edgevoice.hardware.gpio.pins import Pins, translated
from edgevoice.hardware.lights.colours import DARK, Frame

SPEED_HZ = 8_000_000
"""What Seeed's own code uses; an APA102 takes 20 MHz, the wires of a HAT perhaps do not."""

FULL = 31
"""Of the five bits."""


def encoded(frame: Frame, brightness: float) -> bytes:
    """The bytes for a whole chain."""
    five = max(1, math.ceil(FULL * brightness))
    rest = brightness * FULL / five
    data = bytearray(4)
    for red, green, blue in frame:
        data += bytes((0xE0 | five, *(round(part * rest) for part in (blue, green, red))))
    return bytes(data + bytes(4 + math.ceil(len(frame) / 16)))


class Apa102:
    """On SPI: 12 LEDs take 60 microseconds."""

    blocks = False

    def __init__(self, count: int, spi: SpiDevice) -> None:
        self.count = count
        self._spi = spi

    def write(self, frame: Frame, brightness: float) -> None:
        self._spi.write(encoded(frame, brightness))

    def close(self) -> None:
        with contextlib.suppress(GpioError):  # it is gone
            self.write((DARK,) * self.count, 0.0)
        self._spi.close()


class Apa102Pins:
    """On any two pins, bit by bit: milliseconds for three LEDs, so not for rings."""

    blocks = True

    def __init__(self, count: int, pins: Pins, data: int, clock: int) -> None:
        self.count = count
        self._data: Any = pins.output(data, active_high=True)
        try:
            self._clock: Any = pins.output(clock, active_high=True)
        except GpioError:
            self._data.close()
            raise

    def write(self, frame: Frame, brightness: float) -> None:
        with translated("LEDs"):
            self._clock_out(encoded(frame, brightness))

    def _clock_out(self, data: bytes) -> None:
        """Most significant bit first; an LED reads at the rising edge."""
        # The pins themselves: what gpiozero does around them would take several times as long.
        wire, clock = self._data.pin, self._clock.pin
        level: int | None = None
        for byte in data:
            for position in range(7, -1, -1):
                bit = byte >> position & 1
                if bit != level:
                    wire.state = level = bit
                clock.state = 1
                clock.state = 0

    def close(self) -> None:
        with contextlib.suppress(GpioError):  # it is gone
            self.write((DARK,) * self.count, 0.0)
        self._data.close()
        self._clock.close()
