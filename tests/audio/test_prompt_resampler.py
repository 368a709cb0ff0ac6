"""To 16 kHz at once: the right sound, whatever the blocks, held back by a millisecond."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.interpolate import Interpolator
from edgevoice.audio.prompt_resampler import PromptResampler


def tone(rate_hz: int, seconds: float = 0.5) -> np.ndarray:
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    return (10_000 * np.sin(2 * np.pi * 1000 * t)).astype(np.int16)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_a_tone_stays_the_tone_and_is_there_at_once(rate_hz: int) -> None:
    stream, sound, made = PromptResampler(rate_hz), tone(rate_hz), np.zeros(0)
    for first in range(0, len(sound), rate_hz // 100):
        block = sound[first : first + rate_hz // 100]
        made = np.concatenate((made, stream.push(block)))
        assert (first + len(block)) * 16_000 / rate_hz - len(made) <= 33
    assert np.abs(made - tone(16_000)[: len(made)])[100:].max() < 5


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 700), max_size=20), st.sampled_from([16_000, 24_000, 44_100]))
def test_block_sizes_change_nothing(sizes: list[int], rate_hz: int) -> None:
    sound = np.random.default_rng(1).integers(-9000, 9000, sum(sizes)).astype(np.int16)
    stream, whole = PromptResampler(rate_hz), PromptResampler(rate_hz)
    blocks = np.split(sound, np.cumsum(sizes)[:-1]) if sizes else []
    made = np.concatenate([np.zeros(0), *(stream.push(block) for block in blocks)])
    assert np.allclose(made, whole.push(sound) if sizes else made, atol=0.01)


def test_silence_is_silence() -> None:
    assert not PromptResampler(48_000).push(np.zeros(4800, np.int16)).any()


@given(st.floats(0, 1))
def test_between_two_samples_a_slow_wave_is_read_exactly(fraction: float) -> None:
    interpolator = Interpolator()
    wave = np.sin(0.3 * np.arange(100)).astype(np.float32)
    (value,) = interpolator.read(wave, np.array([40 + fraction]))
    assert value == pytest.approx(np.sin(0.3 * (40 + fraction)), abs=2e-3)
    reach = interpolator.reach
    weights = interpolator.kernel(fraction)
    assert weights @ wave[41 - reach : 41 + reach] == pytest.approx(float(value), abs=1e-3)
