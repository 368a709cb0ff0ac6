"""The board's pins, as gpiozero's devices. What a pin means lives in its own file.

Whoever wants a pin takes a `PinSource` and asks it when it opens; `board_pins`
finds the real ones, and tests and the simulator hand in `mock_pins()`. What reaches
the pins is lgpio where it is installed, and else our own `gpio/factory.py`; never
RPi.GPIO, which does not work on a Pi 5. GPIOZERO_PIN_FACTORY, set by the owner, wins.
"""

import contextlib
import functools
import glob
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from edgevoice.errors import GpioError

log = logging.getLogger(__name__)

REMEDY = (
    "run scripts/setup again, which installs gpiod"
    " (or, on Raspberry Pi OS: sudo apt install python3-lgpio)"
)

OLDEST_EDGE_S = 1.0
"""An edge cannot be older: a library whose clock is not ours says that it is."""

OnLevel: TypeAlias = Callable[[bool, float], None]
"""Pressed or not, and for how long it had been so when it was told, in seconds."""


class Pins:
    """Claims pins by BCM number; every failure is a GpioError that names the pin."""

    def __init__(self, factory: Any, why: str = "given") -> None:
        self._factory = factory
        self.why = why
        """Why these and no others; for the owner."""

    @property
    def name(self) -> str:
        return type(self._factory).__name__

    def contact(self, pin: int, pull_up: bool, on_level: OnLevel) -> Any:
        """An input; `on_level` is called in a thread of the GPIO library."""
        import gpiozero

        with translated(f"button on pin {pin}"):
            # Not a gpiozero.Button, which has a thread of its own that measures how long it
            # is held.
            contact = gpiozero.DigitalInputDevice(pin, pull_up=pull_up, pin_factory=self._factory)
            contact.when_activated = lambda: on_level(True, _age(contact.active_time))
            contact.when_deactivated = lambda: on_level(False, _age(contact.inactive_time))
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
        raise GpioError(f"{what}: {error}; see `edgevoice doctor`") from error


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
    """The best there is, or what GPIOZERO_PIN_FACTORY says; raises GpioError with the remedy."""
    wanted = os.environ.get("GPIOZERO_PIN_FACTORY", "")
    if wanted.lower() == "mock":
        return mock_pins()
    # lgpio makes a FIFO in the working directory when imported, which for a service is /.
    os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY") or tempfile.gettempdir())
    try:
        import gpiozero
    except ImportError as error:
        raise GpioError(f"gpiozero is missing ({error}); run scripts/setup") from error
    pins = _chosen(wanted) if wanted else _lgpio_pins() or _gpiod_pins()
    gpiozero.Device.pin_factory = pins._factory  # which gpiozero closes at exit
    return pins


def _chosen(wanted: str) -> Pins:
    import gpiozero

    expected: tuple[type[Exception], ...] = (ImportError, *_library_errors())
    try:
        gpiozero.Device.ensure_pin_factory()
    except expected as error:
        raise GpioError(
            f"GPIOZERO_PIN_FACTORY={wanted} is not usable ({error}): unset it, or name another one"
        ) from error
    return Pins(gpiozero.Device.pin_factory, f"GPIOZERO_PIN_FACTORY is {wanted}")


def _lgpio_pins() -> Pins | None:
    # AttributeError: what PyPI has for Python 3.13 is an empty module of that name.
    unusable: tuple[type[Exception], ...] = (ImportError, AttributeError, *_library_errors())
    try:
        from gpiozero.pins.lgpio import LGPIOFactory

        return Pins(LGPIOFactory(), "lgpio is installed")
    except unusable as error:
        log.debug("not by lgpio: %s", error)
        return None


def _gpiod_pins() -> Pins:
    try:
        from edgevoice.hardware.gpio.factory import GpiodFactory
    except ImportError as error:
        raise GpioError(f"no library for GPIO ({error}); {REMEDY}") from error
    try:
        factory = GpiodFactory()
    except GpioError as error:
        raise GpioError(f"no usable GPIO on this machine: {error}") from error
    chip = factory.chip
    return Pins(factory, f"lgpio is not usable; gpiod on {chip.label} ({chip.path})")


def _age(seconds: float | None) -> float:
    """How long ago that was; 0 where it is not known."""
    return seconds if seconds is not None and 0 <= seconds <= OLDEST_EDGE_S else 0.0


class MockPins(Pins):
    """Pins that exist in memory only, PWM included; the other end of the wire is here too."""

    def __init__(self) -> None:
        from gpiozero.pins.mock import MockFactory, MockPWMPin

        super().__init__(MockFactory(pin_class=MockPWMPin), "they exist in memory only")

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
