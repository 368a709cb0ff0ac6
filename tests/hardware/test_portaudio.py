"""Choosing a device by name. Streams are tried with a real sound server, see test_real_sound."""

import pytest

from edgevoice.hardware.portaudio import Direction, SoundDevice, choose


def device(name: str, inputs: int, outputs: int, *default_for: Direction) -> SoundDevice:
    return SoundDevice(0, name, {"in": inputs, "out": outputs}, frozenset(default_for))


PI = [
    device("bcm2835 Headphones: - (hw:0,0)", 0, 8),
    device("USB Audio Device: - (hw:1,0)", 1, 2),
    device("ReSpeaker 4 Mic Array (hw:2,0)", 6, 2),
    device("sysdefault", 128, 128),
    device("USB", 1, 0),
    device("default", 128, 128, "in", "out"),
]


@pytest.mark.parametrize(
    ("wanted", "direction", "name"),
    [
        ("default", "in", "default"),
        ("default", "out", "default"),
        ("respeaker", "in", "ReSpeaker 4 Mic Array (hw:2,0)"),
        ("hw:1,0", "in", "USB Audio Device: - (hw:1,0)"),
        ("usb", "in", "USB"),  # the exact name wins over a part of another
        ("usb", "out", "USB Audio Device: - (hw:1,0)"),  # the exact name has no output
        ("headphones", "out", "bcm2835 Headphones: - (hw:0,0)"),
    ],
)
def test_a_device_by_name(wanted: str, direction: Direction, name: str) -> None:
    found = choose(PI, wanted, direction)
    assert found is not None
    assert found.name == name


def test_a_card_without_inputs_is_no_microphone() -> None:
    assert choose(PI, "headphones", "in") is None


def test_no_default_is_nothing_rather_than_anything() -> None:
    assert choose(PI[:2], "default", "in") is None
