"""The simulated room: what is played is heard later, quieter and longer, exactly so."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.simulator.acoustics import EchoPath, room_response


def noise(n: int, seed: int = 1, level: float = 3000.0) -> Samples:
    return (np.random.default_rng(seed).standard_normal(n) * level).astype(np.int16)


def heard(path: EchoPath, played: Samples, rate_hz: int, frames: int) -> Samples:
    block = rate_hz // 50
    parts = []
    for n in range(frames):
        path.play(
            np.pad(played[n * block :][:block], (0, max(0, (n + 1) * block - len(played))))[:block]
        )
        parts.append(path.hear(FRAME_SAMPLES))
    return np.concatenate(parts)


def click(rate_hz: int) -> Samples:
    samples = np.zeros(rate_hz // 10, np.int16)
    samples[0] = 30_000
    return samples


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
@pytest.mark.parametrize("delay_ms", [0.0, 40.0, 150.0])
def test_the_straight_sound_arrives_after_the_delay(rate_hz: int, delay_ms: float) -> None:
    echo = heard(EchoPath(rate_hz, delay_ms, -6), click(rate_hz), rate_hz, 20)
    assert np.argmax(np.abs(echo)) == round(delay_ms * 16)


def test_nothing_played_is_silence() -> None:
    path = EchoPath(24_000, 40, 0)
    assert not path.hear(1000).any()
    path.play(np.zeros(480, np.int16))
    assert not path.hear(FRAME_SAMPLES).any()


@pytest.mark.parametrize("level_db", [0.0, -20.0])
def test_noise_arrives_at_the_level(level_db: float) -> None:
    sound = noise(48_000)
    echo = heard(EchoPath(16_000, 10, level_db), sound, 16_000, 150).astype(float)
    ratio = np.std(echo[16_000:]) / np.std(sound)
    assert 20 * np.log10(ratio) == pytest.approx(level_db, abs=0.5)


def test_the_room_fades_by_60_db_in_its_time() -> None:
    response = room_response(0.4, 3)
    early = np.std(response[160:800])
    late = np.std(response[160 + 3200 : 800 + 3200])
    assert 20 * np.log10(late / early) == pytest.approx(-30, abs=3)


def test_a_room_is_the_same_each_time() -> None:
    sound = noise(6400)
    one, two = (
        heard(EchoPath(16_000, 40, -6, noise_dbfs=-60, seed=4), sound, 16_000, 30) for _ in "ab"
    )
    assert np.array_equal(one, two)


def test_the_sound_goes_on_when_the_speaker_has_stopped() -> None:
    path = EchoPath(16_000, 0, 0, rt60_s=0.3)
    path.play(noise(FRAME_SAMPLES))
    echo = [np.abs(path.hear(FRAME_SAMPLES)).max() for _ in range(40)]
    assert echo[5] > 0
    assert echo[-1] == 0


def test_a_faster_speaker_is_heard_earlier_and_earlier() -> None:
    path = EchoPath(16_000, 100, 0, rt60_s=0.0, drift_ppm=100)
    clicks = np.zeros(16_000 * 10, np.int16)
    clicks[[0, -1600]] = 30_000
    echo = heard(path, clicks, 16_000, 520).astype(float)
    first = int(np.argmax(np.abs(echo[:16_000])))
    last = 100_000 + int(np.argmax(np.abs(echo[100_000:])))
    expected = (len(clicks) - 1600) / (1 + 100e-6)
    assert first == 1600
    assert last - first == pytest.approx(expected, abs=0.6)


def test_a_tone_stays_clean_under_drift() -> None:
    rate_hz = 48_000
    tone = (10_000 * np.sin(2 * np.pi * 3000 * np.arange(rate_hz * 2) / rate_hz)).astype(np.int16)
    path = EchoPath(rate_hz, 40, 0, rt60_s=0.0, drift_ppm=-200)
    echo = heard(path, tone, rate_hz, 100)[8000:24_000].astype(float)
    t = np.arange(len(echo)) / 16_000 * (1 - 200e-6)
    basis = np.stack((np.sin(2 * np.pi * 3000 * t), np.cos(2 * np.pi * 3000 * t)), 1)
    fit, *_ = np.linalg.lstsq(basis, echo, rcond=None)
    assert np.std(echo - basis @ fit) < 1e-3 * np.std(echo)


def test_saturation_compresses_loud_sound_only() -> None:
    def gain(level: float) -> float:
        sound = noise(16_000, level=level)
        loud = heard(EchoPath(16_000, 0, 0, saturation=2.0), sound, 16_000, 50).astype(float)
        return float(np.std(loud) / np.std(sound))

    assert gain(300) > 0.95
    assert gain(12_000) < 0.8 * gain(300)


def test_what_is_too_loud_is_clipped() -> None:
    echo = heard(EchoPath(16_000, 0, 30), noise(3200, level=20_000), 16_000, 10)
    assert echo.max() == 32767
    assert echo.min() == -32768


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 4))
def test_uneven_calls_change_nothing(order: list[bool], burst: int) -> None:
    """Either side may be up to the delay ahead; the sample counts alone matter."""
    sound = noise(FRAME_SAMPLES * 60)
    straight, uneven = EchoPath(16_000, 100, -6), EchoPath(16_000, 100, -6)
    expected = heard(straight, sound, 16_000, 60)
    played, parts = 0, list[Samples]()
    for play in order:
        if (play and played < 60 and played - len(parts) < burst) or played <= len(parts) - 4:
            uneven.play(sound[played * FRAME_SAMPLES :][:FRAME_SAMPLES])
            played += 1
        elif played > 0 or parts:
            parts.append(uneven.hear(FRAME_SAMPLES))
        else:
            uneven.play(sound[:FRAME_SAMPLES])
            played = 1
    echo = np.concatenate([*parts, np.zeros(0, np.int16)])
    assert np.array_equal(echo, expected[: len(echo)])


def test_after_a_pause_the_speaker_begins_anew() -> None:
    path = EchoPath(16_000, 40, -6, rt60_s=0.0)
    path.play(noise(FRAME_SAMPLES))
    path.hear(16_000)
    path.play(click(16_000)[:FRAME_SAMPLES])
    assert np.argmax(np.abs(path.hear(1600))) == 640


def test_while_nobody_listens_nothing_is_kept() -> None:
    path = EchoPath(16_000, 40, -6, rt60_s=0.0)
    path.hear(FRAME_SAMPLES)
    path.play(noise(FRAME_SAMPLES))
    for _ in range(500):
        path.play(noise(FRAME_SAMPLES))
    assert len(path._signal) < 2 * 16_000
    silent = np.zeros(FRAME_SAMPLES, np.int16)
    path.play(silent)
    path.play(click(16_000)[:FRAME_SAMPLES])
    echo = np.concatenate([path.hear(FRAME_SAMPLES) for _ in range(10)])
    assert np.argmax(np.abs(echo)) <= 640 + 2 * FRAME_SAMPLES
