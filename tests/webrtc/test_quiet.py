"""What counts as quiet, and how it is made shorter without a seam."""

import numpy as np
import pytest

from edgevoice.webrtc.quiet import QuietMeter, eased, shortened

FRAME = 480


def hiss(level: float, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.random.default_rng(seed).normal(0, level, FRAME).astype(np.int16)


def test_silence_is_quiet_and_a_voice_is_not() -> None:
    meter = QuietMeter()
    assert meter.is_quiet(np.zeros(FRAME, np.int16))
    assert not meter.is_quiet(hiss(3_000))


def test_breath_between_loud_words_is_quiet_and_a_whisper_alone_is_not() -> None:
    meter = QuietMeter()
    assert not meter.is_quiet(hiss(300))
    meter.is_quiet(hiss(8_000))
    assert meter.is_quiet(hiss(300))
    for _ in range(3_000):
        meter.is_quiet(hiss(300))
    assert not meter.is_quiet(hiss(300))


def test_a_word_that_begins_at_the_very_end_is_not_quiet() -> None:
    frame = hiss(10)
    frame[-FRAME // 4 :] = hiss(3_000)[: FRAME // 4]
    assert not QuietMeter().is_quiet(frame)


def test_nothing_at_all_is_quiet() -> None:
    assert QuietMeter().is_quiet(np.zeros(0, np.int16))
    assert QuietMeter().is_quiet(np.zeros(2, np.int16))


@pytest.mark.parametrize("by", [1, 60, 240])
def test_shortening_keeps_both_ends_and_the_level(by: int) -> None:
    frame = hiss(80)
    short = shortened(frame, by)
    assert len(short) == FRAME - by
    assert (short[0], short[-1]) == (frame[0], frame[-1])
    assert 0.6 < float(np.std(short)) / float(np.std(frame)) < 1.1


def test_a_hum_keeps_its_pitch() -> None:
    t = np.arange(FRAME) / 24_000
    hum = (90 * np.sin(2 * np.pi * 200 * t)).astype(np.int16)
    short = shortened(hum, 240)  # two of its periods
    crossings = np.count_nonzero(np.diff(np.signbit(short)))
    assert crossings == pytest.approx(2 * 200 * len(short) / 24_000, abs=1)


def test_easing_begins_where_the_last_sample_was() -> None:
    step = np.full(100, 9_000, np.int16)
    out = eased(step, -500, 20)
    assert out[0] == -500
    assert np.abs(np.diff(out.astype(int))).max() < 600
    assert np.array_equal(out[20:], step[20:])
    assert len(eased(step[:0], 5, 20)) == 0
    assert eased(np.full(9, 32_767, np.int16), 32_767, 99).max() == 32_767
