"""Reading a signal between its samples: band-limited interpolation by a windowed sinc.

Smith, "Digital Audio Resampling Home Page" (CCRMA): a table of the kernel at many
phases, and straight lines between them. Needed where two clocks differ by so little
that a resampler with fixed rates (`resample.py`) does not apply.
"""

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]

HALF_TAPS = 16
"""Samples to each side (of the lower rate). With the window below, speech (up to 7 kHz of
16 kHz) comes through with an error under -60 dB."""

_KAISER_BETA = 8.0
_PHASES = 256
"""Straight lines between so many phases err by pi**2 / 8 / 256**2, that is -94 dB."""


class Interpolator:
    """`narrow`: how many samples of the signal fall on one of what is made of it, at least 1."""

    def __init__(self, narrow: float = 1.0) -> None:
        scale = max(1.0, narrow)
        self.reach = int(np.ceil(HALF_TAPS * scale))
        """A value needs so many samples before and behind its place."""
        taps = np.arange(-self.reach + 1, self.reach + 1)
        phases = np.arange(_PHASES + 1) / _PHASES
        distance = (taps[None, :] - phases[:, None]) / scale
        inside = np.clip(1 - (distance / HALF_TAPS) ** 2, 0, None)
        window = np.i0(_KAISER_BETA * np.sqrt(inside)) / np.i0(_KAISER_BETA)
        kernel = np.where(inside > 0, np.sinc(distance) * window, 0.0)
        self._table: Signal = (kernel / kernel.sum(1, keepdims=True)).astype(np.float32)
        self._taps = taps

    def kernel(self, fraction: float) -> Signal:
        """The weights of samples `1 - reach` to `reach` for the value at `fraction` (0 to 1)."""
        place = fraction * _PHASES
        row = min(int(place), _PHASES - 1)
        low, high = self._table[row], self._table[row + 1]
        weights: Signal = low + np.float32(place - row) * (high - low)
        return weights

    def read(self, signal: Signal, places: NDArray[np.floating]) -> Signal:
        """The signal's values at these places, in samples from its first; all must be in reach."""
        whole = np.floor(places)
        phase = (places - whole) * _PHASES
        row = np.minimum(phase.astype(np.intp), _PHASES - 1)
        part = (phase - row).astype(np.float32)[:, None]
        weights = self._table[row] * (1 - part) + self._table[row + 1] * part
        around = signal[whole.astype(np.intp)[:, None] + self._taps[None, :]]
        values: Signal = np.einsum("ij,ij->i", around, weights)
        return values
