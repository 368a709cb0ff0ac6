"""Finding the chip, claiming its lines; and that the fake is asked what gpiod would be asked."""

import inspect
import os

import gpiod
import pytest

from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.chip import Chip, EdgeSeen, open_chip
from tests.hardware.gpio.fake_gpiod import FakeChip, FakeRequest


def opened(*chips: FakeChip | Exception) -> Chip:
    """What `open_chip` makes of a machine with these, in the order of their numbers."""
    paths = [f"/dev/gpiochip{n}" for n in range(len(chips))]
    machine = dict(zip(paths, chips, strict=True))

    def by_path(path: str) -> FakeChip:
        chip = machine[path]
        if isinstance(chip, Exception):
            raise chip
        return chip

    return open_chip(paths, by_path)  # type: ignore[arg-type]


@pytest.mark.parametrize("label", ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"])
def test_the_chip_is_found_by_its_label_wherever_it_is(label: str) -> None:
    others = [FakeChip(label="gpio-brcmstb@107d508500"), FakeChip(label="raspberrypi-exp-gpio")]
    assert opened(*others, FakeChip(label=label)).label == label
    assert all(chip.closed for chip in others)


def test_a_chip_that_may_not_be_opened_does_not_hide_the_others() -> None:
    assert opened(PermissionError(), FakeChip()).label == "pinctrl-rp1"


def test_without_the_right_to_open_it_the_group_is_named() -> None:
    with pytest.raises(GpioError, match="group gpio"):
        opened(PermissionError(13, "Permission denied"))


def test_a_machine_with_other_chips_only_is_told_their_names() -> None:
    with pytest.raises(GpioError, match="INT33FF:00"):
        opened(FakeChip(label="INT33FF:00"), OSError(19, "No such device"))


def test_no_chip_at_all() -> None:
    with pytest.raises(GpioError, match="no GPIO chip"):
        opened()


def test_a_line_that_is_taken_is_refused_with_the_name_of_who_has_it() -> None:
    fake = FakeChip()
    fake.hold(17, "pigpiod")
    with pytest.raises(GpioError, match='GPIO 17 is in use by "pigpiod"'):
        Chip(fake).input(17, "up", "both")  # type: ignore[arg-type]


def test_a_line_that_the_kernel_has_taken_points_to_the_overlays() -> None:
    fake = FakeChip()
    fake.hold(10, "")
    with pytest.raises(GpioError, match=r"GPIO 10 .*kernel.*dtoverlay"):
        Chip(fake).output(10, False)  # type: ignore[arg-type]


def test_a_line_that_does_not_exist() -> None:
    with pytest.raises(GpioError, match="GPIO 99 of pinctrl-rp1"):
        Chip(FakeChip()).output(99, False)  # type: ignore[arg-type]


def test_edges_come_in_order_with_the_kernels_time() -> None:
    fake = FakeChip()
    line = Chip(fake).input(17, "up", "both")  # type: ignore[arg-type]
    assert line.read()
    fake.drive(17, False, at_s=5.0)
    fake.drive(17, True, at_s=5.25)
    assert line.edges() == [EdgeSeen(False, 5.0), EdgeSeen(True, 5.25)]
    assert line.edges() == []
    line.release()


def test_a_released_line_does_nothing_and_may_be_claimed_again() -> None:
    fake = FakeChip()
    chip = Chip(fake)  # type: ignore[arg-type]
    line = chip.output(17, True)
    line.release()
    line.write(True)
    line.release()
    assert not line.read()
    assert line.edges() == []
    chip.input(17, "down", "none").release()


@pytest.mark.parametrize(
    ("fake", "real", "names"),
    [
        (FakeChip, gpiod.Chip, ["request_lines", "get_line_info", "get_info", "close"]),
        (
            FakeRequest,
            gpiod.LineRequest,
            ["get_value", "set_value", "wait_edge_events", "read_edge_events", "release"],
        ),
    ],
)
def test_the_fake_takes_what_gpiod_takes(fake: type, real: type, names: list[str]) -> None:
    for name in names:
        wanted = inspect.signature(getattr(real, name)).parameters
        assert list(inspect.signature(getattr(fake, name)).parameters) == list(wanted), name


@pytest.mark.skipif(os.path.exists("/dev/gpiochip0"), reason="this machine has GPIO")
def test_the_real_gpiod_finds_nothing_here_and_says_so() -> None:
    with pytest.raises(GpioError, match="no GPIO chip"):
        open_chip(["/dev/null", "/dev/gpiochip0"])
