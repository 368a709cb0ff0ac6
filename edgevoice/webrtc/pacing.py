"""How late the packets of an answer leave: a histogram of fixed size. Pure.

Late is against the moment that the pacer itself has chosen: what is measured is how busy this
machine is, not the network.
"""

from bisect import bisect_left

BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
"""Upper bounds; a packet is 20 ms long, and 60 ms are sent ahead."""


class PacingLag:
    """Packets by how late they were; the last count is of those beyond all bounds."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0

    def note(self, late_s: float) -> None:
        late_s = max(0.0, late_s)
        self._counts[bisect_left(BOUNDS_S, late_s)] += 1
        self._sum_s += late_s

    def take(self) -> tuple[tuple[int, ...], float]:
        """What was noted since the last time, and its sum in seconds."""
        taken = tuple(self._counts), self._sum_s
        self._counts, self._sum_s = [0] * len(self._counts), 0.0
        return taken
