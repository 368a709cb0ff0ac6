"""Buttons on gpiozero's mock pins: threads, levels, stuck ones."""

import asyncio
import logging
import threading

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import Pins
from edgevoice.hardware.hands.button import Button
from edgevoice.hardware.hands.contact import Contact, Verdict
from tests.virtual_time import elapse


class ShortedPin(MockPin):  # type: ignore[misc]
    """Connected to ground from the beginning, whatever the pull-up does."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self._change_state(False)


class Bench:
    """A button on a mock pin, and what it reported."""

    def __init__(self, pin_class: type[MockPin] = MockPin, *, pull_up: bool = True) -> None:
        self.factory = MockFactory(pin_class=pin_class)
        self.presses: list[threading.Thread] = []
        self.button = self.another(pull_up=pull_up)

    def another(self, *, pull_up: bool = True) -> Button[Verdict]:
        contact, pins = Contact(0.03, 10.0), lambda: Pins(self.factory)
        return Button(17, contact, self._told, pins, pull_up=pull_up)

    def __enter__(self) -> "Bench":
        self.button.open()
        return self

    def __exit__(self, *error: object) -> None:
        self.button.close()

    @property
    def pin(self) -> MockPin:
        return self.factory.pin(17)

    def _told(self, verdict: Verdict) -> None:
        if verdict is Verdict.PRESSED:
            self.presses.append(threading.current_thread())


async def test_a_press_in_another_thread_is_reported_on_the_loop() -> None:
    bench = Bench()
    with bench:
        thread = threading.Thread(target=bench.pin.drive_low)
        thread.start()
        thread.join()
        await elapse(0.031)
        assert bench.presses == [threading.current_thread()]


async def test_five_bounces_are_one_press() -> None:
    bench = Bench()
    with bench:
        for _ in range(5):
            bench.pin.drive_low()
            await elapse(0.004)
            bench.pin.drive_high()
            await elapse(0.002)
        bench.pin.drive_low()
        await elapse(1)
        assert len(bench.presses) == 1


async def test_with_pull_down_high_is_pressed() -> None:
    bench = Bench(pull_up=False)
    with bench:
        bench.pin.drive_high()
        await elapse(1)
        assert len(bench.presses) == 1


@pytest.mark.fault("stuck-button")
async def test_stuck_is_logged_once_and_over_when_released(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    with bench:
        bench.pin.drive_low()
        await elapse(3600)
        assert bench.button.is_stuck
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert "stuck" in caplog.text
        bench.pin.drive_high()
        await elapse(1)
        assert not bench.button.is_stuck


async def test_held_down_at_start_it_is_no_press(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(ShortedPin)
    with bench:
        await elapse(60)
        assert bench.presses == []
        assert bench.button.is_stuck
        assert "held down" in caplog.text
        bench.pin.drive_high()
        await elapse(1)
        bench.pin.drive_low()
        await elapse(1)
        assert len(bench.presses) == 1


async def test_closed_in_the_middle_of_a_press_it_reports_nothing() -> None:
    bench = Bench()
    with bench:
        bench.pin.drive_low()
    await elapse(1)
    assert bench.presses == []


def test_no_pin_and_no_gpio_are_both_no_button() -> None:
    for pin, pins in ((None, lambda: Pins(MockFactory())), (17, lambda: None)):
        button = Button(pin, Contact(0.03), lambda verdict: None, pins)
        button.open()
        assert not button.is_stuck
        button.close()


async def test_a_pin_that_is_taken_is_an_error_naming_it() -> None:
    with Bench() as bench, pytest.raises(GpioError, match="button on pin 17"):
        bench.another().open()


async def test_an_edge_that_comes_after_the_end_of_the_loop_is_nobodys() -> None:
    bench = Bench()
    loop = asyncio.new_event_loop()
    bench.button._loop = loop
    loop.close()
    bench.button._hop(True, 0.0)
    assert bench.presses == []


async def test_an_edge_counts_from_when_it_happened() -> None:
    """The thread was late: by the time of the kernel the level has lasted long enough."""
    with Bench() as bench:
        bench.button._hop(True, 0.029)
        await elapse(0.002)
        assert len(bench.presses) == 1
