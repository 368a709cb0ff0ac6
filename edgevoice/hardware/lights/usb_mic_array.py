"""The ring of a ReSpeaker USB Mic Array v2.0, by USB: commands of its maker's `pixel_ring`."""

import contextlib

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.usb_control import UsbControl
from edgevoice.hardware.lights.colours import DARK, Frame, shaded

USB_MIC_ARRAY = 0x2886, 0x0018, "the ReSpeaker USB Mic Array"

LEDS = 0x1C
"""The index of a request; its value is the command."""
SHOW, BRIGHTNESS = 0x06, 0x20
FULL = 0x1F


class UsbMicArrayRing:
    count = 12
    blocks = True

    def __init__(self, usb: UsbControl) -> None:
        self._usb = usb

    def write(self, frame: Frame, brightness: float) -> None:
        if not self._usb.is_open:
            self._usb.send(BRIGHTNESS, LEDS, bytes((FULL,)))
        shades = (shaded(colour, brightness) for colour in frame)
        self._usb.send(SHOW, LEDS, b"".join(bytes((*shade, 0)) for shade in shades))

    def close(self) -> None:
        with contextlib.suppress(GpioError):
            if self._usb.is_open:
                self.write((DARK,) * self.count, 0.0)
        self._usb.close()
