"""Which light the configuration means."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from edgevoice.config import IndicatorConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.buses.i2c import I2cDevice
from edgevoice.hardware.buses.spi import SpiDevice
from edgevoice.hardware.buses.usb_control import UsbControl
from edgevoice.hardware.gpio.pins import PinSource, board_pins
from edgevoice.hardware.lights.apa102 import SPEED_HZ, Apa102, Apa102Pins
from edgevoice.hardware.lights.brightness import brightness
from edgevoice.hardware.lights.colours import PALETTES
from edgevoice.hardware.lights.console import ConsoleIndicator
from edgevoice.hardware.lights.indicator import Indicator, Light, NoIndicator
from edgevoice.hardware.lights.ktd2027 import ADDRESS, BUS, Ktd2027
from edgevoice.hardware.lights.pin_leds import Led, RgbLed
from edgevoice.hardware.lights.player import Player, silence
from edgevoice.hardware.lights.powered import Powered
from edgevoice.hardware.lights.several import Several
from edgevoice.hardware.lights.usb_mic_array import USB_MIC_ARRAY, UsbMicArrayRing
from edgevoice.hardware.lights.ws2812 import Ws2812
from edgevoice.hardware.lights.xvf3800 import XVF3800, Xvf3800Ring


def _led(config: IndicatorConfig, pins: PinSource) -> Light | None:
    if len(config.pins) != 1:
        raise GpioError(f"indicator.pins is {config.pins}; indicator.kind led needs one pin")
    board = pins()
    return Led(board, *config.pins) if board else None


def _rgb(config: IndicatorConfig, pins: PinSource) -> Light | None:
    if len(config.pins) != 3:
        raise GpioError(
            f"indicator.pins is {config.pins}; indicator.kind rgb needs three: red, green and blue"
        )
    board = pins()
    return RgbLed(board, *config.pins) if board else None


def _apa102(config: IndicatorConfig, pins: PinSource) -> Light | None:
    return Apa102(config.count, SpiDevice(config.spi, SPEED_HZ))


def _apa102_pins(config: IndicatorConfig, pins: PinSource) -> Light | None:
    board = pins()
    return Apa102Pins(config.count, board, *config.pins) if board else None


def _ws2812(config: IndicatorConfig, pins: PinSource) -> Light | None:
    khz = config.ws2812_khz
    return Ws2812(config.count, SpiDevice(config.spi, khz * 1000), khz)


def _xvf3800(config: IndicatorConfig, pins: PinSource) -> Light | None:
    return Xvf3800Ring(UsbControl(*XVF3800))


def _usb_mic_array(config: IndicatorConfig, pins: PinSource) -> Light | None:
    return UsbMicArrayRing(UsbControl(*USB_MIC_ARRAY))


def _ktd2027(config: IndicatorConfig, pins: PinSource) -> Light | None:
    return Ktd2027(I2cDevice(BUS, ADDRESS))


def _nothing(config: IndicatorConfig, pins: PinSource) -> Light | None:
    return None


LIGHTS: dict[str, Callable[[IndicatorConfig, PinSource], Light | None]] = {
    "led": _led,
    "rgb": _rgb,
    "apa102": _apa102,
    "apa102_pins": _apa102_pins,
    "ws2812": _ws2812,
    "xvf3800": _xvf3800,
    "usb_mic_array": _usb_mic_array,
    "ktd2027": _ktd2027,
    "none": _nothing,
}


def _light(config: IndicatorConfig, pins: PinSource) -> Light | None:
    light = LIGHTS[config.kind](config, pins)
    if light is None or config.enable_pin is None:
        return light
    with ExitStack() as opened:  # what is open is closed again when a later one fails
        opened.callback(light.close)
        if (board := pins()) is None:
            return None
        powered = Powered(light, board, config.enable_pin)
        opened.pop_all()
        return powered


@dataclass(frozen=True, slots=True)
class _Players:
    config: IndicatorConfig
    clock: Callable[[], float]
    level: Callable[[], float]

    def player(self, light: Light, palette: str) -> Player:
        return Player(
            light,
            PALETTES[palette],
            brightness(self.config),
            self.clock,
            level=self.level,
            is_muted=light.is_muted if isinstance(light, Xvf3800Ring) else None,
        )


def open_indicator(
    config: IndicatorConfig,
    pins: PinSource = board_pins,
    clock: Callable[[], float] = time.monotonic,
    level: Callable[[], float] = silence,
) -> Indicator:
    """The configured indicator; raises GpioError when its pins cannot be used.

    A device that is not there now may come later: that is no error here.
    """
    players = _Players(config, clock, level)
    indicators: list[Indicator] = []
    with ExitStack() as opened:  # what is open is closed again when a later one fails
        if config.kind == "console":
            indicators.append(ConsoleIndicator())
        elif light := _light(config, pins):
            # One LED without colour must not lose light to a colour it cannot show.
            palette = "single" if config.kind == "led" else config.palette
            indicators.append(players.player(light, palette))
            opened.callback(indicators[0].close)
        if config.lamp_pin is not None and (board := pins()):
            indicators.append(players.player(Led(board, config.lamp_pin), "single"))
        opened.pop_all()
    if len(indicators) == 1:
        return indicators[0]
    return Several(indicators) if indicators else NoIndicator()
