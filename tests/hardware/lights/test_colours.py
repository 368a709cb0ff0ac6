"""Palettes seen by eyes that see fewer colours."""

import itertools
import math

import pytest

from edgevoice.hardware.lights.colours import (
    HIGH_CONTRAST,
    OKABE_ITO,
    WARM,
    Colour,
    Palette,
    shaded,
)

# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear light, which LEDs give.
SEEN_BY = {
    "protanopes": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopes": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopes": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
    "everybody": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


def seen(colour: Colour, by: str) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, colour, strict=True)) for row in SEEN_BY[by])


@pytest.mark.parametrize("by", SEEN_BY)
@pytest.mark.parametrize("palette", [OKABE_ITO, HIGH_CONTRAST], ids=["default", "high-contrast"])
def test_mute_is_told_from_an_open_gate_by_its_colour(palette: Palette, by: str) -> None:
    muted = seen(palette.muted, by)
    for colour in (palette.listening, palette.thinking, palette.speaking, palette.connecting):
        assert math.dist(muted, seen(colour, by)) > 60


@pytest.mark.parametrize("by", SEEN_BY)
def test_the_default_colours_are_told_apart(by: str) -> None:
    colours = {getattr(OKABE_ITO, name) for name in OKABE_ITO.__slots__}
    for one, other in itertools.combinations(colours, 2):
        assert math.dist(seen(one, by), seen(other, by)) > 25


def test_the_warm_palette_has_no_blue() -> None:
    assert {getattr(WARM, name)[2] for name in WARM.__slots__} == {0}


def test_a_shade_is_a_share_of_each_part() -> None:
    assert shaded((200, 100, 3), 0.5) == (100, 50, 2)
    assert shaded((255, 255, 255), 0.0) == (0, 0, 0)
