"""Knobs, clean and bouncing, slow and fast; and on gpiozero's mock pins."""

import pytest
from gpiozero.pins.mock import MockFactory
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import RotaryConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import Pins, mock_pins
from edgevoice.hardware.hands.quadrature import Acceleration, Quadrature
from edgevoice.hardware.hands.rotary import Rotary
from tests.virtual_time import elapse

FORTH = [(1, 0), (1, 1), (0, 1), (0, 0)]
BACK = [(0, 1), (1, 1), (1, 0), (0, 0)]


def clicks(path: list[tuple[int, int]], steps_per_click: int = 4) -> int:
    knob = Quadrature(RotaryConfig(steps_per_click=4 if steps_per_click == 4 else 2))
    return sum(knob.feed(bool(a), bool(b)) for a, b in path)


def test_a_click_is_one_whichever_way() -> None:
    assert clicks(FORTH * 3) == 3
    assert clicks(BACK * 3) == -3


def test_with_a_rest_at_both_ends_a_round_is_two_clicks() -> None:
    assert clicks(FORTH * 3, steps_per_click=2) == 6


def test_forth_and_half_way_back_is_nothing() -> None:
    assert clicks([(1, 0), (1, 1), (1, 0), (0, 0)]) == 0


def test_an_edge_that_was_missed_does_not_cost_the_click() -> None:
    assert clicks([(1, 1), (0, 1), (0, 0)]) == 1


@given(st.lists(st.booleans(), max_size=40))
def test_bounce_is_nothing(which: list[bool]) -> None:
    """One contact opens and closes many times, then rests."""
    path = [level for first in which for level in (((1, 0) if first else (0, 1)), (0, 0))]
    assert clicks(path) == 0


@given(st.lists(st.sampled_from([1, -1]), max_size=30), st.integers(1, 4))
def test_clicks_add_up_however_contacts_bounce(turns: list[int], bounces: int) -> None:
    path: list[tuple[int, int]] = []
    for turn in turns:
        before = (0, 0)
        for level in FORTH if turn > 0 else BACK:
            path += [level, before] * bounces + [level]
            before = level
    assert clicks(path) == sum(turns)


def test_fast_turns_count_for_more_and_turning_back_does_not() -> None:
    knob = Acceleration()
    assert [knob.steps(1, 0.0), knob.steps(1, 0.5), knob.steps(1, 0.56)] == [1, 1, 2]
    assert [knob.steps(1, 0.58), knob.steps(-1, 0.60)] == [4, -1]


async def test_turning_the_knob_steps() -> None:
    told: list[int] = []
    pins = mock_pins()
    knob = Rotary(RotaryConfig((5, 6)), told.append, lambda: pins)
    knob.open()
    for a, b in (*FORTH, *BACK):
        pins.drive(5, not a)
        pins.drive(6, not b)
        await elapse(0.01)
    assert told == [1, -1]
    knob.close()
    pins.contact(5, True, lambda pressed, age_s: None).close()  # it is free again


async def test_a_pin_that_is_taken_gives_the_other_one_back() -> None:
    pins = Pins(MockFactory())
    taken = pins.contact(6, True, lambda pressed, age_s: None)
    with pytest.raises(GpioError, match="pin 6"):
        Rotary(RotaryConfig((5, 6)), print, lambda: pins).open()
    pins.contact(5, True, lambda pressed, age_s: None).close()
    taken.close()


def test_no_pins_are_no_knob() -> None:
    for config, pins in ((RotaryConfig(), mock_pins), (RotaryConfig((5, 6)), lambda: None)):
        knob = Rotary(config, print, pins)
        knob.open()
        knob.close()
