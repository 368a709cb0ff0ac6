"""When something must have happened: named moments, of which the earliest is the deadline.

Counting is all that lives here. What a passed moment means is decided where it
was armed; nobody reads a clock.
"""

from enum import Enum
from math import isfinite

EARLY_S = 0.001
"""Event loops may wake up a clock tick early; that counts as in time."""


class Due(Enum):
    """In the order in which several that passed at once are dealt with."""

    CUE = "say that connecting takes long"
    DUCK = "nobody confirmed the speech that lowered the answer"
    TURN = "the current state has lasted long enough"
    IDLE = "nothing was said or heard"
    RENEW = "the relay will end the session soon"
    SESSION = "the session is too long"
    DAY = "the minutes of the day are used up"
    RING = "a timer has rung long enough"
    ANNOUNCEMENT = "an announcement should be over"
    FORGET = "the conversation is old"


OF_A_SESSION = (Due.CUE, Due.DUCK, Due.TURN, Due.IDLE, Due.RENEW, Due.SESSION, Due.DAY)


class Deadlines:
    def __init__(self) -> None:
        self._armed: dict[Due, float] = {}

    @property
    def next(self) -> float | None:
        return min(self._armed.values(), default=None)

    def arm(self, due: Due, at: float) -> None:
        assert isfinite(at), f"{due} armed for {at}"
        self._armed[due] = at

    def extend(self, due: Due, at: float) -> None:
        """Not before this moment; a later one stays."""
        self.arm(due, max(at, self._armed.get(due, at)))

    def disarm(self, *dues: Due) -> None:
        for due in dues:
            self._armed.pop(due, None)

    def is_due(self, due: Due, at: float) -> bool:
        """It will have passed by then."""
        return self._armed.get(due, at + 1.0) <= at

    def take(self, now: float) -> Due | None:
        """The first that has passed, disarmed; None when none has."""
        for due in Due:
            if self._armed.get(due, now + 1.0) <= now + EARLY_S:
                del self._armed[due]
                return due
        return None
