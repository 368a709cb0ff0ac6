"""The mute switch: where it is found, and when it moves."""

import pytest

from edgevoice.config import ButtonConfig
from edgevoice.hardware.gpio.pins import mock_pins
from edgevoice.hardware.hands.switch import Switch
from tests.virtual_time import elapse


@pytest.mark.parametrize("pull_up", [True, False])
@pytest.mark.parametrize("level", ["low", "high"])
async def test_it_is_on_at_its_level_from_the_first_moment(level: str, pull_up: bool) -> None:
    moved: list[bool] = []
    pins = mock_pins()
    config = ButtonConfig(mute_pin=4, mute_level="high" if level == "high" else "low")
    config = ButtonConfig(mute_pin=4, mute_level=config.mute_level, pull_up=pull_up)
    switch = Switch(config, moved.append, lambda: pins)
    switch.open()
    assert switch.is_on is (pull_up is (level == "high"))  # nobody drives it: the pull does
    for high in (True, False, True):
        pins.drive(4, high)
        await elapse(0.1)
        assert switch.is_on is (high is (level == "high"))
    assert moved[-2:] == [level == "low", level == "high"]
    switch.close()


async def test_bounce_moves_nothing() -> None:
    moved: list[bool] = []
    pins = mock_pins()
    switch = Switch(ButtonConfig(mute_pin=4), moved.append, lambda: pins)
    switch.open()
    for _ in range(5):
        pins.drive(4, False)
        await elapse(0.01)
        pins.drive(4, True)
        await elapse(0.01)
    await elapse(3600)
    assert moved == []
    switch.close()


async def test_it_may_stay_on_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    pins = mock_pins()
    switch = Switch(ButtonConfig(mute_pin=4), lambda is_on: None, lambda: pins)
    switch.open()
    pins.drive(4, False)
    await elapse(100_000)
    assert switch.is_on
    assert caplog.records == []
    switch.close()


def test_without_a_pin_it_is_off() -> None:
    switch = Switch(ButtonConfig(), lambda is_on: None, mock_pins)
    switch.open()
    assert not switch.is_on
    switch.close()
