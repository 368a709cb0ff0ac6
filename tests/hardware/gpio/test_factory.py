"""gpiozero's own devices on our pins, down to a chip that behaves."""

import threading
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import gpiozero
import pytest
from gpiozero.exc import GPIOPinInUse, PinFixedPull, PinPWMFixedValue, PinSetInput

from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.chip import Chip
from edgevoice.hardware.gpio.factory import GpiodFactory
from edgevoice.hardware.gpio.pins import Pins
from tests.hardware.gpio.fake_gpiod import FakeChip

PATIENCE_S = 5.0


class Bench:
    def __init__(self) -> None:
        self.chip = FakeChip()
        self.factory = GpiodFactory(Chip(self.chip))  # type: ignore[arg-type]
        self.pins = Pins(self.factory)
        self.told: list[bool] = []
        self.ages: list[float] = []
        self._enough = threading.Semaphore(0)

    def on_level(self, pressed: bool, age_s: float) -> None:
        self.told.append(pressed)
        self.ages.append(age_s)
        self._enough.release()

    def hears(self, count: int) -> list[bool]:
        for _ in range(count):
            assert self._enough.acquire(timeout=PATIENCE_S)
        return self.told


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    threads = threading.active_count()
    yield bench
    bench.factory.close()
    assert bench.chip.requests == {}
    assert threading.active_count() == threads, "a thread was left behind"


def test_a_button_tells_presses_and_releases(bench: Bench) -> None:
    button = bench.pins.contact(17, True, bench.on_level)
    assert not button.is_active
    for level in (False, True, False):
        bench.chip.drive(17, level)
    assert bench.hears(3) == [True, False, True]
    assert button.is_active
    assert all(0 <= age < PATIENCE_S for age in bench.ages)


def test_with_a_pull_down_high_is_pressed(bench: Bench) -> None:
    bench.pins.contact(17, False, bench.on_level)
    bench.chip.drive(17, True)
    assert bench.hears(1) == [True]


def test_gpiozeros_own_button_works_on_them(bench: Bench) -> None:
    with gpiozero.Button(17, pin_factory=bench.factory) as button:
        bench.chip.drive(17, False)
        assert button.wait_for_press(PATIENCE_S)
        bench.chip.drive(17, True)
        assert button.wait_for_release(PATIENCE_S)


def test_two_buttons_share_a_thread_and_do_not_hear_each_other(bench: Bench) -> None:
    other: list[bool] = []
    bench.pins.contact(17, True, bench.on_level)
    bench.pins.contact(27, True, lambda pressed, _: other.append(pressed))
    bench.chip.drive(17, False)
    assert bench.hears(1) == [True]
    assert other == []
    assert sum(thread.name == "edges" for thread in threading.enumerate()) == 1


def test_a_closed_button_gives_its_line_and_the_thread_back(bench: Bench) -> None:
    before = bench.pins.contact(17, True, bench.on_level)
    before.close()
    assert bench.chip.requests == {}
    bench.pins.contact(17, True, bench.on_level)
    bench.chip.drive(17, False)
    assert bench.hears(1) == [True]


def test_a_line_that_breaks_leaves_the_others_alone(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.pins.contact(17, True, bench.on_level)
    bench.pins.contact(27, True, bench.on_level)
    bench.chip.requests[27].broken = True
    bench.chip.drive(27, False)
    bench.chip.drive(17, False)
    assert bench.hears(1) == [True]
    assert "not listened to" in caplog.text
    bench.chip.requests[17].broken = True
    bench.chip.drive(17, True)


def test_a_pin_of_another_program_is_refused_by_its_name(bench: Bench) -> None:
    bench.chip.hold(17, "button-overlay")
    with pytest.raises(GpioError, match='button on pin 17: .*"button-overlay"'):
        bench.pins.contact(17, True, bench.on_level)


def test_a_pin_of_our_own_is_refused_by_gpiozero(bench: Bench) -> None:
    bench.pins.contact(17, True, bench.on_level)
    with pytest.raises(GpioError, match=r"LED on pin 17: .*already in use by <gpiozero.Digital"):
        bench.pins.led(17)
    with pytest.raises(GPIOPinInUse):
        gpiozero.Button(17, pin_factory=bench.factory)


def test_an_output_has_its_level_from_the_first_moment(bench: Bench) -> None:
    output = bench.pins.output(22, active_high=False)
    line = bench.chip.requests[22]
    assert bool(line.level)
    output.on()
    assert line.written == [False]
    assert output.value
    output.close()
    assert 22 not in bench.chip.requests


def test_an_led_is_on_or_off_without_any_thread(bench: Bench) -> None:
    led = bench.pins.led(18)
    threads = threading.active_count()
    led.on()
    led.off()
    assert threading.active_count() == threads
    assert bench.chip.requests[18].written[-2:] == [True, False]
    assert led.value == 0.0


def test_a_dimmed_led_is_switched_until_it_is_off(bench: Bench) -> None:
    led = bench.pins.led(18)
    led.value = 0.5
    assert led.value == 0.5
    line = bench.chip.requests[18]
    deadline = threading.Event()
    while len(line.written) < 6 and not deadline.wait(0.005):
        pass
    assert {True, False} <= set(line.written)
    led.off()
    assert not line.level


def test_an_rgb_led_has_three_duties(bench: Bench) -> None:
    led = bench.pins.rgb_led(5, 6, 13)
    led.color = (1, 0, 0.25)
    assert led.value == (1.0, 0.0, 0.25)
    assert bench.chip.requests[5].level
    assert not bench.chip.requests[6].level
    led.close()


def test_a_pulsing_led_pulses(bench: Bench) -> None:
    led = bench.pins.led(18)
    led.pulse(fade_in_time=0.05, fade_out_time=0.05, n=1, background=False)
    written = bench.chip.requests[18].written
    assert True in written
    led.close()


def test_what_gpiozero_promises_of_a_pin(bench: Bench) -> None:
    pin = bench.factory.pin(17)
    assert pin.function == "input"
    with pytest.raises(PinSetInput):
        pin.state = 1
    with pytest.raises(PinPWMFixedValue):
        pin.frequency = 100
    pin.input_with_pull("down")
    assert (pin.pull, pin.state) == ("down", 0)
    pin.edges = "rising"
    pin.bounce = 0.01
    pin.function = "output"
    pin.state = 1
    assert (pin.function, pin.state) == ("output", 1)
    with pytest.raises(PinFixedPull):
        pin.pull = "up"
    pin.close()
    with pytest.raises(PinFixedPull):  # a resistor of 1.8 kΩ is soldered to it
        bench.factory.pin(2).pull = "down"


def test_owners_can_ask_for_these_pins_by_name() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    module, _, name = project["entry-points"]["gpiozero_pin_factories"]["edgevoice"].partition(":")
    assert getattr(import_module(module), name) is GpiodFactory
