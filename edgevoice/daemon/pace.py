"""On a processor that is too slow, or was made so by heat: which sound is listened to at all.

Listening later and later would be no listening. What cannot be heard in time is left out,
in whole stretches, for a wake word takes half a second to be recognised. It is captured and
sent all the same.
"""

import logging
from collections.abc import Callable

from edgevoice.audio.frames import FRAME_MS

log = logging.getLogger(__name__)

BEHIND_S = 1.2
"""Further behind, what waits is left out. A moment in which a healthy board stands still is
shorter and made good; from 2 s on the microphone itself would drop what comes."""
CAUGHT_UP_S = 0.1
TELL_AGAIN_S = 60.0


class Pace:
    """`behind_s`: how much was captured and not yet heard; set by who knows the microphone."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._skips = False
        self._untold = 0
        self._told_at: float | None = None
        self.behind_s: Callable[[], float] = lambda: 0.0
        self.on_slow: Callable[[float], None] = lambda skipped_s: None
        """So many seconds were left out; told once a minute at most."""
        self.skipped = 0
        """Frames, since the start."""

    @property
    def skipped_s(self) -> float:
        return self.skipped * FRAME_MS / 1000

    def has_time(self) -> bool:
        """For the frame that has come; asked once for each."""
        behind_s = self.behind_s()
        was_skipping = self._skips
        self._skips = behind_s > (CAUGHT_UP_S if was_skipping else BEHIND_S)
        if self._skips:
            self.skipped += 1
            self._untold += 1
        elif was_skipping:
            self._tell()
        return not self._skips

    def _tell(self) -> None:
        now = self._now()
        if self._told_at is not None and now - self._told_at < TELL_AGAIN_S:
            return
        self._told_at = now
        skipped_s, self._untold = self._untold * FRAME_MS / 1000, 0
        log.warning(
            "the processor is too slow: %.1f s of sound were not listened to; `edgevoice doctor`"
            " measures it",
            skipped_s,
        )
        self.on_slow(skipped_s)
