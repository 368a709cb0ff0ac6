"""Whether to try the server behind the relay: not again at once when it has just failed. Pure.

After each failure the next trial waits for a random time up to a bound that doubles ("full
jitter"), so that relays which lost the same server do not come back together. One session
is the trial; the others go on without until it has succeeded.
"""

from collections.abc import Callable
from random import random

FIRST_S = 5.0
MOST_S = 120.0
LEAST_S = 1.0
TRIAL_S = 15.0
"""A trial that nobody hears of again is over after this."""


class Breaker:
    def __init__(self, fraction: Callable[[], float] = random) -> None:
        """`fraction`: at random, 0 to 1."""
        self._fraction = fraction
        self._failures = 0
        self._not_before = 0.0

    def wait_s(self, now: float) -> float:
        """Until the next trial; 0: a session may try now."""
        return max(0.0, self._not_before - now) if self._failures else 0.0

    def admits(self, now: float) -> bool:
        """May this session try? While there were failures, one may at a time."""
        if self.wait_s(now):
            return False
        if self._failures:
            self._not_before = now + TRIAL_S
        return True

    def failed(self, now: float, at_least_s: float = 0.0) -> None:
        """`at_least_s`: the server has said for how long it does not want to be asked."""
        bound = min(MOST_S, FIRST_S * 2.0 ** min(self._failures, 10))
        self._failures += 1
        self._not_before = now + max(LEAST_S, at_least_s, bound * self._fraction())

    def succeeded(self) -> None:
        self._failures = 0
