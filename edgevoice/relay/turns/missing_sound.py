"""Sound that a client has stopped sending in the middle of a turn counts as silence. Pure.

Turns are found in samples, not by a clock; so where no packet comes any more, as when a page's
microphone is unplugged or its track replaced by none, a turn would never end. A device of ours
counts on being waited for while its link is away (`edgevoice.resume`), and is not asked here.
"""

from edgevoice.audio.frames import CAPTURE_RATE_HZ

GRACE_S = 1.0
"""Beyond the silence that ends a turn anyway: what a bad network takes to deliver a burst."""


class MissingSound:
    def __init__(self, now: float) -> None:
        self._until = now
        """So far there is sound, or what counts as silence."""
        self._is_missing = False

    def came(self, now: float) -> None:
        self._until, self._is_missing = now, False

    def silence(self, now: float, rule: int) -> int:
        """Samples that are to be made up; `rule`: of silence that ends a turn."""
        missing_s = now - self._until
        if not self._is_missing and missing_s < rule / CAPTURE_RATE_HZ + GRACE_S:
            return 0
        self._until, self._is_missing = now, True
        return round(missing_s * CAPTURE_RATE_HZ)
