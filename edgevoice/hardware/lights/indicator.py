"""What the rest of the program knows of the light."""

from collections.abc import Callable
from typing import Protocol

from edgevoice.hardware.lights.colours import Frame
from edgevoice.transceiver.indication import Countdown, Hold, Indication


class Indicator(Protocol):
    """No call raises or waits; all are made on the event loop."""

    @property
    def works(self) -> bool:
        """What was last asked for could be shown. False for no light at all."""

    @property
    def failures(self) -> int:
        """How often it could not."""

    on_lost: Callable[[], None]
    """It has just failed once more; called on the event loop."""

    def show(self, indication: Indication) -> None:
        """Show this from now on. A pattern that means an open gate is lit when this returns,
        or `works` is false."""

    def countdown(self, countdown: Countdown | None) -> None:
        """The timer that rings next, seen while nothing else is; None: there is none."""

    def volume(self, percent: int) -> None:
        """It has just been changed: a bar for two seconds."""

    def hold(self, hold: Hold | None) -> None:
        """A button is held down, and a bar grows until something happens; None: let go."""

    def demonstrate(self, name: str, seconds: float) -> None:
        """For somebody who wants to see it, while nothing else must be seen. See `SHOWS`."""

    async def run(self) -> None:
        """Move what moves, and try again what failed; for ever."""

    def close(self) -> None:
        """Dark; pins and devices are given back."""


class Light(Protocol):
    """LEDs that take frames, or fail with GpioError, OSError or ValueError."""

    count: int
    blocks: bool
    """Writing takes milliseconds, or may hang: it is done beside the event loop."""

    def write(self, frame: Frame, brightness: float) -> None:
        """Opens the device where it is not open; after a failure it is tried anew.

        `brightness` scales the frame, 0 to 1, as finely as the LEDs can.
        """

    def close(self) -> None:
        """Give it back; never raises. What it last showed is dark."""


class NoIndicator:
    """Shows nothing and says so: with `required: true` nothing will be sent."""

    works = False
    failures = 0

    def __init__(self) -> None:
        self.on_lost: Callable[[], None] = lambda: None

    def show(self, indication: Indication) -> None:
        pass

    def countdown(self, countdown: Countdown | None) -> None:
        pass

    def volume(self, percent: int) -> None:
        pass

    def hold(self, hold: Hold | None) -> None:
        pass

    def demonstrate(self, name: str, seconds: float) -> None:
        pass

    async def run(self) -> None:
        pass

    def close(self) -> None:
        pass
