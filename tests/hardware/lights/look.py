"""How lights look over time: what the tests of scenes and motions ask."""

import math
from collections.abc import Iterator

from edgevoice.hardware.lights.colours import OKABE_ITO, Frame, Palette
from edgevoice.hardware.lights.scene import Scene, picture

COUNTS = (1, 3, 12, 24)
BEGAN = 100.0


def frames(
    scene: Scene, count: int, seconds: float, palette: Palette = OKABE_ITO
) -> Iterator[tuple[Frame, float]]:
    """Each frame and how long it is seen, from `BEGAN` on."""
    now, ends = BEGAN, BEGAN + seconds
    while now < ends - 1e-9:
        frame, stays_s = picture(scene, now, count, palette)
        assert stays_s > 0
        shown_s = min(stays_s, ends - now)
        yield frame, shown_s
        now += shown_s


def light(frame: Frame) -> float:
    """Of all that these LEDs can give, as a white one: 0 to 1."""
    return math.fsum(max(colour) for colour in frame) / 255 / len(frame)


def mean_light(scene: Scene, count: int, seconds: float, palette: Palette = OKABE_ITO) -> float:
    seen = list(frames(scene, count, seconds, palette))
    return math.fsum(light(frame) * s for frame, s in seen) / seconds


def luminance(frame: Frame) -> float:
    """Relative luminance of the whole, 0 to 1; LEDs are linear (ITU-R BT.709 weights)."""
    return math.fsum(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in frame) / 255 / len(frame)


def flashes_per_second(levels: list[tuple[float, float]], seconds: float) -> float:
    """WCAG's general flashes: pairs of opposing changes of a tenth of full luminance or more."""
    falls, high, low, rising = 0, levels[0][0], levels[0][0], True
    for level, _ in levels:
        if rising:
            high = max(high, level)
            if level <= high - 0.1:
                falls, low, rising = falls + 1, level, False
        else:
            low = min(low, level)
            if level >= low + 0.1:
                high, rising = level, True
    return falls / seconds
