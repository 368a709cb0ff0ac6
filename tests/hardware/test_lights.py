"""Every indication on every kind of light, and lights that fail."""

import io
import itertools
import logging
import threading
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from edgevoice.config import IndicatorConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.lights import (
    INDICATORS,
    ConsoleLight,
    LightIndicator,
    open_indicator,
)
from edgevoice.hardware.patterns import PATTERNS
from edgevoice.hardware.pins import Pins
from edgevoice.transceiver.indication import SESSION, Indication


def test_every_indication_has_a_pattern_and_no_two_look_alike() -> None:
    assert set(PATTERNS) == set(Indication)
    assert len(set(PATTERNS.values())) == len(PATTERNS)


def test_one_led_alone_tells_them_apart() -> None:
    """Without the colour, motion and rhythm still differ by more than the eye's tolerance."""
    for one, other in itertools.combinations(PATTERNS.values(), 2):
        if one.motion == other.motion:
            assert abs(one.on_s - other.on_s) + abs(one.off_s - other.off_s) >= 0.25


def test_while_audio_may_leave_the_light_is_mostly_on() -> None:
    for indication in SESSION:
        pattern = PATTERNS[indication]
        assert pattern.motion != "off"
        assert pattern.on_s >= pattern.off_s


def test_only_idle_is_dark() -> None:
    assert [i for i, p in PATTERNS.items() if p.motion == "off"] == [Indication.IDLE]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_console_prints_one_line_per_change() -> None:
    screen = io.StringIO()
    indicator = LightIndicator(ConsoleLight(screen))
    for indication in (Indication.IDLE, Indication.LISTENING, Indication.LISTENING):
        indicator.show(indication)
    assert screen.getvalue() == "○ idle\n● listening\n"


def test_a_terminal_gets_colour() -> None:
    screen = Terminal()
    ConsoleLight(screen).write(Indication.MUTED)
    assert screen.getvalue() == "\x1b[38;2;213;94;0m●\x1b[0m muted\n"


def test_a_closed_console_is_counted_and_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    screen = io.StringIO()
    indicator = LightIndicator(ConsoleLight(screen))
    screen.close()
    indicator.show(Indication.LISTENING)
    indicator.show(Indication.THINKING)
    assert not indicator.works
    assert indicator.failures == 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


class LooseWire:
    """A light that fails while `broken`."""

    def __init__(self) -> None:
        self.broken = True
        self.shown: list[Indication] = []

    def write(self, indication: Indication) -> None:
        if self.broken:
            raise GpioError("LED: no contact")
        self.shown.append(indication)

    def close(self) -> None:
        pass


def test_an_indicator_that_recovers_works_again() -> None:
    wire = LooseWire()
    indicator = LightIndicator(wire)
    indicator.show(Indication.LISTENING)
    wire.broken = False
    indicator.show(Indication.LISTENING)
    assert indicator.works
    assert wire.shown == [Indication.LISTENING]


def test_after_a_failure_nothing_is_taken_as_shown() -> None:
    """Who knows what the LED does by now: the same indication is written once more."""
    wire = LooseWire()
    indicator = LightIndicator(wire)
    wire.broken = False
    indicator.show(Indication.LISTENING)
    wire.broken = True
    indicator.show(Indication.THINKING)
    wire.broken = False
    indicator.show(Indication.LISTENING)
    assert wire.shown == [Indication.LISTENING] * 2


class Board:
    def __init__(self) -> None:
        self.factory = MockFactory(pin_class=MockPWMPin)

    def pins(self) -> Pins:
        return Pins(self.factory)

    def level(self, pin: int) -> float:
        return float(self.factory.pin(pin).state)

    def changes(self, pin: int) -> list[Any]:
        return [state.state for state in self.factory.pin(pin).states]


def test_the_led_is_solid_while_listening_and_dark_when_idle() -> None:
    board = Board()
    indicator = open_indicator(IndicatorConfig(kind="led", pins=(18,)), board.pins)
    indicator.show(Indication.LISTENING)
    assert board.level(18) == 1
    indicator.show(Indication.IDLE)
    assert board.level(18) == 0
    indicator.close()


@pytest.mark.parametrize("indication", Indication)
@pytest.mark.parametrize(("kind", "pins"), [("led", (18,)), ("rgb", (5, 6, 13))])
def test_every_indication_can_be_shown_and_leaves_no_thread(
    kind: Any, pins: tuple[int, ...], indication: Indication
) -> None:
    before = threading.active_count()
    indicator = open_indicator(IndicatorConfig(kind=kind, pins=pins), Board().pins)
    indicator.show(indication)
    assert indicator.works
    indicator.close()
    assert threading.active_count() == before


def test_the_rgb_led_has_the_pattern_s_colour() -> None:
    board = Board()
    indicator = open_indicator(IndicatorConfig(kind="rgb", pins=(5, 6, 13)), board.pins)
    indicator.show(Indication.LISTENING)
    assert [round(board.level(pin) * 255) for pin in (5, 6, 13)] == [0, 114, 178]
    indicator.close()


def test_the_pins_are_free_after_closing() -> None:
    board = Board()
    open_indicator(IndicatorConfig(kind="led", pins=(18,)), board.pins).close()
    open_indicator(IndicatorConfig(kind="led", pins=(18,)), board.pins).close()


@pytest.mark.parametrize(
    ("kind", "pins", "says"),
    [
        ("led", (), "wants one pin"),
        ("rgb", (1, 2), "red, green and blue"),
        ("led", (99,), "pin 99"),
    ],
)
def test_pins_that_do_not_fit_are_an_error(kind: Any, pins: tuple[int, ...], says: str) -> None:
    with pytest.raises(GpioError, match=says):
        open_indicator(IndicatorConfig(kind=kind, pins=pins), Board().pins)


def test_no_light_does_not_claim_to_work() -> None:
    """`indicator.required` must not be satisfied by nothing."""
    for config in (IndicatorConfig(kind="none"), IndicatorConfig(kind="led", pins=(18,))):
        indicator = open_indicator(config, lambda: None)
        indicator.show(Indication.LISTENING)
        assert not indicator.works
        indicator.close()


def test_every_kind_of_the_configuration_is_in_the_table() -> None:
    kinds = IndicatorConfig.__annotations__["kind"].__args__
    assert set(INDICATORS) == set(kinds)
