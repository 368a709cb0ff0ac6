"""LEDs on mock pins, as a meter would see them."""

from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from edgevoice.config import IndicatorConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import Pins
from edgevoice.hardware.lights.drivers import open_indicator
from edgevoice.transceiver.indication import Indication

FULL: dict[str, Any] = {"brightness_percent": 100}


class Board:
    def __init__(self) -> None:
        self.factory = MockFactory(pin_class=MockPWMPin)

    def pins(self) -> Pins:
        return Pins(self.factory)

    def level(self, pin: int) -> float:
        return float(self.factory.pin(pin).state)


def test_the_led_gives_all_its_light_while_listening_and_none_when_idle() -> None:
    board = Board()
    indicator = open_indicator(IndicatorConfig("led", pins=(18,), **FULL), board.pins)
    indicator.show(Indication.LISTENING)
    assert board.level(18) == 1
    indicator.show(Indication.IDLE)
    assert board.level(18) == 0
    indicator.close()


def test_brightness_scales() -> None:
    board = Board()
    config = IndicatorConfig("led", pins=(18,), brightness_percent=25)
    indicator = open_indicator(config, board.pins)
    indicator.show(Indication.LISTENING)
    assert board.level(18) == 0.25
    indicator.close()


def test_the_rgb_led_has_the_pattern_s_colour() -> None:
    board = Board()
    indicator = open_indicator(IndicatorConfig("rgb", pins=(5, 6, 13), **FULL), board.pins)
    indicator.show(Indication.LISTENING)
    assert [round(board.level(pin) * 255) for pin in (5, 6, 13)] == [0, 114, 178]
    indicator.close()


def test_the_lamp_in_the_button_shows_the_same() -> None:
    board = Board()
    config = IndicatorConfig("rgb", pins=(5, 6, 13), lamp_pin=25, **FULL)
    indicator = open_indicator(config, board.pins)
    indicator.show(Indication.CONNECTING)
    assert board.level(25) == 1
    assert board.level(13) > 0
    indicator.close()


@pytest.mark.parametrize("config", [
    IndicatorConfig("led", pins=(18,)), IndicatorConfig("rgb", pins=(18, 19, 20)),
])  # fmt: skip
def test_the_pins_are_free_after_closing(config: IndicatorConfig) -> None:
    board = Board()
    open_indicator(config, board.pins).close()
    open_indicator(config, board.pins).close()


@pytest.mark.parametrize(
    ("kind", "pins", "says"),
    [
        ("led", (), "needs one pin"),
        ("rgb", (1, 2), "red, green and blue"),
        ("led", (99,), "pin 99"),
    ],
)
def test_pins_that_do_not_fit_are_an_error(kind: Any, pins: tuple[int, ...], says: str) -> None:
    with pytest.raises(GpioError, match=says):
        open_indicator(IndicatorConfig(kind, pins=pins), Board().pins)


def test_the_enable_pin_is_high_while_the_light_is_open() -> None:
    board = Board()
    config = IndicatorConfig("apa102", count=12, enable_pin=5)
    indicator = open_indicator(config, board.pins)
    assert board.level(5) == 1
    indicator.close()
    open_indicator(config, board.pins).close()  # the pin is free
