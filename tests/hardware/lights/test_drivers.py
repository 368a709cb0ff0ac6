"""Which light is opened, and several at once."""

import asyncio

import pytest

from edgevoice.config import IndicatorConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import mock_pins
from edgevoice.hardware.lights.colours import PALETTES
from edgevoice.hardware.lights.console import ConsoleIndicator
from edgevoice.hardware.lights.drivers import LIGHTS, open_indicator
from edgevoice.hardware.lights.indicator import Indicator, NoIndicator
from edgevoice.hardware.lights.several import Several
from edgevoice.transceiver.indication import Countdown, Hold, Indication


def test_every_kind_of_the_configuration_is_in_the_table() -> None:
    kinds = IndicatorConfig.__annotations__["kind"].__args__
    assert {*LIGHTS, "console"} == set(kinds)


def test_every_palette_of_the_configuration_is_in_the_table() -> None:
    assert set(PALETTES) == set(IndicatorConfig.__annotations__["palette"].__args__)


def test_no_light_does_not_claim_to_work() -> None:
    """`indicator.required` must not be satisfied by nothing."""
    for config in (
        IndicatorConfig("none"),
        IndicatorConfig("led", pins=(18,)),
        IndicatorConfig("none", lamp_pin=18),
    ):
        indicator = open_indicator(config, lambda: None)
        indicator.show(Indication.LISTENING)
        assert not indicator.works
        indicator.close()


def test_the_console_needs_no_pins() -> None:
    assert isinstance(open_indicator(IndicatorConfig(), lambda: None), ConsoleIndicator)


class Half(NoIndicator):
    def __init__(self, works: bool) -> None:
        super().__init__()
        self.works = works
        self.failures = 0 if works else 3
        self.told: list[object] = []

    def show(self, indication: Indication) -> None:
        self.told.append(indication)

    def countdown(self, countdown: Countdown | None) -> None:
        self.told.append(countdown)

    def volume(self, percent: int) -> None:
        self.told.append(percent)

    def hold(self, hold: Hold | None) -> None:
        self.told.append(hold)

    def demonstrate(self, name: str, seconds: float) -> None:
        self.told.append(name)

    async def run(self) -> None:
        self.told.append("run")

    def close(self) -> None:
        self.told.append("close")


def test_several_lights_are_told_the_same_and_work_while_one_does() -> None:
    whole, broken = Half(True), Half(False)
    several: Indicator = Several([broken, whole])
    several.show(Indication.MUTED)
    several.countdown(None)
    several.volume(40)
    several.hold(Hold(1, 2))
    several.demonstrate("idle", 1)
    asyncio.run(several.run())
    several.close()
    assert whole.told == broken.told == [
        Indication.MUTED, None, 40, Hold(1, 2), "idle", "run", "close",
    ]  # fmt: skip
    assert several.works
    assert several.failures == 3
    assert not Several([broken]).works


def test_the_loss_of_any_of_several_lights_is_told() -> None:
    lights, told = [Half(True), Half(True)], list[str]()
    several = Several(lights)
    several.on_lost = lambda: told.append("lost")
    lights[1].on_lost()
    several.on_lost()
    assert told == ["lost", "lost"]


@pytest.mark.parametrize(
    "config",
    [
        IndicatorConfig("led", pins=(17,), lamp_pin=4),
        IndicatorConfig("rgb", pins=(17, 18, 4)),
        IndicatorConfig("led", pins=(17,), enable_pin=4),
        IndicatorConfig("apa102_pins", count=3, pins=(17, 4)),
    ],
)
def test_one_that_cannot_be_opened_keeps_no_pin(config: IndicatorConfig) -> None:
    """A reload goes back to the light of before, which wants them."""
    pins = mock_pins()
    somebody = pins.output(4, active_high=True)
    with pytest.raises(GpioError) as refused:
        open_indicator(config, lambda: pins)
    open_indicator(IndicatorConfig("led", pins=(17,)), lambda: pins).close()
    assert refused.value and somebody
