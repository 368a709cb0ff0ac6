"""Whether the time of day is to be believed, and when it was corrected. Pure.

A board without a battery clock begins in 1970, or where it was switched off, until the
network has told it better. Alarms are not judged by such a clock.
"""

EARLIEST = 1_767_225_600.0
"""2026-01-01. No clock that shows less is right."""
PATIENCE_S = 180.0
"""So long a clock that waits for the network is waited for; after that it is all there is."""
STEP_S = 2.0
"""What a clock may be off by without having been set."""


class ClockWatch:
    def __init__(self) -> None:
        self.trusted = False
        """The time of day may be acted upon."""
        self._began: float | None = None
        self._offset: float | None = None

    def look(self, now: float, wall_now: float, synchronised: bool | None) -> float:
        """By how much the clock was set since the last look; 0 for less than `STEP_S`.

        `synchronised`: what the system says of it; None where it says nothing.
        """
        self._began = now if self._began is None else self._began
        waited = now - self._began >= PATIENCE_S
        self.trusted = wall_now >= EARLIEST and (synchronised is not False or waited)
        offset = wall_now - now
        step = 0.0 if self._offset is None else offset - self._offset
        if self._offset is None or abs(step) >= STEP_S:
            self._offset = offset
            return step
        return 0.0
