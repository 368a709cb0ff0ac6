"""A device on SPI, by the kernel's spidev and nothing else (linux/spi/spidev.h)."""

import contextlib
import fcntl
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.errors import GpioError

SET_MODE = 0x40016B01
SET_BITS_PER_WORD = 0x40016B03
SET_SPEED_HZ = 0x40046B04

MOST_BYTES = 4_096
"""In one write: what spidev's buffer holds where nobody has changed it. The chip select goes
up, and the clock pauses, between two of them."""

REMEDY = "switch SPI on (`sudo raspi-config nonint do_spi 0`) and put the user into the group spi"


@dataclass(frozen=True, slots=True)
class Kernel:
    """The calls that tests replace."""

    open: Callable[[str, int], int] = os.open
    ioctl: Callable[[int, int, bytes], object] = fcntl.ioctl
    write: Callable[[int, bytes], int] = os.write
    close: Callable[[int], None] = os.close


class SpiDevice:
    """Mode 0, eight bits; opened with the first write, and anew after a failure."""

    def __init__(self, place: str, speed_hz: int, kernel: Kernel | None = None) -> None:
        """`place`: bus and chip select, such as 0.1."""
        self._path = f"/dev/spidev{place}"
        self._speed_hz = speed_hz
        self._kernel = kernel or Kernel()
        self._file: int | None = None

    def write(self, data: bytes) -> None:
        """All of it, in pieces where it is long; raises GpioError."""
        try:
            file = self._opened()
            for at in range(0, len(data), MOST_BYTES):
                self._kernel.write(file, data[at : at + MOST_BYTES])
        except OSError as error:
            self.close()
            raise GpioError(f"{self._path}: {error.strerror}; {REMEDY}") from error

    def _opened(self) -> int:
        if self._file is None:
            self._file = file = self._kernel.open(self._path, os.O_RDWR)
            self._kernel.ioctl(file, SET_MODE, bytes([0]))
            self._kernel.ioctl(file, SET_BITS_PER_WORD, bytes([8]))
            self._kernel.ioctl(file, SET_SPEED_HZ, struct.pack("=I", self._speed_hz))
        return self._file

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._kernel.close(self._file)
            self._file = None
