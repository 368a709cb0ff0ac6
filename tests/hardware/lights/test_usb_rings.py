"""The rings of USB microphones, plugged in, old, forbidden and pulled out."""

from typing import Any

import pytest

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.usb_control import FROM_DEVICE, UsbControl
from edgevoice.hardware.lights.usb_mic_array import USB_MIC_ARRAY, UsbMicArrayRing
from edgevoice.hardware.lights.xvf3800 import MOST_ASKED, XVF3800, Xvf3800Ring
from tests.hardware.lights.wires import MicArrayChip, UsbChip, Xvf3800Chip

FRAME = tuple((10 * i, 20 * i, 4) for i in range(12))
DARK = [(0, 0, 0)] * 12


def xvf3800(chip: UsbChip) -> Xvf3800Ring:
    return Xvf3800Ring(UsbControl(*XVF3800, chip.find))


def mic_array(chip: UsbChip) -> UsbMicArrayRing:
    return UsbMicArrayRing(UsbControl(*USB_MIC_ARRAY, chip.find))


def test_each_led_of_an_xvf3800_has_its_colour() -> None:
    chip = Xvf3800Chip()
    ring = xvf3800(chip)
    ring.write(FRAME, 1.0)
    assert chip.shown == list(FRAME)
    ring.write(FRAME, 0.5)
    assert chip.shown[11] == (55, 110, 2)
    ring.close()
    assert chip.shown == DARK
    assert chip.finalized == 1


def test_old_firmware_shows_the_strongest_colour_all_around() -> None:
    chip = Xvf3800Chip(version=(2, 0, 6))
    xvf3800(chip).write(((0, 0, 0), (213, 94, 0)) * 6, 1.0)
    assert chip.shown == [(213, 94, 0)] * 12


def test_an_xvf3800_that_was_unplugged_is_begun_with_anew() -> None:
    chip = Xvf3800Chip()
    ring = xvf3800(chip)
    ring.write(FRAME, 1.0)
    chip.unplugged = True
    with pytest.raises(GpioError, match="is it plugged in"):
        ring.write(FRAME, 1.0)
    with pytest.raises(GpioError, match=r"2886:001a\) is not there: plug it in"):
        ring.write(FRAME, 1.0)
    chip.unplugged = False
    chip.reset()
    ring.write(FRAME, 1.0)
    assert chip.shown == list(FRAME)


def test_a_chip_that_never_answers_is_not_asked_for_ever() -> None:
    chip = Xvf3800Chip()
    chip.busy = 10 * MOST_ASKED
    with pytest.raises(GpioError, match="makes sense"):
        xvf3800(chip).write(FRAME, 1.0)
    assert chip.busy == 9 * MOST_ASKED


def test_its_own_mute_button_is_seen() -> None:
    chip = Xvf3800Chip()
    ring = xvf3800(chip)
    ring.write(FRAME, 1.0)
    chip.busy = 3
    assert not ring.is_muted()
    chip.button_is_pressed = True
    assert ring.is_muted()


def test_a_mic_array_gives_all_its_light_and_is_dark_in_the_end() -> None:
    chip = MicArrayChip()
    ring = mic_array(chip)
    ring.write(FRAME, 0.5)
    assert chip.brightness == 31
    assert chip.shown[11] == (55, 110, 2)
    ring.close()
    assert chip.shown == DARK
    ring.close()
    assert chip.finalized == 1


def test_who_may_not_use_it_is_told_of_the_udev_rules() -> None:
    chip = MicArrayChip()
    chip.forbidden = True
    with pytest.raises(GpioError, match="udev rules"):
        mic_array(chip).write(FRAME, 1.0)
    mic_array(chip).close()


def test_an_answer_that_is_too_short_is_trouble_of_the_light_only() -> None:
    class Terse(Xvf3800Chip):
        def ctrl_transfer(self, kind: int, *rest: Any) -> Any:
            return b"" if kind == FROM_DEVICE else super().ctrl_transfer(kind, *rest)

    with pytest.raises(GpioError, match="0 of 4 bytes"):
        xvf3800(Terse()).write(FRAME, 1.0)
