"""Pins that nobody may use, and pins that somebody else has."""

import os
from pathlib import Path

import pytest

from edgevoice.config import ButtonConfig, Config, IndicatorConfig
from edgevoice.doctor.checks.pins import pins, wires
from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import mock_pins
from tests.doctor.boards import NOBODY, Assistant, Board, levels, only

WIRED = Config(button=ButtonConfig(pin=17))


def test_without_wires_nothing_is_looked_at(tmp_path: Path) -> None:
    assert list(wires(Board(tmp_path).machine, Config())) == []
    assert list(pins(Config(), ask=NOBODY)) == []


def test_no_pins_on_this_board(tmp_path: Path) -> None:
    found = only(wires(Board(tmp_path).machine, WIRED))
    assert (found.level, found.name) == ("fail", "GPIO")


def test_the_user_of_the_service_is_not_in_the_group(tmp_path: Path) -> None:
    board = Board(tmp_path, {"etc/group": f"gpio:x:{os.getgid()}:pi\n"})
    board.write("dev/gpiochip0", mode=0o660)
    found = only(wires(board.machine, WIRED))
    assert found.level == "fail" and "edgevoice may not" in found.text
    assert "sudo adduser edgevoice gpio" in found.todo


def test_the_user_of_the_service_is_in_the_group(tmp_path: Path) -> None:
    board = Board(tmp_path, {"etc/group": f"gpio:x:{os.getgid()}:pi,edgevoice\n"})
    board.write("dev/gpiochip0", mode=0o660)
    assert levels(wires(board.machine, WIRED)) == {"GPIO": "ok"}


def test_pins_that_are_free_are_claimed_and_given_back() -> None:
    mock = mock_pins()
    for _ in range(2):
        found = only(pins(WIRED, lambda: mock, NOBODY))
        assert found.level == "ok" and "MockFactory" in found.text and "button 17" in found.text


def test_a_pin_that_is_taken() -> None:
    mock = mock_pins()
    taken = mock.output(17, True)
    assert levels(pins(WIRED, lambda: mock, NOBODY))["pins"] == "fail"
    taken.close()


def test_no_library_for_pins() -> None:
    def none() -> None:
        raise GpioError("no usable GPIO")

    assert only(pins(WIRED, none, NOBODY)).level == "fail"  # type: ignore[arg-type]


def test_the_running_assistant_keeps_its_pins() -> None:
    found = only(pins(WIRED, mock_pins, Assistant()))
    assert (found.level, found.text) == ("ok", "the assistant has them")


@pytest.mark.parametrize("is_taken", [False, True])
def test_the_light_is_lit_for_a_moment(is_taken: bool) -> None:
    mock = mock_pins()
    lit = Config(indicator=IndicatorConfig(kind="led", pins=(25,)))
    other = mock.output(25, True) if is_taken else None
    told = levels(pins(lit, lambda: mock, NOBODY))
    assert told["light"] == ("fail" if is_taken else "ok")
    if other is not None:
        other.close()
