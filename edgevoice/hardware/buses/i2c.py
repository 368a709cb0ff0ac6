"""A chip on I2C, by the kernel's i2c-dev and nothing else (linux/i2c-dev.h)."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.errors import GpioError

SET_ADDRESS = 0x0703

REMEDY = "switch I2C on (`sudo raspi-config nonint do_i2c 0`) and put the user into the group i2c"


@dataclass(frozen=True, slots=True)
class Kernel:
    """The calls that tests replace."""

    open: Callable[[str, int], int] = os.open
    ioctl: Callable[[int, int, int], object] = fcntl.ioctl
    write: Callable[[int, bytes], int] = os.write
    close: Callable[[int], None] = os.close


class I2cDevice:
    """Opened with the first write, and anew after a failure."""

    def __init__(self, bus: int, address: int, kernel: Kernel | None = None) -> None:
        self._path = f"/dev/i2c-{bus}"
        self._address = address
        self._kernel = kernel or Kernel()
        self._file: int | None = None

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def write(self, register: int, value: int) -> None:
        """One register; raises GpioError."""
        try:
            self._kernel.write(self._opened(), bytes([register, value]))
        except OSError as error:
            self.close()
            raise GpioError(
                f"{self._path}, address {self._address:#x}: {self._told(error)}"
            ) from error

    def _told(self, error: OSError) -> str:
        if error.errno == errno.EBUSY:
            return "a driver of the kernel has the chip; unload it (`lsmod | grep ktd`)"
        if error.errno in (errno.ENXIO, errno.EREMOTEIO, errno.EIO):
            return "nothing answers there; is the board seated well?"
        return f"{error.strerror}; {REMEDY}"

    def _opened(self) -> int:
        if self._file is None:
            self._file = file = self._kernel.open(self._path, os.O_RDWR)
            self._kernel.ioctl(file, SET_ADDRESS, self._address)
        return self._file

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._kernel.close(self._file)
            self._file = None
