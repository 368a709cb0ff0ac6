"""The spectrogram that Whisper's networks look at: 80 mel bands, 100 columns a second.

As defined by transformers' WhisperFeatureExtractor with `do_normalize`: the waveform is
brought to mean 0 and variance 1; power spectra of 400 samples every 160, Hann window,
the ends mirrored; triangular bands on Slaney's mel scale, each of area one; then
log10, at most 8 below the loudest, and (x + 4) / 4.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples

WINDOW = 400
HOP = 160
BANDS = 80
LOG_FROM_HZ = 1000.0
"""Slaney's scale is linear up to here and logarithmic above."""
LINEAR_MELS = 15.0
LOG_STEP = np.log(6.4) / 27.0

Floats = NDArray[np.float32]


def log_mel(samples: Samples) -> Floats:
    """BANDS rows, a column for each whole HOP; the sound is longer than half a window."""
    sound = samples.astype(np.float32)
    sound = (sound / 32768 - np.mean(sound) / 32768).astype(np.float32)
    sound /= np.sqrt(np.mean(sound**2) + np.float32(1e-7))
    padded = np.pad(sound, WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][: len(sound) // HOP]
    spectrum = np.fft.rfft(frames * _window(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    bands = np.log10(np.maximum(_bands() @ power.T, 1e-10))
    levelled: Floats = ((np.maximum(bands, bands.max() - 8.0) + 4.0) / 4.0).astype(np.float32)
    return levelled


@cache
def _window() -> Floats:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@cache
def _bands() -> Floats:
    """One row per band: how much of each frequency of the spectrum it takes."""
    top = LINEAR_MELS + np.log(CAPTURE_RATE_HZ / 2 / LOG_FROM_HZ) / LOG_STEP
    mels = np.linspace(0.0, top, BANDS + 2)
    logarithmic = LOG_FROM_HZ * np.exp(LOG_STEP * (mels - LINEAR_MELS))
    edges = np.where(mels < LINEAR_MELS, mels * LOG_FROM_HZ / LINEAR_MELS, logarithmic)
    lower, middle, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    hertz = np.linspace(0, CAPTURE_RATE_HZ / 2, WINDOW // 2 + 1)
    rising, falling = (hertz - lower) / (middle - lower), (upper - hertz) / (upper - middle)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    of_area_one: Floats = (triangles * (2.0 / (upper - lower))).astype(np.float32)
    return of_area_one
