"""When its name is said again and again and nobody means it: a television. Pure.

A wake is in vain when nobody spoke after it. So many of them in a row, and wake words are
snoozed: not listened to until the time is over or somebody lays a hand on the device.
"""

from collections import deque

MOST_IN_VAIN = 5
WITHIN_S = 600.0
"""A name that is misheard every other minute all evening long is worth a snooze as well."""


class WakeStorm:
    def __init__(self, snooze_s: float) -> None:
        """`snooze_s`: 0 is never."""
        self._snooze_s = snooze_s
        self._in_vain: deque[float] = deque(maxlen=MOST_IN_VAIN + 1)
        self.until: float | None = None
        """Snoozed till then."""

    def in_vain(self, now: float) -> bool:
        """Woken by a word, and nobody spoke. Whether that begins a snooze."""
        self._in_vain.append(now)
        too_often = len(self._in_vain) > MOST_IN_VAIN and now - self._in_vain[0] <= WITHIN_S
        if not (too_often and self._snooze_s):
            return False
        self._in_vain.clear()
        self.until = now + self._snooze_s
        return True

    def meant(self) -> None:
        """Somebody spoke to it."""
        self._in_vain.clear()

    def attended(self) -> None:
        """Somebody is there: a hand on the button ends the snooze."""
        self._in_vain.clear()
        self.until = None

    def is_snoozed(self, now: float) -> bool:
        return self.until is not None and now < self.until
