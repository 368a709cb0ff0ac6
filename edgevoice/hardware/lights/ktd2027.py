"""The RGB LED in the button of Google's AIY Voice Bonnet: a KTD2027 on I2C.

Registers as in the kernel's leds-ktd202x.c; where that driver has the chip, it is not ours.
"""

import contextlib

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.i2c import I2cDevice
from edgevoice.hardware.lights.colours import DARK, Frame

BUS, ADDRESS = 1, 0x31

CONTROL, CHANNELS, RAMP, CURRENT = 0x00, 0x04, 0x05, 0x06
"""Of the last there is one for each LED, red, green and blue."""
AWAKE, AT_ONCE = 0x00, 0x00
MOST_CURRENT = 80
"""In steps of 0.125 mA: 10 mA, what the kernel gives it too."""


class Ktd2027:
    count = 1
    blocks = True

    def __init__(self, chip: I2cDevice) -> None:
        self._chip = chip

    def write(self, frame: Frame, brightness: float) -> None:
        if not self._chip.is_open:
            self._chip.write(CONTROL, AWAKE)
            self._chip.write(RAMP, AT_ONCE)
        channels = 0
        for led, part in enumerate(frame[0]):
            steps = round(part / 255 * brightness * MOST_CURRENT)
            if steps:
                self._chip.write(CURRENT + led, steps - 1)
                channels |= 1 << 2 * led
        self._chip.write(CHANNELS, channels)

    def close(self) -> None:
        with contextlib.suppress(GpioError):
            self.write((DARK,), 0.0)
        self._chip.close()
