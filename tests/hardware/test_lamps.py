"""Switching outputs by name."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from edgevoice.config import LampConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import Pins
from edgevoice.hardware.lamps import Lamps

LAMPS = (LampConfig("desk", pin=22), LampConfig("fan", pin=23, active_high=False))


@pytest.fixture
def factory() -> MockFactory:
    return MockFactory()


@pytest.fixture
def lamps(factory: MockFactory) -> Iterator[Lamps]:
    lamps = Lamps(LAMPS, lambda: Pins(factory))
    lamps.open()
    yield lamps
    lamps.close()


def test_on_and_off(factory: MockFactory, lamps: Lamps) -> None:
    lamps.switch("desk", True)
    assert factory.pin(22).state == 1
    lamps.switch("desk", False)
    assert factory.pin(22).state == 0


def test_active_low_is_high_when_off(factory: MockFactory, lamps: Lamps) -> None:
    assert factory.pin(23).state == 1
    lamps.switch("fan", True)
    assert factory.pin(23).state == 0


def test_an_unknown_name_lists_the_known_ones(lamps: Lamps) -> None:
    with pytest.raises(GpioError, match="desk, fan"):
        lamps.switch("moon", True)


def test_without_gpio_it_does_not_pretend() -> None:
    lamps = Lamps(LAMPS, lambda: None)
    lamps.open()
    with pytest.raises(GpioError, match="no GPIO"):
        lamps.switch("desk", True)


class DrivenPin(MockPin):  # type: ignore[misc]
    """Remembers what it was driven to; a real one keeps no level after it is given back."""

    driven: ClassVar[list[bool]] = []

    def _set_state(self, value: bool) -> None:
        super()._set_state(value)
        self.driven.append(bool(value))


def test_closing_switches_everything_off() -> None:
    factory = MockFactory(pin_class=DrivenPin)
    lamps = Lamps(LAMPS[:1], lambda: Pins(factory))
    lamps.open()
    lamps.switch("desk", True)
    lamps.close()
    assert DrivenPin.driven[-2:] == [True, False]
    lamps.open()  # the pins are free again
    lamps.close()


def test_those_that_cannot_be_opened_keep_no_pin(factory: MockFactory) -> None:
    pins = Pins(factory)
    fan = pins.output(23, active_high=True)
    with pytest.raises(GpioError) as refused:
        Lamps(LAMPS, lambda: pins).open()
    pins.output(22, active_high=True).close()
    assert refused.value and fan
