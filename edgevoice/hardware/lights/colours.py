"""Colours and frames: pure.

The default palette is that of Okabe and Ito (2008), which people with any common
kind of colour blindness can tell apart. No palette leaves anything to colour alone:
motion and rhythm differ too (`patterns.py`), or `single` could not exist.
"""

from dataclasses import dataclass
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]
"""Red, green and blue, 0 to 255, as parts of what a LED can give."""
Frame: TypeAlias = tuple[Colour, ...]
"""One colour per LED."""

DARK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Palette:
    muted: Colour
    error: Colour
    ringing: Colour
    listening: Colour
    thinking: Colour
    speaking: Colour
    connecting: Colour
    announcing: Colour
    missed: Colour
    offline: Colour
    notice: Colour
    """Volume, a long press, pairing, updating."""
    countdown: Colour


OKABE_ITO = Palette(
    muted=(213, 94, 0),
    error=(213, 94, 0),
    ringing=(240, 228, 66),
    listening=(0, 114, 178),
    thinking=(204, 121, 167),
    speaking=(0, 158, 115),
    connecting=(86, 180, 233),
    announcing=(0, 158, 115),
    missed=(240, 228, 66),
    offline=(230, 159, 0),
    notice=WHITE,
    countdown=(240, 228, 66),
)
HIGH_CONTRAST = Palette(
    muted=(255, 40, 0),
    error=(255, 40, 0),
    ringing=(255, 255, 0),
    listening=(0, 90, 255),
    thinking=(160, 0, 255),
    speaking=(0, 255, 160),
    connecting=(0, 220, 255),
    announcing=(0, 255, 160),
    missed=(255, 255, 0),
    offline=(255, 140, 0),
    notice=WHITE,
    countdown=(255, 255, 0),
)
WARM = Palette(
    muted=(255, 30, 0),
    error=(255, 30, 0),
    ringing=(255, 200, 0),
    listening=(255, 150, 0),
    thinking=(255, 90, 0),
    speaking=(190, 170, 0),
    connecting=(255, 120, 0),
    announcing=(190, 170, 0),
    missed=(255, 200, 0),
    offline=(200, 60, 0),
    notice=(255, 170, 0),
    countdown=(255, 200, 0),
)
SINGLE = Palette(*[WHITE] * 12)

PALETTES: dict[str, Palette] = {
    "default": OKABE_ITO,
    "high-contrast": HIGH_CONTRAST,
    "warm": WARM,
    "single": SINGLE,
}
"""By `indicator.palette`."""


def shaded(colour: Colour, share: float) -> Colour:
    """So much of it, 0 to 1."""
    red, green, blue = colour
    return round(red * share), round(green * share), round(blue * share)
