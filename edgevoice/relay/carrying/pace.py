"""Whoever is too fast waits, and nothing is dropped. Pure: `now` is an argument.

The generic cell rate algorithm: each thing moves the time until which everything is paid for.
"""


class Pace:
    """So much per second, and some at once."""

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst_s = burst / rate_per_s
        self._paid_until = 0.0

    def wait_s(self, amount: float, now: float) -> float:
        """After this one: how long until the next may come."""
        began = max(self._paid_until, now - self._burst_s)
        self._paid_until = began + amount / self._rate_per_s
        return max(0.0, self._paid_until - now)
