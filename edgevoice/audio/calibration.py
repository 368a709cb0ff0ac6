"""What is known of a microphone, a loudspeaker and the room after some chirps were played.

Pure arithmetic on what was captured; playing it is `doctor/sounding.py`'s concern, what to
make of the numbers is `doctor/proposals.py`'s. No number that comes out is NaN or infinite:
what could not be measured is None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.chirp import (
    BEFORE_S,
    BEHIND_S,
    EARLIEST_S,
    HARMONICS_S,
    LATEST_S,
    Programme,
    Response,
    Signal,
    band_energy,
    is_whole,
    response,
)
from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.level import SILENCE_DBFS, dbfs, peak_dbfs

HEARD = 8.0
"""A chirp stands out of the response so many times above its median. In noise alone the
highest of 17 000 values is at 4 (Rayleigh: the square root of ln N / ln 2)."""

AGREE_S = 0.003
"""The chirps' delays lie so close together."""
CLEARLY, INTERRUPTED_AGREE_S = 40.0, 0.15
"""Or so close, where both stand out so far: blocks were lost between them."""

INTERRUPTED_S = 0.0005
"""Chirps further than this from their even distances: blocks were lost between them."""
MOST_DRIFT_PPM = 1_000.0
"""No two crystals differ by more; cheap ones by 100."""

ONSET_DB = -10.0
"""The straight sound may be so much weaker than the strongest reflection, as when the
loudspeaker points away."""
ONSET_S = 0.02

TAIL_DB = 30.0
"""The room has gone quiet when its response has lost this much."""
LEAST_DECAY_DB = 10.0

_FINER, _REACH = 32, 4
"""Two responses are compared at so many places per sample, this many samples to each side."""


@dataclass(frozen=True, slots=True)
class Echo:
    """The way from the loudspeaker to the microphone."""

    delay_ms: float
    """From handing over a sample to be played to its being captured, by the clocks."""
    delay_spread_ms: float
    """Between the earliest and the latest of the chirps."""
    return_loss_db: float
    """How much quieter than played it is captured; below 0: louder."""
    dbfs: float
    """Level of the captured chirp."""
    distortion_db: float
    """What a linear canceller cannot take away, relative to the echo; 0 is as loud."""
    tail_ms: float | None
    """Until the response has decayed by 30 dB."""
    drift_ppm: float | None
    """The loudspeaker's clock is so much faster; None: not even, or one chirp only."""
    interrupted: bool
    """The chirps did not come at their distances: blocks were lost on the way."""


@dataclass(frozen=True, slots=True)
class Measured:
    noise_dbfs: float
    """The room (and the microphone) before the first chirp, without its DC offset."""
    dc_offset: float
    """Share of full scale."""
    peak_dbfs: float
    clipped: float
    """Share of the samples at full scale."""
    dead: bool
    """Not even noise: always the same value."""
    too_short: bool
    """Fewer than two whole chirps were captured."""
    echo: Echo | None
    """None: none of the chirps was heard."""


def measure(
    captured: Samples,
    begins: Sequence[float],
    programme: Programme,
    full_scale: int = 32_767,
) -> Measured:
    """`begins`: where in `captured` each chirp's first sample was handed over to be played."""
    if captured.dtype != np.int16 or captured.ndim != 1:
        raise ValueError(f"mono int16 samples wanted, got {captured.dtype}{captured.shape}")
    quiet = captured[: max(0, int(begins[0]))] if len(begins) else captured
    dc_offset = float(np.mean(captured)) / 32768 if len(captured) else 0.0
    whole = {n: b for n, b in enumerate(begins) if is_whole(len(captured), round(b))}
    signal = captured / 32768 - dc_offset
    return Measured(
        noise_dbfs=_noise_dbfs(quiet),
        dc_offset=dc_offset,
        peak_dbfs=peak_dbfs(captured),
        clipped=_clipped(captured, full_scale),
        dead=not np.any(np.diff(captured)),
        too_short=len(whole) < 2,
        echo=_echo(signal, whole, programme) if len(whole) >= 2 else None,
    )


def _noise_dbfs(quiet: Samples) -> float:
    """Median of pieces of 50 ms: a cough or a door does not count."""
    piece = CAPTURE_RATE_HZ // 20
    pieces = quiet[: len(quiet) // piece * piece].reshape(-1, piece) / 32768
    if not len(pieces):
        return SILENCE_DBFS
    return dbfs(float(np.sqrt(np.median(pieces.var(axis=1)))))


def _clipped(captured: Samples, full_scale: int) -> float:
    at_the_end = np.abs(captured.astype(np.int32)) >= full_scale
    return float(np.mean(at_the_end)) if len(captured) else 0.0


@dataclass(frozen=True, slots=True)
class _Found:
    """One chirp, as it was heard; times count from when it was played."""

    response: Response
    number: int
    begin: float
    peak: int
    """Tap of the strongest arrival, counted from the earliest possible one."""
    clarity: float
    """How far it stands out of the median."""

    @property
    def peak_s(self) -> float:
        return self.peak / CAPTURE_RATE_HZ + EARLIEST_S

    @property
    def onset_s(self) -> float:
        """When the straight sound came, by the clocks."""
        around = np.abs(self.response.part(self.peak_s - ONSET_S, self.peak_s + ONSET_S))
        first = int(np.argmax(around >= around.max() * 10 ** (ONSET_DB / 20)))
        while first + 1 < len(around) and around[first + 1] > around[first]:
            first += 1
        rounding_s = (round(self.begin) - self.begin) / CAPTURE_RATE_HZ
        return self.peak_s - ONSET_S + first / CAPTURE_RATE_HZ + rounding_s


def _echo(signal: Signal, begins: Mapping[int, float], programme: Programme) -> Echo | None:
    responses = {n: response(signal, round(b), programme.amplitude) for n, b in begins.items()}
    found = [_find(heard, n, begins[n]) for n, heard in responses.items()]
    chirps = _agreeing([one for one in found if one is not None])
    if not chirps:
        return None
    shifts = [_shift(one, chirps[0]) for one in chirps]
    delays_ms = [one.onset_s * 1000 for one in chirps]
    drift_ppm, interrupted = _drift(chirps, shifts, programme)
    way = _Way(chirps, shifts)
    gain_db = 10 * np.log10(max(way.energy(-ONSET_S, _BEHIND_S) / band_energy(), 1e-12))
    return Echo(
        delay_ms=float(np.median(delays_ms)),
        delay_spread_ms=max(delays_ms) - min(delays_ms),
        return_loss_db=-float(gain_db),
        dbfs=max(SILENCE_DBFS, dbfs(programme.amplitude / np.sqrt(2)) + float(gain_db)),
        distortion_db=way.distortion_db,
        tail_ms=None if way.tail_s is None else way.tail_s * 1000,
        drift_ppm=drift_ppm,
        interrupted=interrupted,
    )


def _find(heard: Response, number: int, begin: float) -> _Found | None:
    """The strongest arrival, if there is one."""
    envelope = np.abs(heard.part(EARLIEST_S, LATEST_S))
    peak = int(np.argmax(envelope))
    clarity = float(envelope[peak]) / max(1e-8, float(np.median(envelope)))
    return _Found(heard, number, begin, peak, clarity) if clarity >= HEARD else None


def _agreeing(found: Sequence[_Found]) -> list[_Found]:
    """The chirps that confirm one another: at least two, or none."""
    if not found:
        return []
    best = max(found, key=lambda one: one.clarity)
    agreeing = [one for one in found if _agree(one, best)]
    return agreeing if len(agreeing) >= 2 else []


def _agree(one: _Found, other: _Found) -> bool:
    apart_s = abs(one.onset_s - other.onset_s)
    return apart_s <= (AGREE_S if one.clarity < CLEARLY else INTERRUPTED_AGREE_S)


_BEHIND_S = BEHIND_S - 0.1
_AHEAD_S = BEFORE_S - 0.02
"""The part of each response that is compared, around its strongest tap."""


class _Way:
    """What the chirps have in common. Noise and voices differ from chirp to chirp: the product
    of two responses holds, on average, nothing of them."""

    def __init__(self, chirps: Sequence[_Found], shifts: Sequence[float]) -> None:
        aligned = [_aligned(one, shift) for one, shift in zip(chirps, shifts, strict=True)]
        self._products = [a * b for a, b in combinations(aligned, 2)]
        self._squares = [a * a for a in aligned]

    def energy(self, first_s: float, last_s: float) -> float:
        """Around the strongest tap; never negative."""
        sums = [np.sum(product[_span(first_s, last_s)]) for product in self._products]
        return max(0.0, float(np.median(sums)))

    @property
    def distortion_db(self) -> float:
        harmonics = self.energy(-HARMONICS_S - 0.005, -ONSET_S)
        return 10 * float(np.log10(max(harmonics / max(self._echo_energy, 1e-20), 1e-8)))

    @property
    def tail_s(self) -> float | None:
        """Schroeder's backward integration; extrapolated where noise hides the end."""
        product = np.mean([p[_span(0, _BEHIND_S)] for p in self._products], axis=0)
        left = np.cumsum(product[::-1])[::-1]
        # A sum of products of two independent noises has this standard deviation.
        unsure = self._noise * np.sqrt(len(product))
        hidden_db = 10 * np.log10(max(left[0], 1e-20) / max(unsure, left[0] * 1e-9, 1e-20)) - 3
        deepest_db = min(TAIL_DB, float(hidden_db))
        if deepest_db < LEAST_DECAY_DB:
            return None
        early_s, late_s = (_decayed(left, db) for db in (5.0, deepest_db))
        return early_s + (late_s - early_s) * (TAIL_DB - 5) / (deepest_db - 5)

    @property
    def _echo_energy(self) -> float:
        return self.energy(-ONSET_S, _BEHIND_S)

    @property
    def _noise(self) -> float:
        """Mean square of what is no echo, nor any harmonic of it."""
        before = _span(-_AHEAD_S, -HARMONICS_S - ONSET_S)
        return float(np.median([np.mean(square[before]) for square in self._squares]))


def _span(first_s: float, last_s: float) -> slice:
    """Of an aligned response, whose strongest tap lies `_AHEAD_S` from its beginning."""
    return slice(*(round((s + _AHEAD_S) * CAPTURE_RATE_HZ) for s in (first_s, last_s)))


def _aligned(one: _Found, shift: float) -> Signal:
    """The response around its strongest tap, moved by a part of a sample."""
    taps = one.response.part(one.peak_s - _AHEAD_S, one.peak_s + _BEHIND_S)
    turns = np.fft.fftfreq(len(taps)) * shift
    moved: Signal = np.fft.ifft(np.fft.fft(taps) * np.exp(2j * np.pi * turns)).real
    return moved


def _decayed(left: Signal, db: float) -> float:
    below = left <= left[0] * 10 ** (-db / 10)
    return (int(np.argmax(below)) if below.any() else len(left)) / CAPTURE_RATE_HZ


def _drift(
    chirps: Sequence[_Found], shifts: Sequence[float], programme: Programme
) -> tuple[float | None, bool]:
    """How much faster the loudspeaker's clock is, and whether blocks were lost in between."""
    planned = np.array([programme.begins[one.number] / programme.rate_hz for one in chirps])
    places = [round(one.begin) + one.peak + s for one, s in zip(chirps, shifts, strict=True)]
    heard = np.array(places) / CAPTURE_RATE_HZ
    slope, start = np.polyfit(planned, heard, 1)
    uneven_s = float(np.max(np.abs(heard - start - slope * planned)))
    drift_ppm = float(1 / slope - 1) * 1e6
    if abs(drift_ppm) > MOST_DRIFT_PPM or uneven_s > INTERRUPTED_S:
        return None, True
    return drift_ppm, False


def _shift(one: _Found, first: _Found) -> float:
    """How many samples later it is than its strongest tap says, compared with the first chirp."""
    a, b = (_around(found) for found in (first, one))
    size = 2 * len(a)
    product = np.conj(np.fft.fft(a, size)) * np.fft.fft(b, size)
    # With more zeros behind a spectrum that ends, the same curve at more places.
    finer = np.zeros(size * _FINER, np.complex128)
    finer[: size // 2] = product[: size // 2]
    likeness = np.roll(np.abs(np.fft.ifft(finer)), _REACH * _FINER)[: 2 * _REACH * _FINER]
    top = int(np.argmax(likeness[1:-1])) + 1
    left, middle, right = (float(value) for value in likeness[top - 1 : top + 2])
    bend = left - 2 * middle + right
    return (top + (0.5 * (left - right) / bend if bend else 0.0)) / _FINER - _REACH


def _around(one: _Found) -> NDArray[np.complex128]:
    part = one.response.part(one.peak_s - 0.002, one.peak_s + 0.006)
    windowed: NDArray[np.complex128] = part * np.hanning(len(part))
    return windowed
