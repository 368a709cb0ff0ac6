"""Other rates: same length in seconds, same sound, no seams between blocks."""

import numpy as np
import pytest

from edgevoice.audio.frames import Samples
from edgevoice.audio.resample import Resampler, resample


def sine(hz: float, rate_hz: int, seconds: float = 1.0) -> Samples:
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    return (10_000 * np.sin(2 * np.pi * hz * t)).astype(np.int16)


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(16_000, 24_000), (24_000, 16_000), (48_000, 16_000)]
)
def test_a_tone_stays_the_tone(from_hz: int, to_hz: int) -> None:
    heard = resample(sine(1000, from_hz), from_hz, to_hz).astype(float)
    expected = sine(1000, to_hz).astype(float)
    assert len(heard) == to_hz
    middle = slice(to_hz // 10, -to_hz // 10)
    assert np.abs(heard - expected)[middle].max() < 20


def test_what_the_new_rate_cannot_carry_is_filtered_out() -> None:
    assert np.abs(resample(sine(10_000, 48_000), 48_000, 16_000)[1000:-1000]).max() < 20


def test_the_same_rate_changes_nothing() -> None:
    tone = sine(500, 16_000)
    assert resample(tone, 16_000, 16_000) is tone


def test_nothing_stays_nothing() -> None:
    assert len(resample(np.zeros(0, np.int16), 8000, 16_000)) == 0


def test_a_stream_in_blocks_is_the_whole_sound() -> None:
    tone = sine(700, 48_000)
    stream = Resampler(48_000, 16_000)
    blocks = [stream.push(block) for block in np.split(tone, range(313, len(tone), 313))]
    heard = np.concatenate([*blocks, stream.finish()])
    whole = resample(tone, 48_000, 16_000)
    assert len(heard) == len(whole)
    assert np.abs(heard.astype(int) - whole).max() <= 2


def test_after_finish_a_new_stream_begins() -> None:
    stream = Resampler(24_000, 16_000)
    first = np.concatenate([stream.push(sine(300, 24_000)), stream.finish()])
    second = np.concatenate([stream.push(sine(300, 24_000)), stream.finish()])
    assert len(first) == len(second)
    assert np.abs(first.astype(int) - second).max() <= 2
