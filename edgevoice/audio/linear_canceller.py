"""Subtracts the echo as far as it can be predicted; leaves a voice as it was.

A Kalman filter per frequency over the partitions of a long impulse response (Enzner and
Vary, "Frequency-domain adaptive Kalman filter", 2006; Kuech, Mabande and Enzner,
"State-space architecture of the partitioned-block-based acoustic echo controller",
ICASSP 2014). It knows how sure it is of each tap, so it needs no detector of double
talk: somebody speaking is noise that makes it learn slower.

Two clocks that differ make the echo wander through the filter, faster than any filter
follows. How fast the filter itself wanders is measured, to a fraction of a ppm, and
handed to `on_drift`, which is to play the reference that much faster.

Arithmetic on samples only. While nothing is played it costs nothing and changes nothing.
"""

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples

BLOCK = 160
"""10 ms. Against 20 ms it learns the room three times as fast (first 2 s: 15 dB of echo
removed against 4) for twice the work; 5 ms gain nothing more."""

FORGETTING = np.float32(0.999)
"""How far the room of one block says something about the next. 0.998 to 0.9995 are
within 1 dB of each other for a room that stands still."""
SMOOTHING = np.float32(0.6)
"""Of the power that is not echo, per block."""
PRIOR_RT60_S = 1.0
PRIOR = 0.05
"""Before anything is known: an echo of -13 dB that fades slowly, since where it begins is
not known either. Half or twice of both changes the first 2 s by 2 dB."""
UNKNOWN = np.float32(1e-5)
"""Power of what may appear in any tap at any time: -50 dB."""
LEAST_PRIOR = PRIOR / 64
HALF = np.float32(0.5)
"""Overlap-save: half of each transform is sound (Kuech 2014, eq. 18)."""

SILENT = 2
"""Played samples of at most so much are nobody's sound: dither, rounding."""
MARGIN_MS = 20
"""The filter begins so much before `delay_ms`, which may have been measured a little late."""
WANDER_BLOCKS = 30
"""The filter moves itself to where the echo is: up to so many blocks later, or down to 0."""

TURN_BLOCKS = 32
"""Drift is measured over so many blocks with sound."""
DRIFT_GAIN = 0.35
WARM_BLOCKS = 80
"""Blocks with sound before the filter is worth comparing with itself."""
SAME_ROOM = 0.96
"""Coherence of the filter with its former self below which it moved by more than drift: it was
learning, or somebody spoke. At 0.7, people speaking into one answer after the other moved the
estimate by up to 50 ppm and the loss from 30 to 12 dB; from 0.98 on drift is found too late."""
_DRIFT_BINS = slice(6, 80)
"""300 to 4000 Hz: where speech is, and where no angle exceeds a half-turn under 390 ppm."""

LOUDER = 1.3
LOUDER_BLOCKS = 20
"""Making things louder for 0.2 s: the room or the delay has changed at a stroke."""
ERLE_BLOCKS = 200
"""2 s of sound, over which the loss is measured."""
USELESS_DB = 3.0
FOLLOWS = 0.75
"""Less than this is removed, and what is left follows what is played as closely as this
(correlation of levels): an echo that was not there before. Somebody speaking does not follow."""

Power = NDArray[np.float32]
Spectra = NDArray[np.complex64]


def ignore(ppm: float) -> None:
    """For references that cannot be played faster."""


class LinearCanceller:
    """`tail_ms` of room from `delay_ms` on; frames of 320 samples, no delay."""

    _filter: Spectra
    _snapshot: Spectra | None

    def __init__(
        self, tail_ms: int = 200, delay_ms: int = 0, on_drift: Callable[[float], None] = ignore
    ) -> None:
        bins = BLOCK + 1
        self._parts = max(2, -(-(tail_ms + MARGIN_MS) * CAPTURE_RATE_HZ // 1000 // BLOCK))
        self._first = max(0, delay_ms - MARGIN_MS) * CAPTURE_RATE_HZ // 1000 // BLOCK
        self._latest = self._first + WANDER_BLOCKS
        self._on_drift = on_drift
        self._frequencies = np.pi * np.arange(bins)[_DRIFT_BINS] / BLOCK
        held = self._parts + self._latest
        self._far: Power = np.zeros(2 * BLOCK, np.float32)
        self._spectra: Spectra = np.zeros((held, bins), np.complex64)
        self._powers: Power = np.zeros((held, bins), np.float32)
        self._error: Power = np.zeros(2 * BLOCK, np.float32)
        self._step: Spectra = np.zeros((self._parts, bins), np.complex64)
        self._taps: Power = np.zeros((self._parts, 2 * BLOCK), np.float32)
        self._real: Power = np.zeros((self._parts, bins), np.float32)
        self._quiet_blocks = held
        self.restarts = 0
        self._start_over(PRIOR)

    @property
    def active(self) -> bool:
        """Something played can still be heard."""
        return self._quiet_blocks < self._first + self._parts

    @property
    def erle_db(self) -> float | None:
        """How much quieter what is played becomes. Somebody speaking lowers single blocks;
        the upper quartile of the last 2 s of sound does not see it."""
        if len(self._erles) < ERLE_BLOCKS // 4:
            return None
        return float(np.percentile(self._erles, 75))

    def process(self, captured: Samples, far: Samples) -> Samples:
        """The frame without its echo; the very same array while nothing is played."""
        parts = [
            self._block(captured[at : at + BLOCK], far[at : at + BLOCK])
            for at in range(0, FRAME_SAMPLES, BLOCK)
        ]
        if all(part is None for part in parts):
            return captured
        cleaned = captured.copy()
        for n, part in enumerate(parts):
            if part is not None:
                part *= 32768
                np.clip(np.rint(part, part), -32768, 32767, out=part)
                cleaned[n * BLOCK : (n + 1) * BLOCK] = part
        return cleaned

    def reset(self) -> None:
        """Nothing was being played before. The room stays known."""
        self._far[:] = 0
        self._spectra[:] = 0
        self._powers[:] = 0
        self._quiet_blocks = len(self._spectra)
        self._snapshot = None

    def _start_over(self, prior: float) -> None:
        self._prior = prior
        bins = BLOCK + 1
        self._filter = np.zeros((self._parts, bins), np.complex64)
        seconds = np.arange(self._parts, dtype=np.float32) * BLOCK / CAPTURE_RATE_HZ
        fading = prior * 10 ** (-6 * seconds / PRIOR_RT60_S)
        self._doubt: Power = np.repeat(fading[:, None], bins, 1).astype(np.float32)
        self._other: Power = np.zeros(bins, np.float32)
        self._snapshot = None
        self._learnt = 0
        self._since_snapshot = 0
        self._louder = 0
        self._erles: deque[float] = deque(maxlen=ERLE_BLOCKS)
        self._levels: deque[tuple[float, float, float]] = deque(maxlen=ERLE_BLOCKS // 2)

    def _block(self, captured: Samples, far: Samples) -> Power | None:
        """10 ms without echo, full scale 1; None when there is nothing to subtract."""
        silent = not len(far) or int(np.abs(far.astype(np.int32)).max()) <= SILENT
        self._quiet_blocks = self._quiet_blocks + 1 if silent else 0
        if not self.active:
            return None
        self._hear_far(far)
        if not int(np.abs(captured.astype(np.int32)).max()) > SILENT:
            return None  # muted; an echo of nothing is nothing to learn from
        microphone = captured.astype(np.float32) / np.float32(32768)
        used = slice(self._first, self._first + self._parts)
        error = microphone - self._predicted(self._spectra[used])
        if not np.isfinite(error.sum()):
            self._restart(PRIOR)
            return microphone
        self._learn(error, self._spectra[used], self._powers[used])
        # What the filter makes of this block now that it has seen it: 3 to 4 dB less echo,
        # and 1 to 2 dB less distortion of a voice, than the prediction made before.
        cleaned = microphone - self._predicted(self._spectra[used])
        self._judge(microphone, error, cleaned, silent)
        return cleaned

    def _hear_far(self, far: Samples) -> None:
        self._far[:BLOCK] = self._far[BLOCK:]
        self._far[BLOCK:] = far
        self._far[BLOCK:] /= 32768
        self._spectra[1:] = self._spectra[:-1]
        self._powers[1:] = self._powers[:-1]
        newest = np.fft.rfft(self._far)
        self._spectra[0] = newest
        self._powers[0] = newest.real**2 + newest.imag**2

    def _predicted(self, spectra: Spectra) -> Power:
        np.multiply(spectra, self._filter, out=self._step)
        echo: Power = np.fft.irfft(self._step.sum(0))[BLOCK:]
        return echo.astype(np.float32, copy=False)

    def _learn(self, error: Power, spectra: Spectra, powers: Power) -> None:
        """One Kalman update: gain, correction kept causal, and what doubt remains."""
        self._error[BLOCK:] = error
        spectrum = np.fft.rfft(self._error)
        now = spectrum.real**2 + spectrum.imag**2
        self._other += (1 - SMOOTHING) * (now - self._other)
        gain = np.multiply(powers, self._doubt, out=self._real)
        total = HALF * gain.sum(0) + self._other + np.float32(1e-4)
        np.divide(self._doubt, total, out=gain)
        np.conjugate(spectra, out=self._step)
        self._step *= gain
        self._step *= spectrum
        np.fft.irfft(self._step, axis=1, out=self._taps)
        self._taps[:, BLOCK:] = 0
        np.fft.rfft(self._taps, axis=1, out=self._step)
        self._filter += self._step
        gain *= powers
        gain *= -HALF
        gain += 1
        self._doubt *= gain
        self._doubt *= FORGETTING**2
        np.multiply(self._filter.real, self._filter.real, out=gain)
        gain += self._filter.imag**2
        gain += UNKNOWN
        gain *= 1 - FORGETTING**2
        self._doubt += gain

    def _judge(self, microphone: Power, error: Power, cleaned: Power, silent: bool) -> None:
        before, after = float(microphone @ microphone), float(cleaned @ cleaned)
        louder = float(error @ error) > LOUDER * before + 1e-6
        self._louder = self._louder + 1 if louder else 0
        if self._louder >= LOUDER_BLOCKS:  # perhaps by having expected too much
            self._restart(max(self._prior / 2, LEAST_PRIOR))
        if silent:
            return
        self._learnt += 1
        levels = float(np.log10(before + 1e-9)), float(np.log10(after + 1e-9))
        self._levels.append((self._far_level(), *levels))
        if before > BLOCK * 1e-6:  # -60 dBFS: below it the room's own noise is measured
            self._erles.append(10 * (levels[0] - levels[1]))
        if self._learnt > WARM_BLOCKS:
            self._since_snapshot += 1
            if self._since_snapshot >= TURN_BLOCKS and self._useless():
                self._restart(PRIOR)
            elif self._snapshot is None or self._since_snapshot >= TURN_BLOCKS:
                self._measure_drift()
                self._follow()
                self._snapshot = self._filter.copy()
                self._since_snapshot = 0

    def _far_level(self) -> float:
        """Of what arrives first and loudest."""
        return float(np.log10(self._powers[self._first : self._first + 6].sum() + 1e-9))

    def _useless(self) -> bool:
        if len(self._levels) < ERLE_BLOCKS // 2:
            return False
        far, before, after = np.array(self._levels).T
        removed_db = 10 * np.log10(np.sum(10**before) / np.sum(10**after))
        if removed_db > USELESS_DB or not far.std() or not after.std():
            return False
        together = np.mean((far - far.mean()) * (after - after.mean()))
        return bool(together > FOLLOWS * far.std() * after.std())

    def _restart(self, prior: float) -> None:
        self.restarts += 1
        self._start_over(prior)

    def _measure_drift(self) -> None:
        """By how much the filter's response has turned since the snapshot, as a rate."""
        if self._snapshot is None:
            return
        turned = (self._filter * self._snapshot.conj()).sum(0)[_DRIFT_BINS]
        weight = np.abs(turned)
        energy = float(np.linalg.norm(self._filter[:, _DRIFT_BINS]))
        energy *= float(np.linalg.norm(self._snapshot[:, _DRIFT_BINS]))
        if not energy or weight.sum() < SAME_ROOM * energy:
            return
        w = self._frequencies
        samples = float((w * np.angle(turned) * weight).sum() / (w * w * weight).sum())
        self._on_drift(DRIFT_GAIN * samples / (self._since_snapshot * BLOCK) * 1e6)

    def _follow(self) -> None:
        """Keeps the echo's beginning within the second and third block of the filter."""
        energies = np.sum(np.abs(self._filter) ** 2, 1)
        loudest = int(np.argmax(energies))
        begins = int(np.argmax(energies > 0.05 * energies[loudest]))
        later = min(begins - 2, self._latest - self._first) if begins > 3 else 0
        # The straight sound may lie before the filter when its first block is the loudest.
        earlier = min(2, self._first) if loudest == 0 else 0
        if later:
            self._shift(later)
        elif earlier:
            self._shift(-earlier)

    def _shift(self, blocks: int) -> None:
        self._first += blocks
        kept = slice(blocks, None) if blocks > 0 else slice(None, blocks)
        at = slice(None, -blocks) if blocks > 0 else slice(-blocks, None)
        taps, doubt = self._filter[kept].copy(), self._doubt[kept].copy()
        self._filter[:] = 0
        self._doubt[:] = doubt.min(0) if blocks > 0 else doubt.max(0)
        self._filter[at], self._doubt[at] = taps, doubt
