"""What a microphone hears of a loudspeaker in the same room: delay, room, clock and distortion.

The speaker's side calls `play` with what it plays, the microphone's side `hear` for
what arrives. Time is counted in samples on both sides, so calls may come a little
early or late without changing what is heard. No clock, no task; used from one thread.
"""

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.interpolate import Interpolator, Signal

Response = NDArray[np.float64]

SLACK_S = 0.2
"""The two sides may be so far apart before one of them is taken to have paused."""

_LOW_HZ, _HIGH_HZ = 150.0, 7000.0
"""What a loudspeaker of 4 cm gives back."""
_DIRECT, _DIFFUSE = 0.9, 0.35
"""Amplitude of the straight sound, and of all reflections together, at arm's length."""
_FIRST_REFLECTION_S = 0.002
_RINGING = 256
"""Samples for which the small speaker alone goes on."""


class EchoPath:
    """From a loudspeaker to a microphone, with the room between them.

    `level_db`: how much louder (usually below 0: quieter) white noise arrives than it was played.
    `saturation`: how far full scale is driven into the speaker's limit; 0 linear, 1 mild
    (compressed by 2.4 dB), 6 terrible. `drift_ppm`: the speaker's clock runs so much faster
    than the microphone's. `noise_dbfs`: level of the room's own noise, if any.
    """

    def __init__(
        self,
        rate_in_hz: int,
        delay_ms: float,
        level_db: float,
        rt60_s: float = 0.35,
        saturation: float = 0.0,
        drift_ppm: float = 0.0,
        noise_dbfs: float | None = None,
        seed: int = 0,
    ) -> None:
        self._step = rate_in_hz / CAPTURE_RATE_HZ * (1 + drift_ppm * 1e-6)
        self._delay = delay_ms * CAPTURE_RATE_HZ / 1000
        self._saturation = saturation
        self._random = np.random.default_rng(seed)
        self._noise = None if noise_dbfs is None else 32768 * 10 ** (noise_dbfs / 20)
        self._interpolator = Interpolator(self._step)
        self._response = room_response(rt60_s, seed) * 10 ** (level_db / 20)
        # Held: what was played and can still be heard, and where in it the microphone is.
        self._signal: Signal = np.zeros(self._history, np.float32)
        self._place = float(self._history)
        self._tail: Response = np.zeros(0)
        self._deaf = False

    @property
    def _history(self) -> int:
        """Of what is held, so many samples lie before the one played while now is captured."""
        return int(self._delay * self._step) + self._interpolator.reach + 1

    def play(self, block: Samples) -> None:
        """The loudspeaker's next samples. After a pause they begin when they are handed over."""
        ahead = len(self._signal) - self._place
        slack = SLACK_S * CAPTURE_RATE_HZ * self._step
        self._deaf = self._deaf or ahead > slack
        if self._deaf:  # nobody listens: nothing to wait for
            self._place = float(len(self._signal))
            self._forget()
        elif ahead < -slack:
            self._signal = np.pad(self._signal, (0, round(-ahead)))
        self._signal = np.concatenate((self._signal, self._distorted(block)))

    def hear(self, n: int) -> Samples:
        """The next `n` samples at the microphone; silence where nothing was played."""
        self._deaf = False
        sound = self._reverberated(self._dry(n))
        self._place += n * self._step
        self._forget()
        if self._noise is not None:
            sound = sound + self._noise * self._random.standard_normal(n)
        return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)

    def _distorted(self, block: Samples) -> Signal:
        if not self._saturation:
            return block.astype(np.float32)
        driven = np.tanh(block / 32768 * self._saturation) / self._saturation
        return (32768 * driven).astype(np.float32)

    def _dry(self, n: int) -> Signal:
        """What left the loudspeaker when these samples' straight sound set out."""
        reach = self._interpolator.reach
        places = self._place + (np.arange(n) - self._delay) * self._step
        first, last = int(np.floor(places[0])) - reach, int(np.floor(places[-1])) + reach + 1
        held = self._signal[max(0, first) : max(0, last)]
        if not held.any():
            return np.zeros(n, np.float32)
        before = min(max(0, -first), last - first)
        around = np.pad(held, (before, last - first - before - len(held)))
        return self._interpolator.read(around, places - first)

    def _reverberated(self, dry: Signal) -> Response:
        """Overlap-add: what is heard now, and what will be heard of it later."""
        if not dry.any() and not len(self._tail):
            return np.zeros(len(dry))
        length = len(dry) + len(self._response) - 1
        size = 1 << (length - 1).bit_length()
        wet = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(self._response, size))[:length]
        wet[: len(self._tail)] += self._tail
        now, later = wet[: len(dry)], wet[len(dry) :]
        self._tail = later if np.abs(later).max() >= 0.5 else later[:0]
        return now

    def _forget(self) -> None:
        past = min(int(self._place) - self._history, len(self._signal))
        if past > 0:
            self._signal = self._signal[past:]
            self._place -= past


def room_response(rt60_s: float, seed: int) -> Response:
    """Straight sound, then noise that decays by 60 dB in `rt60_s`, through a small speaker.

    Its energy is 1: white noise keeps its level.
    """
    t = np.arange(max(_RINGING, round(rt60_s * CAPTURE_RATE_HZ))) / CAPTURE_RATE_HZ
    response = np.random.default_rng(seed).standard_normal(len(t))
    response *= np.exp(-np.log(1000) * t / max(rt60_s, 1e-3))
    response[t < _FIRST_REFLECTION_S] = 0
    response *= _DIFFUSE / max(np.sqrt(np.sum(response**2)), 1e-9)
    response[0] = _DIRECT
    response = _second_order(response, _LOW_HZ, low_pass=False)
    response = _second_order(response, _HIGH_HZ, low_pass=True)
    normal: Response = response / np.sqrt(np.sum(response**2))
    return normal


def _second_order(x: Response, hz: float, low_pass: bool) -> Response:
    """Butterworth, 12 dB per octave (Bristow-Johnson, "Audio EQ Cookbook")."""
    w = 2 * np.pi * hz / CAPTURE_RATE_HZ
    alpha, cosine = np.sin(w) / np.sqrt(2), np.cos(w)
    outer = (1 - cosine) / 2 if low_pass else (1 + cosine) / 2
    b = np.array([outer, 2 * outer if low_pass else -2 * outer, outer]) / (1 + alpha)
    a1, a2 = -2 * cosine / (1 + alpha), (1 - alpha) / (1 + alpha)
    y = np.convolve(x, b)[: len(x)]
    for n in range(1, len(y)):
        y[n] -= a1 * y[n - 1] + (a2 * y[n - 2] if n > 1 else 0.0)
    return y
