"""From blocks of any card to frames: nothing lost, nothing shifted, whatever the blocks are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.hardware.sound.framer import Framer

RNG = np.random.default_rng(7)


def frames(framer: Framer, *blocks: Samples) -> Samples:
    given = [frame for block in blocks for frame in framer.push(block)]
    assert all(len(frame) == FRAME_SAMPLES for frame in given)
    return np.concatenate([np.zeros(0, np.int16), *given])


@given(st.lists(st.integers(0, 1000), max_size=20))
def test_no_sample_is_lost_or_moved_by_odd_blocks(lengths: list[int]) -> None:
    sound = np.arange(sum(lengths)).astype(np.int16)
    blocks = np.split(sound, np.cumsum(lengths)[:-1]) if lengths else []
    got = frames(Framer(16_000, 1, 1, 0.0), *blocks)
    assert np.array_equal(got, sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES])


def test_the_block_may_be_overwritten_and_a_frame_stays_as_it_was() -> None:
    framer, block = Framer(16_000, 1, 1, 0.0), np.ones(160, np.int16)
    first = frames(framer, block, block)
    block[:] = 2
    frames(framer, block, block)
    assert (first == 1).all()


@pytest.mark.parametrize("channel", [1, 2, 6])
def test_one_of_six_channels(channel: int) -> None:
    block = np.tile(np.arange(1, 7, dtype=np.int16), 160)
    assert (frames(Framer(16_000, 6, channel, 0.0), block, block) == channel).all()


def test_a_block_that_ends_between_channels_does_not_swap_them() -> None:
    block = np.tile(np.array([1, 2], np.int16), 200)
    got = frames(Framer(16_000, 2, 2, 0.0), block[:-1], block, block)
    assert (got == 2).all()


def test_gain_clips_instead_of_wrapping_round() -> None:
    loud = np.array([30_000, -30_000, 100, -100] * 80, np.int16)
    got = frames(Framer(16_000, 1, 1, 6.0), loud)
    assert got[:4].tolist() == [32_767, -32_768, 200, -200]


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("period_ms", [5, 10])
def test_the_number_of_samples_does_not_drift(rate_hz: int, period_ms: int) -> None:
    framer = Framer(rate_hz, 1, 1, 0.0)
    block = np.ones(rate_hz * period_ms // 1000, np.int16)
    missing = []
    given_s = taken = 0.0
    for _ in range(4):
        for _ in range(2000):
            taken += sum(len(frame) for frame in framer.push(block))
            given_s += len(block) / rate_hz
        missing.append(given_s - taken / 16_000)
    assert max(missing) - min(missing) < 0.045  # the resampler gives in bursts
    assert max(missing) < 0.085


def test_what_was_too_high_for_the_lower_rate_does_not_come_back_as_something_else() -> None:
    seconds = np.arange(48_000) / 48_000
    whistle = (10_000 * np.sin(2 * np.pi * 11_000 * seconds)).astype(np.int16)
    speech = (10_000 * np.sin(2 * np.pi * 3_000 * seconds)).astype(np.int16)
    assert np.abs(frames(Framer(48_000, 1, 1, 0.0), whistle)[1600:]).max() < 20
    loudest = np.abs(frames(Framer(48_000, 1, 1, 0.0), speech)[1600:]).max()
    assert loudest == pytest.approx(10_000, rel=0.02)


def test_the_zeros_of_a_dead_microphone_remain_zeros_at_another_rate() -> None:
    """The resampler dithers."""
    framer = Framer(48_000, 1, 1, 0.0)
    frames(framer, RNG.integers(-9000, 9000, 48_000).astype(np.int16))
    dead = np.zeros(48_000, np.int16)
    assert not frames(framer, *np.split(dead, 100))[FRAME_SAMPLES * 10 :].any()
    assert frames(framer, np.full(4800, 50, np.int16)).any()


@given(st.binary(max_size=4000), st.sampled_from([1, 2, 3]), st.sampled_from([16_000, 44_100]))
def test_no_block_stops_it(raw: bytes, channels: int, rate_hz: int) -> None:
    block = np.frombuffer(raw, np.int16, len(raw) // 2) if len(raw) > 1 else np.zeros(0, np.int16)
    frames(Framer(rate_hz, channels, channels, 20.0), block, block)
