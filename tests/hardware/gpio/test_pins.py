"""Finding the board's pins, and not finding any."""

import glob
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.errors import GpioError
from edgevoice.hardware.gpio import pins

no_board = pytest.mark.skipif(
    bool(glob.glob("/dev/gpiochip*") or glob.glob("/dev/gpiomem*")), reason="this machine has GPIO"
)


@pytest.fixture(autouse=True)
def untouched_environment() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.pop("GPIOZERO_PIN_FACTORY", None)
    pins.board_pins.cache_clear()
    yield
    pins.board_pins.cache_clear()
    os.environ.clear()
    os.environ.update(before)


@no_board
def test_a_machine_without_pins_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    assert pins.board_pins() is None
    assert pins.board_pins() is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "going on without" in caplog.text


@no_board
def test_what_is_missing_comes_with_its_name() -> None:
    with pytest.raises(GpioError, match="no GPIO chip"):
        pins.find_pins()


@no_board
def test_our_own_pins_by_environment() -> None:
    """By the entry point, which an installation made before it was declared has not got."""
    os.environ["GPIOZERO_PIN_FACTORY"] = "edgevoice"
    with pytest.raises(GpioError, match="GPIOZERO_PIN_FACTORY=edgevoice is not usable"):
        pins.find_pins()


@no_board
def test_an_empty_lgpio_is_no_lgpio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What PyPI installs by that name on Python 3.13 without a compiler."""
    (tmp_path / "lgpio.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises(GpioError, match="no GPIO chip"):
            pins.find_pins()
    finally:
        sys.modules.pop("lgpio", None)


def test_mock_pins_by_environment() -> None:
    os.environ["GPIOZERO_PIN_FACTORY"] = "mock"
    board = pins.board_pins()
    assert board is not None
    assert (board.name, board.why) == ("MockFactory", "they exist in memory only")
    board.led(18).close()  # PWM works on them


def test_an_unknown_factory_is_an_error_with_its_name() -> None:
    os.environ["GPIOZERO_PIN_FACTORY"] = "abacus"
    with pytest.raises(GpioError, match="abacus"):
        pins.find_pins()


def test_library_errors_become_ours() -> None:
    with (
        pytest.raises(GpioError, match=r"LED on pin 3.*no such line"),
        pins.translated("LED on pin 3"),
    ):
        raise OSError("no such line")


def test_a_pin_that_does_not_exist() -> None:
    with pytest.raises(GpioError, match="output on pin 99"):
        pins.mock_pins().output(99, active_high=True)
