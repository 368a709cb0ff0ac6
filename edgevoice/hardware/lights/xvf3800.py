"""The ring of a reSpeaker XVF3800, by USB (its maker's `xvf_host.py` names the commands).

Each LED has its colour from firmware 2.0.7 on; older ones show one colour all around,
which tells everything but shapes. The button on it mutes its microphones in hardware, with
a red lamp of its own; all that is heard of that are zeros.
"""

import contextlib
import struct

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.usb_control import UsbControl
from edgevoice.hardware.lights.colours import Colour, Frame, shaded

XVF3800 = 0x2886, 0x001A, "the reSpeaker XVF3800"

APPLICATION, GPO = 48, 20
"""Resources of the chip: the index of a request."""
VERSION = 0
GPO_WRITE_VALUE, LED_EFFECT, LED_COLOR, LED_RING_COLOR = 1, 12, 16, 19
"""Commands: its value."""
READ = 0x80
GPO_READ_VALUES = 0
MUTE_PLACE = 1
"""Of pin X0D30 among those that are read: high while the microphones are muted."""
POWER_PIN = 33
OFF, SINGLE_COLOUR, RING = 0, 3, 5
"""Effects. After a start it is 4, which shows where a voice comes from."""

RING_SINCE = (2, 0, 7)
DONE, BUSY = 0, 64
MOST_ASKED = 50
"""It answers BUSY until the task that knows has looked at the request."""


class Xvf3800Ring:
    count = 12
    blocks = True

    def __init__(self, usb: UsbControl) -> None:
        self._usb = usb
        self._has_ring = True

    def write(self, frame: Frame, brightness: float) -> None:
        if not self._usb.is_open:
            self._begin()
        colours = [shaded(colour, brightness) for colour in frame]
        if self._has_ring:
            self._send(LED_RING_COLOR, struct.pack("<12I", *map(_number, colours)))
        else:
            self._send(LED_COLOR, struct.pack("<I", _number(max(colours, key=sum))))

    def _begin(self) -> None:
        """It may have been unplugged, and forgets then."""
        self._has_ring = self._version() >= RING_SINCE
        self._send(GPO_WRITE_VALUE, bytes((POWER_PIN, 1)))
        self._send(LED_EFFECT, bytes((RING if self._has_ring else SINGLE_COLOUR,)))

    def is_muted(self) -> bool:
        """By its own button; raises GpioError."""
        return self._ask(GPO_READ_VALUES, GPO, 5)[MUTE_PLACE] == 1

    def _version(self) -> tuple[int, ...]:
        return tuple(self._ask(VERSION, APPLICATION, 3))

    def _ask(self, command: int, resource: int, length: int) -> bytes:
        for _ in range(MOST_ASKED):
            answer = self._usb.ask(READ | command, resource, 1 + length)
            if answer[0] == DONE:
                return answer[1:]
            if answer[0] != BUSY:
                break
        self._usb.close()
        raise GpioError(f"{XVF3800[2]} answers nothing that makes sense; unplug it once")

    def _send(self, command: int, data: bytes) -> None:
        self._usb.send(command, GPO, data)

    def close(self) -> None:
        with contextlib.suppress(GpioError):  # it is gone
            if self._usb.is_open:
                self._send(LED_EFFECT, bytes((OFF,)))
        self._usb.close()


def _number(colour: Colour) -> int:
    red, green, blue = colour
    return red << 16 | green << 8 | blue
