"""spidev is set up as its LEDs want it, and found again when it was gone."""

import struct

import pytest

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.spi import (
    MOST_BYTES,
    SET_BITS_PER_WORD,
    SET_MODE,
    SET_SPEED_HZ,
    Kernel,
    SpiDevice,
)
from tests.hardware.lights.wires import SpiWire


def device(wire: SpiWire, place: str = "0.1") -> SpiDevice:
    return SpiDevice(place, 8_000_000, Kernel(wire.open, wire.ioctl, wire.write, wire.close))


def test_it_is_opened_with_the_first_write_and_set_up() -> None:
    got = bytearray()
    wire = SpiWire("/dev/spidev0.1", got.extend)
    spi = device(wire)
    assert not wire.opened
    spi.write(b"abc")
    assert got == b"abc"
    assert wire.settings == {
        SET_MODE: b"\0",
        SET_BITS_PER_WORD: b"\x08",
        SET_SPEED_HZ: struct.pack("=I", 8_000_000),
    }
    spi.close()
    spi.close()
    assert not wire.opened


def test_what_is_long_goes_in_pieces() -> None:
    got = bytearray()
    data = bytes(i % 251 for i in range(2 * MOST_BYTES + 10))
    device(SpiWire("/dev/spidev0.1", got.extend)).write(data)
    assert bytes(got) == data


def test_a_bus_that_is_switched_off_is_an_error_with_the_remedy() -> None:
    with pytest.raises(GpioError, match=r"/dev/spidev1\.0: No such file.*raspi-config"):
        device(SpiWire(), "1.0").write(b"abc")


def test_after_a_failure_it_is_opened_anew() -> None:
    wire = SpiWire("/dev/spidev0.1")
    spi = device(wire)
    spi.write(b"abc")
    wire.unplugged = True
    with pytest.raises(GpioError):
        spi.write(b"abc")
    assert wire.opened == 0
    wire.unplugged = False
    spi.write(b"abc")
    assert wire.opened == 1
