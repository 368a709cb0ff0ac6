"""Which way a knob was turned, and how far: two contacts that open one after the other. Pure.

Bounce needs no time here: a contact that bounces goes one step forth and back.
"""

from edgevoice.config import RotaryConfig

FORTH = {(0, 1), (1, 3), (3, 2), (2, 0)}
"""Neighbours on the way round, A being bit 0 and B bit 1."""

FAST_S, FASTER_S = 0.08, 0.04
"""Between two clicks: a hand that turns slowly takes 0.1 s and more."""


class Quadrature:
    """Tells clicks: +1 or -1 when the knob has come to rest, else 0."""

    def __init__(self, config: RotaryConfig) -> None:
        both_ends = config.steps_per_click == 2
        self._rests = {0, 3} if both_ends else {0}
        self._enough = 1 if both_ends else 2  # of 2 or 4: an edge may have been missed
        self._at = 0
        self._moved = 0

    def begin(self, a: bool, b: bool) -> None:
        """Where the knob was found."""
        self._at = a | b << 1

    def feed(self, a: bool, b: bool) -> int:
        at = a | b << 1
        if (self._at, at) in FORTH:
            self._moved += 1
        elif (at, self._at) in FORTH:
            self._moved -= 1
        self._at = at
        if at not in self._rests:
            return 0
        moved, self._moved = self._moved, 0
        if abs(moved) < self._enough:
            return 0
        return 1 if moved > 0 else -1


class Acceleration:
    """A click counts for more in a fast turn, so that a flick is heard."""

    def __init__(self) -> None:
        self._last = 0
        self._last_at = 0.0

    def steps(self, click: int, now: float) -> int:
        pause_s = now - self._last_at
        is_turning = click == self._last
        self._last, self._last_at = click, now
        if not is_turning or pause_s > FAST_S:
            return click
        return 2 * click if pause_s > FASTER_S else 4 * click
