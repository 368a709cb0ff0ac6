"""A stream brought to 16 kHz with a delay of one millisecond.

soxr's streams (`resample.py`) hold back 20 to 46 ms, more than sound needs from the
loudspeaker to the microphone: a reference that late arrives behind its echo.
"""

from math import gcd

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.interpolate import Interpolator, Signal


class PromptResampler:
    """Sample n of what comes out is the signal at n / 16000 s."""

    def __init__(self, rate_hz: int) -> None:
        common = gcd(rate_hz, CAPTURE_RATE_HZ)
        self._in, self._out = rate_hz // common, CAPTURE_RATE_HZ // common
        interpolator = Interpolator(rate_hz / CAPTURE_RATE_HZ)
        self._reach = interpolator.reach
        self._kernels = np.stack([interpolator.kernel(n / self._out) for n in range(self._out)])
        self.clear()

    def clear(self) -> None:
        """What comes next follows silence."""
        self._held: Signal = np.zeros(self._reach, np.float32)
        self._first = -self._reach  # index of the first sample held
        self._next = 0

    def push(self, samples: Samples) -> Signal:
        """As many samples as can be known by now."""
        self._held = np.concatenate((self._held, samples.astype(np.float32)))
        end = self._first + len(self._held)
        # The last one whose kernel ends before `end`.
        until = max(self._next, -(-(end - self._reach) * self._out // self._in))
        wanted = np.arange(self._next, until)
        sounds = len(wanted) and self._held.any()
        made = self._made(wanted) if sounds else np.zeros(len(wanted), np.float32)
        self._next = until
        needed = until * self._in // self._out - self._reach + 1
        passed = max(0, needed - self._first)
        self._held = self._held[passed:]
        self._first += passed
        return made

    def _made(self, wanted: NDArray[np.int64]) -> Signal:
        if self._in == self._out:
            at = int(wanted[0]) - self._first
            return self._held[at : at + len(wanted)]
        if self._out == 1:  # 48 kHz: the same kernel every time, and one call for all
            begin = int(wanted[0]) * self._in - self._reach + 1 - self._first
            span = (len(wanted) - 1) * self._in + 2 * self._reach
            return np.correlate(self._held[begin : begin + span], self._kernels[0])[:: self._in]
        whole, phase = np.divmod(wanted * self._in, self._out)
        windows = np.lib.stride_tricks.sliding_window_view(self._held, 2 * self._reach)
        around = windows[whole - self._reach + 1 - self._first]
        made: Signal = np.einsum("ij,ij->i", around, self._kernels[phase])
        return made
