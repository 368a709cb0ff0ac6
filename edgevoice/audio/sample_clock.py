"""Relates the index of a captured sample to the time it was captured. No clock is read here.

Blocks arrive late and unevenly, never early: the earliest arrival seen is the
best estimate. It is allowed to creep later by `CREEP` so that a sound card whose
crystal is slow (typically under 200 ppm) is followed within seconds.
"""

from edgevoice.audio.frames import CAPTURE_RATE_HZ

CREEP = 1e-3


class SampleClock:
    def __init__(self, rate_hz: int = CAPTURE_RATE_HZ) -> None:
        self._rate_hz = rate_hz
        self._offset_s: float | None = None
        self._seen_at = 0.0

    def observe(self, end: int, now: float) -> None:
        """A block whose last sample is `end - 1` arrived at `now` (seconds)."""
        offset = now - end / self._rate_hz
        if self._offset_s is None:
            self._offset_s = offset
        else:
            crept = self._offset_s + CREEP * max(0.0, now - self._seen_at)
            self._offset_s = min(offset, crept)
        self._seen_at = now

    def reset(self) -> None:
        """Capture was interrupted: the relation has to be learnt anew."""
        self._offset_s = None

    def time_of(self, sample: int) -> float | None:
        """Seconds at which this sample was captured; None before the first block."""
        if self._offset_s is None:
            return None
        return self._offset_s + sample / self._rate_hz
