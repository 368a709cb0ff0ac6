"""A rising tone, and what a recording of it says about the way it took.

An exponential sweep (Farina, "Simultaneous measurement of impulse response and distortion
with a swept-sine technique", AES 108, 2000): divided by itself, a recording becomes
the impulse response of the way, and each harmonic that a strained loudspeaker adds becomes a
response of its own, at a known time before the main one.

Pure arithmetic; what the responses mean for an owner is `calibration.py`'s concern.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples

Signal = NDArray[np.float64]

LOW_HZ, HIGH_HZ = 100.0, 7_200.0
"""What small loudspeakers give back and 16 kHz can hold."""
CHIRP_S = 1.0
"""Long enough to be found 30 dB below the room's noise; short enough to be borne three times."""
FADE_S = 0.01

EARLIEST_S, LATEST_S = -0.05, 1.0
"""Where the main response may begin, after the chirp was played."""
BEFORE_S, BEHIND_S = 0.6, 0.7
"""How much of a response is kept before the earliest and behind the latest beginning."""

_PER_LOG = CHIRP_S / np.log(HIGH_HZ / LOW_HZ)
HARMONICS_S = _PER_LOG * np.log(6)
"""So long before the main response are those of the second to sixth harmonic."""
_FLOOR = 1e-4
"""Of the chirp's strongest frequency: what it holds less of is left out of the division."""


def chirp(rate_hz: int) -> Signal:
    """The sweep at any rate, amplitude 1, faded at both ends."""
    t = np.arange(round(CHIRP_S * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * LOW_HZ * _PER_LOG * np.expm1(t / _PER_LOG))
    fade = np.sin(np.pi / 2 * np.clip(np.minimum(t, CHIRP_S - t) / FADE_S, 0, 1)) ** 2
    faded: Signal = tone * fade
    return faded


@dataclass(frozen=True, slots=True)
class Programme:
    """What is played: some quiet, then chirps at even distances."""

    rate_hz: int
    amplitude: float = 0.25
    """Of full scale, -12 dBFS: what answers peak at."""
    quiet_s: float = 1.2
    chirps: int = 3
    spacing_s: float = 2.4
    """A chirp, and as long as its last echo may take."""

    @property
    def seconds(self) -> float:
        """With all of the last chirp's response."""
        last = CHIRP_S + LATEST_S + BEHIND_S + 0.05
        return self.quiet_s + (self.chirps - 1) * self.spacing_s + last

    @property
    def begins(self) -> tuple[int, ...]:
        """Index of each chirp's first sample in the sound."""
        times = (self.quiet_s + i * self.spacing_s for i in range(self.chirps))
        return tuple(round(time * self.rate_hz) for time in times)

    def sound(self) -> Samples:
        whole = np.zeros(round(self.seconds * self.rate_hz))
        one = chirp(self.rate_hz)
        for begin in self.begins:
            whole[begin : begin + len(one)] = one
        samples: Samples = np.rint(whole * self.amplitude * 32767).astype(np.int16)
        return samples


@dataclass(frozen=True, slots=True)
class Response:
    """An impulse response; complex, so that its size is its envelope. Played at 1 = heard at 1."""

    taps: NDArray[np.complex128]

    def part(self, first_s: float, last_s: float) -> NDArray[np.complex128]:
        """What came between two times, counted from when the chirp was played."""
        first, last = (MOST_BEFORE + round(s * CAPTURE_RATE_HZ) for s in (first_s, last_s))
        return self.taps[max(0, first) : max(0, last)]


MOST_BEFORE = round((BEFORE_S - EARLIEST_S) * CAPTURE_RATE_HZ)
MOST_BEHIND = round((LATEST_S + BEHIND_S) * CAPTURE_RATE_HZ)


def is_whole(length: int, begin: int) -> bool:
    """Whether so many captured samples hold all that `response` needs of a chirp."""
    end = begin + round(CHIRP_S * CAPTURE_RATE_HZ) + MOST_BEHIND
    return begin >= MOST_BEFORE and end <= length


def response(captured: Signal, begin: int, amplitude: float) -> Response:
    """To the chirp that was played at `begin` of these samples (1.0 is full scale)."""
    assert is_whole(len(captured), begin), "part of the chirp was not captured"
    played = chirp(CAPTURE_RATE_HZ) * amplitude
    heard = captured[begin - MOST_BEFORE : begin + len(played) + MOST_BEHIND]
    size = 1 << (len(heard) + len(played) - 1).bit_length()
    spectrum = np.fft.rfft(played, size)
    power = np.abs(spectrum) ** 2
    ratio = np.fft.rfft(heard, size) * spectrum.conj() / (power + _FLOOR * power.max())
    one_sided = np.zeros(size, np.complex128)
    one_sided[: len(ratio)] = 2 * ratio * band(size)
    return Response(np.fft.ifft(one_sided)[: MOST_BEFORE + MOST_BEHIND])


def band(size: int) -> Signal:
    """Weights of the frequencies: 1 where the chirp is, with soft edges that do not ring."""
    hz = np.fft.rfftfreq(size, 1 / CAPTURE_RATE_HZ)
    low = np.clip((hz - LOW_HZ) / LOW_HZ, 0, 1)
    high = np.clip((HIGH_HZ - hz) / 1_200, 0, 1)
    weights: Signal = np.sin(np.pi / 2 * np.minimum(low, high)) ** 2
    return weights


def band_energy() -> float:
    """Energy of the response of a way that changes nothing."""
    size = 1 << 14
    weights = band(size)
    return float(2 * np.sum(weights**2) / size)
