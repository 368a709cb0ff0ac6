"""How light moves, without its colour: pure functions of the time since a motion began.

A motion is asked for a moment and answers how bright each LED is, 0 to 1, and for how
long that stays true, so that whoever plays it can sleep until then. Whatever moves
smoothly does so in steps of `STEP_S`.
"""

import math
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Shine: TypeAlias = tuple[float, ...]
"""Brightness of each LED, 0 to 1."""
Moment: TypeAlias = tuple[Shine, float]
"""That, and for how many seconds from now it stays."""

STEP_S = 0.04
"""25 frames a second: smooth to the eye, and easy on a small board."""


class Motion(Protocol):
    def at(self, t: float, count: int, level: float) -> Moment:
        """`t` seconds after it began, on so many LEDs. `level`: loudness of the answer, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Steady:
    shine: float = 1.0

    def at(self, t: float, count: int, level: float) -> Moment:
        return (self.shine,) * count, math.inf


@dataclass(frozen=True, slots=True)
class Blink:
    """On first, then `low`, over and over."""

    on_s: float
    off_s: float
    low: float = 0.0

    def at(self, t: float, count: int, level: float) -> Moment:
        period_s = self.on_s + self.off_s
        passed = _within(t, period_s)
        if passed < self.on_s:
            return (1.0,) * count, self.on_s - passed
        return (self.low,) * count, period_s - passed


@dataclass(frozen=True, slots=True)
class Pulse:
    """Swells and fades between `low` and full, beginning at full."""

    period_s: float
    low: float = 0.0

    def at(self, t: float, count: int, level: float) -> Moment:
        begun, left = _step(t, STEP_S)
        wave = 0.5 + 0.5 * math.cos(2 * math.pi * begun / self.period_s)
        return (_between(self.low, wave),) * count, left


@dataclass(frozen=True, slots=True)
class Follow:
    """As bright as the answer is loud, and never less than `low`."""

    low: float

    def at(self, t: float, count: int, level: float) -> Moment:
        _, left = _step(t, STEP_S)
        return (_between(self.low, min(1.0, max(0.0, level))),) * count, left


@dataclass(frozen=True, slots=True)
class Chase:
    """A third of the ring runs around it, full over `low`."""

    turn_s: float
    low: float

    def at(self, t: float, count: int, level: float) -> Moment:
        step_s = self.turn_s / count
        begun, left = _step(t, step_s)
        head = round(begun / step_s) % count
        lit = {(head + i) % count for i in range(max(1, count // 3))}
        return tuple(1.0 if i in lit else self.low for i in range(count)), left


@dataclass(frozen=True, slots=True)
class Spots:
    """Every so-manieth LED, steadily; the others are dark."""

    every: int

    def at(self, t: float, count: int, level: float) -> Moment:
        return tuple(float(i % self.every == 0) for i in range(count)), math.inf


RISE_S, FALL_S = 0.05, 1.0
"""How fast light follows sound. Syllables come four to six a second; falling so slowly, the
light loses less than a tenth of its range between two of them, which is no flash (WCAG)."""


def follow(shown: float, level: float, passed_s: float) -> float:
    """What to show of a level, so long after `shown` was."""
    pace_s = RISE_S if level > shown else FALL_S
    return level + (shown - level) * math.exp(-max(0.0, passed_s) / pace_s)


def bar(share: float, count: int, full: float = 1.0, rest: float = 0.0) -> Shine:
    """The first LEDs up to a share of all, 0 to 1; the last of them as bright as is left for it."""
    filled = min(1.0, max(0.0, share)) * count
    return tuple(rest + (full - rest) * min(1.0, max(0.0, filled - i)) for i in range(count))


def _within(t: float, period_s: float) -> float:
    """Rounded, so that asking again at the very end of a phase finds the next one begun."""
    passed = round(math.fmod(max(0.0, t), period_s), 6)
    return 0.0 if passed >= period_s else passed


def _step(t: float, step_s: float) -> tuple[float, float]:
    """When the step that `t` lies in began, and how much of it is left."""
    steps = math.floor(max(0.0, t) / step_s + 1e-6)
    begun = steps * step_s
    return begun, max(1e-6, begun + step_s - t)


def _between(low: float, share: float) -> float:
    return low + (1.0 - low) * share
