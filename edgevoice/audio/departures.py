"""How late frames of sound left: a histogram of fixed size. Pure.

Late is against the moment that the sender itself has chosen: what is measured is how busy this
machine is, not the network.
"""

from bisect import bisect_left
from dataclasses import dataclass

BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
"""Upper bounds; a frame is 20 ms long, and 60 ms are sent ahead."""
_NONE = (0,) * (len(BOUNDS_S) + 1)


@dataclass(frozen=True, slots=True)
class Departures:
    """Adds up."""

    counts: tuple[int, ...] = _NONE
    """Frames by how late they were; the last number is of those beyond all bounds."""
    late_s: float = 0.0
    """All of it together."""

    @property
    def frames(self) -> int:
        return sum(self.counts)

    def within(self, share: float) -> float | None:
        """The bound that this share of the frames kept; None: none of the bounds, or no frames."""
        below, wanted = 0, share * self.frames
        for bound, count in zip(BOUNDS_S, self.counts, strict=False):
            below += count
            if 0 < wanted <= below:
                return bound
        return None

    def __add__(self, other: "Departures") -> "Departures":
        both = zip(self.counts, other.counts, strict=True)
        return Departures(tuple(a + b for a, b in both), self.late_s + other.late_s)


class DepartureLog:
    def __init__(self) -> None:
        self._counts = list(_NONE)
        self._late_s = 0.0

    def left(self, late_s: float) -> None:
        late_s = max(0.0, late_s)
        self._counts[bisect_left(BOUNDS_S, late_s)] += 1
        self._late_s += late_s

    def take(self) -> Departures:
        """Those since the last time."""
        taken = Departures(tuple(self._counts), self._late_s)
        self._counts, self._late_s = list(_NONE), 0.0
        return taken
