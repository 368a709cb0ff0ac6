"""The kernel's GPIO chip, one line at a time: the only importer of gpiod (libgpiod 2).

The chip is found by its label. Its number says nothing: on a Pi 5 the header was
gpiochip4, and is gpiochip0 since kernel 6.6.45 (raspberrypi/linux#6144). A line's
offset on these chips is its BCM number.

Debian 12 has a python3-libgpiod of version 1, which is another library under the same
name: it has no `gpiod.line`, so the imports below fail where it is found.
"""

import errno
import glob
import os
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from edgevoice.errors import GpioError

LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Of the chips that carry a Raspberry Pi's header: Pi 5, Pi 4, and all before and Zero 2.
A Pi 5 has more chips (gpio-brcmstb), whose lines 0 to 27 are something else."""

CONSUMER = "edgevoice"
"""What `gpioinfo` shows beside our lines."""

EVENTS_KEPT = 64
"""By the kernel for a line, until they are read; of more the oldest are dropped."""

BIASES = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}

EDGES = {"both": Edge.BOTH, "rising": Edge.RISING, "falling": Edge.FALLING, "none": Edge.NONE}


class EdgeSeen(NamedTuple):
    high: bool
    """The level since then."""
    at_s: float
    """By the kernel, in its interrupt; on the clock of `time.monotonic()`."""


class Line:
    """A claimed line; any thread may use it. After `release` it does nothing."""

    def __init__(self, request: gpiod.LineRequest, offset: int) -> None:
        self._request = request
        self._offset = offset
        self._lock = threading.Lock()
        self.fd = request.fd
        """Readable when there are edges."""

    def read(self) -> bool:
        with self._lock:
            return bool(self._request) and bool(self._request.get_value(self._offset))

    def write(self, high: bool) -> None:
        with self._lock:
            if self._request:
                self._request.set_value(self._offset, _value(high))

    def edges(self) -> list[EdgeSeen]:
        """Those that have not been read; never waits."""
        with self._lock:
            if not (self._request and self._request.wait_edge_events(0)):
                return []
            rising = gpiod.EdgeEvent.Type.RISING_EDGE
            return [
                EdgeSeen(event.event_type is rising, event.timestamp_ns / 1e9)
                for event in self._request.read_edge_events()
            ]

    def release(self) -> None:
        with self._lock:
            self._request.release()


class Chip:
    """Claims lines; a refusal is a GpioError that says who has the line."""

    def __init__(self, chip: gpiod.Chip) -> None:
        self._chip = chip
        self.label = chip.get_info().label
        self.path = chip.path

    def input(self, offset: int, pull: str, edges: str, debounce_s: float = 0.0) -> Line:
        settings = gpiod.LineSettings(
            direction=Direction.INPUT,
            bias=BIASES[pull],
            edge_detection=EDGES[edges],
            debounce_period=timedelta(seconds=debounce_s),
        )
        return self._claim(offset, settings)

    def output(self, offset: int, high: bool) -> Line:
        """At this level from the first moment."""
        settings = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=_value(high))
        return self._claim(offset, settings)

    def is_output(self, offset: int) -> bool:
        """Whoever made it one."""
        return self._chip.get_line_info(offset).direction is Direction.OUTPUT

    def close(self) -> None:
        """Lines live on until they are released."""
        self._chip.close()

    def _claim(self, offset: int, settings: gpiod.LineSettings) -> Line:
        try:
            request = self._chip.request_lines(
                {offset: settings}, consumer=CONSUMER, event_buffer_size=EVENTS_KEPT
            )
        except (OSError, ValueError) as error:  # ValueError: there is no such line
            raise GpioError(self._refusal(offset, error)) from error
        return Line(request, offset)

    def _refusal(self, offset: int, error: Exception) -> str:
        if not (isinstance(error, OSError) and error.errno == errno.EBUSY):
            return f"GPIO {offset} of {self.label} cannot be used ({error}): choose another pin"
        info = self._chip.get_line_info(offset)
        if info.used and info.consumer:
            return f'GPIO {offset} is in use by "{info.consumer}": stop that, or choose another pin'
        return f"GPIO {offset} is in use by the kernel; look for dtoverlay= in config.txt"


def open_chip(
    paths: Sequence[str] | None = None, opened: Callable[[str], gpiod.Chip] = gpiod.Chip
) -> Chip:
    """The chip with the header's pins; GpioError says why there is none."""
    found: dict[str, Chip] = {}
    refused: list[str] = []
    for path in _chips() if paths is None else paths:
        try:
            chip = Chip(opened(path))
        except PermissionError:
            refused.append(path)
        except OSError:
            continue  # it went away, or is no chip
        else:
            found[chip.label] = chip
    wanted = next((found.pop(label) for label in LABELS if label in found), None)
    for chip in found.values():
        chip.close()
    if wanted is None:
        raise GpioError(_why_none(sorted(found), refused))
    return wanted


def _chips() -> list[str]:
    """/dev/gpiochip4 of a Pi 5 is a link to the one that has the pins."""
    return sorted({os.path.realpath(path) for path in glob.glob("/dev/gpiochip*")})


def _why_none(labels: list[str], refused: list[str]) -> str:
    if refused:
        return (
            f"permission denied for {', '.join(refused)}: put the user into the group gpio"
            " (sudo usermod -aG gpio USER) and log in again"
        )
    if labels:
        return f"no GPIO chip of a Raspberry Pi, only {', '.join(labels)}; leave pins unset"
    return "no GPIO chip (/dev/gpiochip*); leave pins unset"


def _value(high: bool) -> Value:
    return Value.ACTIVE if high else Value.INACTIVE
