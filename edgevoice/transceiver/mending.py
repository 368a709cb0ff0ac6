"""A link that broke within a session: whether to make another one, and what of the sound it needs.

Pure bookkeeping. What is shown and whose turn it is is decided in `turn_rules.py`.
"""

from dataclasses import dataclass

from edgevoice.transceiver.limits import MOST_SHORT_LIVES, SHORT_LIFE_S, UNSURE_SAMPLES


@dataclass
class Mending:
    """Of one session."""

    lost_at_sample: int | None = None
    """What would have been sent next when the link broke; None while it holds."""
    count: int = 0
    """Links made after the first one."""
    _opened_at: float = 0.0
    _short_lives: int = 0

    @property
    def is_broken(self) -> bool:
        return self.lost_at_sample is not None

    def opened(self, now: float) -> None:
        """The first link is up, or another one after it."""
        self._opened_at, self.lost_at_sample = now, None

    def lost(self, next_sample: int, now: float) -> bool:
        """True when another one is worth the trouble."""
        self.lost_at_sample, self.count = next_sample, self.count + 1
        short = now - self._opened_at < SHORT_LIFE_S
        self._short_lives = self._short_lives + 1 if short else 0
        return self._short_lives < MOST_SHORT_LIVES

    def first_unsure(self, next_sample: int) -> int:
        """From here on it is not certain that the relay has heard it."""
        lost = next_sample if self.lost_at_sample is None else self.lost_at_sample
        return max(0, min(lost, next_sample) - UNSURE_SAMPLES)
