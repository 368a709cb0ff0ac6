"""The bus is asked for one byte, and never told one."""

import os
from pathlib import Path

import pytest

from edgevoice.hardware.boards.i2c import answers, look
from tests.hardware.boards.machine import Machine


def test_what_a_driver_has_is_not_asked(pi: Machine) -> None:
    pi.driver(0x1A, "wm8960")
    asked: list[int] = []

    def ask(_bus: Path, address: int) -> bool:
        asked.append(address)
        return False

    assert look(pi.root, [0x18, 0x1A], ask).chips == {0x1A: "wm8960"}
    assert asked == [0x18]


def test_a_chip_that_an_overlay_only_names_is_not_there(pi: Machine) -> None:
    pi.put("sys/bus/i2c/devices/1-001a/name", "wm8960\n")  # no driver: it did not answer
    assert look(pi.root, [0x1A], pi.ask).chips == {}


def test_other_buses_are_not_on_the_pins(pi: Machine) -> None:
    pi.put("sys/bus/i2c/devices/20-001a/name", "wm8960\n")
    pi.put("sys/bus/i2c/devices/20-001a/driver/bind", "")
    assert look(pi.root, [0x1A], pi.ask).chips == {}


def test_what_is_no_bus_does_not_answer(tmp_path: Path) -> None:
    file = tmp_path / "i2c-1"
    file.write_bytes(b"\1")
    assert answers(file, 0x1A) is False
    assert file.read_bytes() == b"\1"


def test_a_bus_that_is_missing_is_an_error(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        answers(tmp_path / "i2c-1", 0x1A)
    assert len(os.listdir("/proc/self/fd")) == before
