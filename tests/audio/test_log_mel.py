"""The spectrogram, compared with its definition written down a second time, slowly."""

import numpy as np

from edgevoice.audio.log_mel import log_mel


def hertz_of(mel: float) -> float:
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def mel_of(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)


def weight(hertz: float, low: float, middle: float, high: float) -> float:
    """Of this frequency in a triangle of area one."""
    rising, falling = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    return max(0.0, min(rising, falling)) * 2 / (high - low)


def column(sound: np.ndarray, number: int) -> list[float]:
    """One column before it is limited and scaled: a discrete Fourier transform by hand."""
    mirrored = np.concatenate([sound[200:0:-1], sound, sound[-2:-202:-1]])
    n = np.arange(400)
    frame = mirrored[number * 160 : number * 160 + 400] * (0.5 - 0.5 * np.cos(2 * np.pi * n / 400))
    power = [abs(np.sum(frame * np.exp(-2j * np.pi * k * n / 400))) ** 2 for k in range(201)]
    edges = [hertz_of(mel) for mel in np.linspace(0, mel_of(8000), 82)]
    return [
        np.log10(max(1e-10, sum(weight(k * 40, *edges[b : b + 3]) * power[k] for k in range(201))))
        for b in range(80)
    ]


def test_it_is_what_whispers_networks_were_trained_on():
    random = np.random.default_rng(3)
    time = np.arange(4000) / 16_000
    tones = 6000 * np.sin(2 * np.pi * 300 * time) + 3000 * np.sin(2 * np.pi * 2500 * time)
    samples = (tones + random.normal(200, 400, 4000)).astype(np.int16)
    sound = samples / 32768
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    raw = np.array([column(sound, number) for number in range(25)]).T
    expected = (np.maximum(raw, raw.max() - 8) + 4) / 4
    found = log_mel(samples)
    assert found.shape == (80, 25)
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-4


def test_silence_is_flat():
    assert np.ptp(log_mel(np.zeros(16_000, np.int16))) == 0.0
