"""The LED of the AIY Voice Bonnet, in milliamperes."""

import errno

import pytest

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.i2c import I2cDevice, Kernel
from edgevoice.hardware.lights.ktd2027 import ADDRESS, BUS, Ktd2027
from tests.hardware.lights.wires import KtdChip


def led(chip: KtdChip) -> Ktd2027:
    kernel = Kernel(chip.open, chip.ioctl, chip.write, chip.close)
    return Ktd2027(I2cDevice(BUS, ADDRESS, kernel))


def test_each_part_has_its_current_and_none_is_none() -> None:
    chip = KtdChip()
    light = led(chip)
    light.write(((255, 51, 0),), 1.0)
    assert chip.milliamperes == [10.0, 2.0, 0.0]
    light.write(((0, 255, 255),), 0.1)
    assert chip.milliamperes == [0.0, 1.0, 1.0]
    light.close()
    assert chip.milliamperes == [0.0] * 3
    assert chip.opened == 0


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EBUSY, "driver of the kernel"),
        (errno.EREMOTEIO, "nothing answers"),
        (errno.EACCES, "group i2c"),
    ],
)
def test_trouble_is_told_with_what_to_do(number: int, says: str) -> None:
    chip = KtdChip(trouble=OSError(number, "no"))
    light = led(chip)
    with pytest.raises(GpioError, match=says):
        light.write(((1, 1, 1),), 1.0)
    light.close()
    assert chip.opened == 0
