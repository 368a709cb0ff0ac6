"""Whether a series of measurements grows. Pure arithmetic, no process is known here.

A line is fitted that outliers do not move (Theil 1950, Sen 1968): the median of the slopes
between any two points, with the interval that Kendall's statistic gives it. Neighbouring
measurements resemble each other, which would make the interval too narrow, so the series is
first put into a few bins, each of which is its median.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

BINS = 30
FEWEST = 4
"""Bins below which there is no slope: three points make a line of anything."""
CONFIDENCE = 1.96
"""Normal quantile: 95 %, both sides."""
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Point:
    at_s: float
    value: float


@dataclass(frozen=True, slots=True)
class Slope:
    """Per hour."""

    low: float
    middle: float
    high: float

    @property
    def is_growth(self) -> bool:
        """It is not by chance that it grows."""
        return self.low > 0.0


@dataclass(frozen=True, slots=True)
class Trend:
    slope: Slope | None
    """None: too little was measured."""
    first: float
    """Largest in the first third."""
    last: float
    """Largest in the last third."""
    count: int
    rises: bool = False
    """What is there all the time is more in each third than in the one before."""


def trend(lives: Sequence[Sequence[Point]]) -> Trend:
    """Of one quantity, over the lives of one program: what a restart changes is no slope."""
    lives = [life for life in lives if life]
    points = [point for life in lives for point in life]
    if not points:
        return Trend(None, math.nan, math.nan, 0)
    longest = max(lives, key=lambda life: life[-1].at_s - life[0].at_s)
    first, last = thirds(longest)
    lines = [binned(life) for life in lives]
    return Trend(slope(lines), first, last, len(points), rises(longest))


def thirds(life: Sequence[Point]) -> tuple[float, float]:
    """The largest value in the first third of the time, and in the last."""
    began, ended = life[0].at_s, life[-1].at_s
    third = (ended - began) / 3
    first = max(point.value for point in life if point.at_s <= began + third)
    return first, max(point.value for point in life if point.at_s >= ended - third)


def rises(life: Sequence[Point]) -> bool:
    """A step is one rise; what goes on for ever has two."""
    began, third = life[0].at_s, (life[-1].at_s - life[0].at_s) / 3
    least: dict[int, float] = {}
    for point in life:
        part = min(2, int((point.at_s - began) / max(third, 1e-9)))
        least[part] = min(point.value, least.get(part, point.value))
    return len(least) == 3 and least[0] < least[1] < least[2]


def binned(life: Sequence[Point], bins: int = BINS) -> list[Point]:
    """As many stretches of time at most; each where its middle is, with its median."""
    if len(life) <= bins:
        return list(life)
    began, length = life[0].at_s, life[-1].at_s - life[0].at_s
    boxes: dict[int, list[Point]] = {}
    for point in life:
        number = min(bins - 1, int((point.at_s - began) / max(length, 1e-9) * bins))
        boxes.setdefault(number, []).append(point)
    return [
        Point(median(p.at_s for p in box), median(p.value for p in box)) for box in boxes.values()
    ]


def slope(lives: Sequence[Sequence[Point]]) -> Slope | None:
    """Slopes are taken within lives only, and looked at together."""
    counts = [len(life) for life in lives if len(life) >= FEWEST]
    if not counts:
        return None
    every = np.sort(np.concatenate([_slopes(life) for life in lives if len(life) >= FEWEST]))
    spread = CONFIDENCE * math.sqrt(sum(n * (n - 1) * (2 * n + 5) for n in counts) / 18)
    low = max(0, math.floor((len(every) - spread) / 2) - 1)
    high = min(len(every) - 1, math.ceil((len(every) + spread) / 2))
    return Slope(*(float(value) * HOUR_S for value in (every[low], np.median(every), every[high])))


def _slopes(life: Sequence[Point]) -> NDArray[np.float64]:
    at = np.array([point.at_s for point in life])
    values = np.array([point.value for point in life])
    one, other = np.triu_indices(len(life), 1)
    apart = at[other] - at[one]
    rise: NDArray[np.float64] = (values[other] - values[one])[apart > 0] / apart[apart > 0]
    return rise
