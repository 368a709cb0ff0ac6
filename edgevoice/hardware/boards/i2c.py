"""Who answers on the header's I2C bus.

Where a driver has a chip, its name is in /sys. Any other address is asked for one byte, and
nothing is ever written: a chip that is not what we think must not be changed by the question.
"""

import errno
import fcntl
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

# linux/i2c-dev.h; refuses with EBUSY an address that a driver has.
I2C_SLAVE = 0x0703

Ask = Callable[[Path, int], bool]
"""The bus, such as /dev/i2c-1, and an address; OSError where the bus cannot be opened."""


@dataclass(frozen=True, slots=True)
class Bus:
    """Bus 1, which is on the pins of every Raspberry Pi with forty of them."""

    chips: dict[int, str] = field(default_factory=dict)
    """By address; the driver's name for it, or nothing where no driver has it."""
    unseen: str = ""
    """Why it could not be looked at, and what to do; empty if it could."""


def look(root: Path, addresses: Iterable[int], ask: Ask | None = None) -> Bus:
    """Which of these addresses answer."""
    bus, ask = root / "dev/i2c-1", ask or answers
    chips = driven(root)
    for address in addresses:
        if address in chips:
            continue
        try:
            if ask(bus, address):
                chips[address] = ""
        except OSError as error:
            return Bus(chips, _unseen(error))
    return Bus(chips)


def driven(root: Path) -> dict[int, str]:
    """The chips of bus 1 that a driver has taken; a driver takes none that does not answer."""
    taken = {}
    for device in sorted((root / "sys/bus/i2c/devices").glob("1-00??")):
        if (device / "driver").exists():
            taken[int(device.name[2:], 16)] = (device / "name").read_text().strip()
    return taken


def answers(bus: Path, address: int) -> bool:
    """One byte is read; a chip that is not there does not acknowledge its address."""
    handle = os.open(bus, os.O_RDWR)
    try:
        fcntl.ioctl(handle, I2C_SLAVE, address)
        os.read(handle, 1)
    except OSError as error:
        return error.errno == errno.EBUSY
    finally:
        os.close(handle)
    return True


def _unseen(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "I2C could not be looked at: run this with sudo"
    return (
        "I2C is off, so nothing on it could be looked for: run"
        " `sudo edgevoice board detect --enable-i2c`, which turns it on until the next reboot"
    )
