"""The board's pins: the only importer of gpiozero. What a pin means lives in its own file.

Whoever wants a pin takes a `PinSource` and asks it when it opens; `board_pins`
finds the real ones, and tests and the simulator hand in `mock_pins()`.
"""

import contextlib
import functools
import glob
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from edgevoice.errors import GpioError

log = logging.getLogger(__name__)

REMEDY = (
    "install a GPIO library (on Raspberry Pi OS: sudo apt install python3-lgpio, then run"
    " scripts/setup again) and put the user into the group gpio"
)


class Pins:
    """Claims pins by BCM number; every failure is a GpioError that names the pin."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    @property
    def name(self) -> str:
        return type(self._factory).__name__

    def contact(self, pin: int, pull_up: bool, on_level: Callable[[bool], None]) -> Any:
        """An input; `on_level(pressed)` is called in a thread of the GPIO library."""
        import gpiozero

        with translated(f"button on pin {pin}"):
            contact = gpiozero.Button(pin, pull_up=pull_up, pin_factory=self._factory)
            contact.when_pressed = lambda: on_level(True)
            contact.when_released = lambda: on_level(False)
            return contact

    def led(self, pin: int) -> Any:
        import gpiozero

        with translated(f"LED on pin {pin}"):
            return gpiozero.PWMLED(pin, pin_factory=self._factory)

    def rgb_led(self, red: int, green: int, blue: int) -> Any:
        import gpiozero

        with translated(f"RGB LED on pins {red}, {green} and {blue}"):
            return gpiozero.RGBLED(red, green, blue, pin_factory=self._factory)

    def output(self, pin: int, active_high: bool) -> Any:
        import gpiozero

        with translated(f"output on pin {pin}"):
            return gpiozero.DigitalOutputDevice(
                pin, active_high=active_high, initial_value=False, pin_factory=self._factory
            )


PinSource: TypeAlias = Callable[[], Pins | None]


@contextlib.contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn whatever the GPIO libraries raise into a GpioError about `what`."""
    try:
        yield
    except _library_errors() as error:
        raise GpioError(f"{what}: {error}; see `edgevoice devices`") from error


def _library_errors() -> tuple[type[Exception], ...]:
    """lgpio's error is a plain Exception of its own, and lgpio is not everywhere."""
    import gpiozero

    lgpio: Any = sys.modules.get("lgpio")
    return (gpiozero.GPIOZeroError, OSError, *([lgpio.error] if lgpio else []))


@functools.cache
def board_pins() -> Pins | None:
    """The pins of this machine; None, after one warning, where it has none.

    Raises GpioError where there are pins but no way to use them.
    """
    try:
        return find_pins()
    except GpioError as error:
        if _has_pins():
            raise
        log.warning("%s: going on without button, LED and lamps", error)
        return None


def find_pins() -> Pins:
    """What gpiozero finds, or what GPIOZERO_PIN_FACTORY says; raises GpioError with the remedy."""
    if os.environ.get("GPIOZERO_PIN_FACTORY", "").lower() == "mock":
        return mock_pins()
    # lgpio makes a FIFO in the working directory when imported, which for a service is /.
    os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY") or tempfile.gettempdir())
    try:
        import gpiozero
    except ImportError as error:
        raise GpioError(f"gpiozero is missing ({error}); run scripts/setup") from error
    expected: tuple[type[Exception], ...] = (ImportError, *_library_errors())
    try:
        with warnings.catch_warnings():  # one warning per library tried; the error is enough
            warnings.simplefilter("ignore")
            gpiozero.Device.ensure_pin_factory()
    except expected as error:
        raise GpioError(f"no usable GPIO on this machine ({error}); {REMEDY}") from error
    return Pins(gpiozero.Device.pin_factory)


class MockPins(Pins):
    """Pins that exist in memory only, PWM included; the other end of the wire is here too."""

    def __init__(self) -> None:
        from gpiozero.pins.mock import MockFactory, MockPWMPin

        super().__init__(MockFactory(pin_class=MockPWMPin))

    def drive(self, pin: int, high: bool) -> None:
        """What a finger on a button does; only pins claimed as inputs can be driven."""
        wire = self._factory.pin(pin)
        wire.drive_high() if high else wire.drive_low()

    def is_high(self, pin: int) -> bool:
        """What a meter on an output reads."""
        return bool(self._factory.pin(pin).state)


def mock_pins() -> Pins:
    return MockPins()


def _has_pins() -> bool:
    return bool(glob.glob("/dev/gpiochip*") or glob.glob("/dev/gpiomem*"))
