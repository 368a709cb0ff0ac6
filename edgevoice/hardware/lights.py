"""What shows the owner the state: lines on the console, one LED, an RGB LED, or nothing."""

import logging
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from edgevoice.config import IndicatorConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.patterns import PATTERNS
from edgevoice.hardware.pins import Pins, PinSource, board_pins, translated
from edgevoice.transceiver.indication import Indication

log = logging.getLogger(__name__)


class Indicator(Protocol):
    works: bool
    """What was last asked for could be shown. False for no light at all."""
    failures: int
    """How often it could not."""

    def show(self, indication: Indication) -> None:
        """Show this from now on; never raises."""

    def close(self) -> None:
        """Dark; the pins are given back."""


class Light(Protocol):
    """Something that can show an indication or fail with GpioError, OSError or ValueError."""

    def write(self, indication: Indication) -> None: ...

    def close(self) -> None: ...


class LightIndicator:
    """A light that reports the first of its failures and counts the others."""

    def __init__(self, light: Light) -> None:
        self._light = light
        self._shown: Indication | None = None
        self.works = True
        self.failures = 0

    def show(self, indication: Indication) -> None:
        if indication is self._shown:
            return
        try:
            self._light.write(indication)
        except (GpioError, OSError, ValueError) as error:  # ValueError: the console was closed
            self._failed(error)
        else:
            self._shown = indication
            self.works = True

    def _failed(self, error: Exception) -> None:
        self._shown = None
        self.works = False
        self.failures += 1
        if self.failures == 1:
            log.error("the indicator does not work: %s", error)

    def close(self) -> None:
        self._light.close()


class NoIndicator:
    """Shows nothing and says so: with `required: true` nothing will be sent."""

    works = False
    failures = 0

    def show(self, indication: Indication) -> None:
        pass

    def close(self) -> None:
        pass


class ConsoleLight:
    """One line per change; coloured on a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def write(self, indication: Indication) -> None:
        self._stream.write(f"{self._dot(indication)} {indication.value}\n")
        self._stream.flush()

    def _dot(self, indication: Indication) -> str:
        colour = PATTERNS[indication].colour
        if not any(colour):
            return "○"
        if "NO_COLOR" in os.environ or not self._stream.isatty():
            return "●"
        red, green, blue = colour
        return f"\x1b[38;2;{red};{green};{blue}m●\x1b[0m"

    def close(self) -> None:
        pass


class LedLight:
    """One LED: the motion alone tells."""

    def __init__(self, pins: Pins, pin: int) -> None:
        self._led: Any = pins.led(pin)

    def write(self, indication: Indication) -> None:
        pattern = PATTERNS[indication]
        with translated("LED"):
            match pattern.motion:
                case "off":
                    self._led.off()
                case "solid":
                    self._led.on()
                case "blink":
                    self._led.blink(on_time=pattern.on_s, off_time=pattern.off_s)
                case "pulse":
                    self._led.pulse(fade_in_time=pattern.on_s, fade_out_time=pattern.off_s)

    def close(self) -> None:
        self._led.close()


class RgbLight:
    """An RGB LED: colour and motion."""

    def __init__(self, pins: Pins, red: int, green: int, blue: int) -> None:
        self._led: Any = pins.rgb_led(red, green, blue)

    def write(self, indication: Indication) -> None:
        pattern = PATTERNS[indication]
        colour = tuple(part / 255 for part in pattern.colour)
        with translated("RGB LED"):
            match pattern.motion:
                case "off" | "solid":
                    self._led.color = colour
                case "blink":
                    self._led.blink(pattern.on_s, pattern.off_s, on_color=colour)
                case "pulse":
                    self._led.pulse(pattern.on_s, pattern.off_s, on_color=colour)

    def close(self) -> None:
        self._led.close()


def _console(config: IndicatorConfig, pins: PinSource) -> Light | None:
    return ConsoleLight()


def _led(config: IndicatorConfig, pins: PinSource) -> Light | None:
    if len(config.pins) != 1:
        raise GpioError(f"indicator.kind led wants one pin; indicator.pins is {config.pins}")
    board = pins()
    return LedLight(board, *config.pins) if board else None


def _rgb(config: IndicatorConfig, pins: PinSource) -> Light | None:
    if len(config.pins) != 3:
        raise GpioError(
            f"indicator.kind rgb wants red, green and blue pins; indicator.pins is {config.pins}"
        )
    board = pins()
    return RgbLight(board, *config.pins) if board else None


def _none(config: IndicatorConfig, pins: PinSource) -> Light | None:
    return None


INDICATORS: dict[str, Callable[[IndicatorConfig, PinSource], Light | None]] = {
    "console": _console,
    "led": _led,
    "rgb": _rgb,
    "none": _none,
}


def open_indicator(config: IndicatorConfig, pins: PinSource = board_pins) -> Indicator:
    """The configured indicator; raises GpioError when its pins cannot be used."""
    light = INDICATORS[config.kind](config, pins)
    return LightIndicator(light) if light else NoIndicator()
