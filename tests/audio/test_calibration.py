"""Chirps through simulated rooms: what was put in is what is measured."""

from dataclasses import asdict
from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.calibration import Echo, Measured, measure
from edgevoice.audio.chirp import LOW_HZ, Programme, chirp
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.simulator.acoustics import EchoPath, room_response
from tests.recordings import speech

pytestmark = pytest.mark.slow

PROGRAMME = Programme(CAPTURE_RATE_HZ)


def played_in(room: EchoPath, programme: Programme = PROGRAMME) -> Samples:
    """What the microphone captures while the programme is played."""
    sound, block = programme.sound(), programme.rate_hz // 50
    captured = []
    for first in range(0, len(sound), block):
        room.play(sound[first : first + block])
        captured.append(room.hear(FRAME_SAMPLES))
    return np.concatenate(captured)


def measured(captured: Samples, programme: Programme = PROGRAMME) -> Measured:
    """The clocks of this test agree: sample by sample, playing is capturing."""
    begins = [b * CAPTURE_RATE_HZ / programme.rate_hz for b in programme.begins]
    return measure(captured, begins, programme)


def echo(captured: Samples, programme: Programme = PROGRAMME) -> Echo:
    found = measured(captured, programme).echo
    assert found is not None, "the chirps were not heard"
    return found


def noise(level_dbfs: float, samples: int, seed: int = 5) -> Samples:
    sound = np.random.default_rng(seed).standard_normal(samples) * 32768 * 10 ** (level_dbfs / 20)
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def over(captured: Samples, other: Samples) -> Samples:
    """Both at once; the other repeated as long as needed."""
    mixed = captured.astype(np.int32) + np.resize(other, len(captured))
    return np.clip(mixed, -32768, 32767).astype(np.int16)


def decays_by_30_db_in_ms(rt60_s: float) -> float:
    left = np.cumsum(room_response(rt60_s, 0)[::-1] ** 2)[::-1]
    return float(np.argmax(left <= left[0] / 1000)) * 1000 / CAPTURE_RATE_HZ


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_a_room_is_measured(rate_hz: int) -> None:
    programme = Programme(rate_hz)
    room = EchoPath(rate_hz, delay_ms=80, level_db=-10, noise_dbfs=-60)
    heard = measured(played_in(room, programme), programme)
    assert heard.noise_dbfs == pytest.approx(-60, abs=0.5)
    assert heard.clipped == 0 and not heard.dead and not heard.too_short
    assert heard.echo is not None and not heard.echo.interrupted
    assert heard.echo.delay_ms == pytest.approx(80, abs=0.2)
    assert heard.echo.return_loss_db == pytest.approx(10, abs=1)
    assert heard.echo.tail_ms == pytest.approx(decays_by_30_db_in_ms(0.35), abs=10)
    assert heard.echo.drift_ppm == pytest.approx(0, abs=1)
    assert heard.echo.distortion_db < -50


@pytest.mark.slow
@settings(max_examples=12)
@given(
    delay_ms=st.floats(2, 900),
    level_db=st.floats(-30, 0),
    drift_ppm=st.floats(-150, 150),
    signal_to_noise_db=st.floats(5, 60),
)
def test_whatever_the_room(
    delay_ms: float, level_db: float, drift_ppm: float, signal_to_noise_db: float
) -> None:
    level_dbfs = -15 + level_db - signal_to_noise_db
    room = EchoPath(CAPTURE_RATE_HZ, delay_ms, level_db, drift_ppm=drift_ppm)
    captured = played_in(room)
    found = echo(over(captured, noise(level_dbfs, len(captured))))
    # By the time of the second chirp the clocks have drifted apart by some tenths of a ms.
    assert found.delay_ms == pytest.approx(delay_ms, abs=0.3 + 0.005 * abs(drift_ppm))
    assert found.return_loss_db == pytest.approx(-level_db, abs=1)
    assert found.drift_ppm == pytest.approx(drift_ppm, abs=5)
    assert not found.interrupted


@pytest.mark.slow
@settings(max_examples=8)
@given(rt60_s=st.floats(0.1, 0.7), signal_to_noise_db=st.floats(10, 60))
def test_the_rooms_tail_also_where_noise_hides_its_end(
    rt60_s: float, signal_to_noise_db: float
) -> None:
    captured = played_in(EchoPath(CAPTURE_RATE_HZ, 50, -10, rt60_s=rt60_s))
    found = echo(over(captured, noise(-25 - signal_to_noise_db, len(captured))))
    true_ms = decays_by_30_db_in_ms(rt60_s)
    assert found.tail_ms is None or found.tail_ms == pytest.approx(true_ms, rel=0.3, abs=20)
    assert found.tail_ms is not None or signal_to_noise_db < 25


@pytest.mark.slow
@settings(max_examples=6)
@given(saturation=st.floats(2, 8))
def test_a_strained_loudspeaker_shows(saturation: float) -> None:
    loud = Programme(CAPTURE_RATE_HZ, amplitude=0.9)
    found = echo(played_in(EchoPath(CAPTURE_RATE_HZ, 50, -10, saturation=saturation), loud), loud)
    # Of the hyperbolic tangent, driven by a sine: third harmonic over the fundamental.
    t = np.arange(4096) / 4096 * 2 * np.pi
    spectrum = np.abs(np.fft.rfft(np.tanh(0.9 * saturation * np.sin(t))))
    assert found.distortion_db == pytest.approx(20 * np.log10(spectrum[3] / spectrum[1]), abs=2)


def test_voices_in_the_room_spoil_nothing() -> None:
    captured = played_in(EchoPath(CAPTURE_RATE_HZ, 80, -20, noise_dbfs=-65))
    talk = np.concatenate([speech(name) for name in ("alexa_34", "computer", "jarvis")])
    found = echo(over(captured, talk))
    assert found.delay_ms == pytest.approx(80, abs=0.2)
    assert found.return_loss_db == pytest.approx(20, abs=1)
    assert found.distortion_db < -20


@pytest.mark.parametrize("sound", ["kitchen", "computer", "jarvis", "alexa_107"])
def test_other_sounds_are_not_taken_for_the_chirp(sound: str) -> None:
    captured = np.resize(speech(sound), len(played_in(EchoPath(CAPTURE_RATE_HZ, 80, -90))))
    assert measured(captured).echo is None


@given(st.integers(0, 1000))
@settings(max_examples=8)
def test_noise_is_not_taken_for_the_chirp(seed: int) -> None:
    heard = measured(noise(-30, len(PROGRAMME.sound()), seed))
    assert heard.echo is None and not heard.dead and not heard.too_short
    assert heard.noise_dbfs == pytest.approx(-30, abs=0.5)


@pytest.mark.parametrize("value", [0, -7])
def test_a_dead_channel_is_found(value: int) -> None:
    heard = measured(np.full(len(PROGRAMME.sound()), value, np.int16))
    assert heard.dead and heard.echo is None


def test_lost_blocks_are_no_drift() -> None:
    captured = played_in(EchoPath(CAPTURE_RATE_HZ, 80, -10, noise_dbfs=-60))
    between = PROGRAMME.begins[1] - 2 * FRAME_SAMPLES
    found = echo(np.delete(captured, slice(between, between + FRAME_SAMPLES)))
    assert found.interrupted and found.drift_ppm is None
    assert found.delay_spread_ms == pytest.approx(20, abs=0.5)


def test_one_chirp_that_was_drowned_does_not_matter() -> None:
    captured = played_in(EchoPath(CAPTURE_RATE_HZ, 80, -10, noise_dbfs=-60)).copy()
    first = PROGRAMME.begins[1]
    captured[first : first + CAPTURE_RATE_HZ] = noise(0, CAPTURE_RATE_HZ)
    found = echo(captured)
    assert found.delay_ms == pytest.approx(80, abs=0.2)
    assert found.drift_ppm == pytest.approx(0, abs=1)


def test_clipping_and_offset_are_told() -> None:
    captured = played_in(EchoPath(CAPTURE_RATE_HZ, 80, 20, noise_dbfs=-60))
    heard = measured(captured)
    assert heard.clipped > 0.01
    assert heard.peak_dbfs == pytest.approx(0, abs=0.01)
    shifted = measured(over(noise(-60, len(captured)), np.array([3277], np.int16)))
    assert shifted.dc_offset == pytest.approx(0.1, abs=0.001)
    assert shifted.noise_dbfs == pytest.approx(-60, abs=0.5)


def test_a_card_whose_gain_is_lowered_afterwards_clips_below_full_scale() -> None:
    captured = (played_in(EchoPath(CAPTURE_RATE_HZ, 80, 20)) // 2).astype(np.int16)
    assert measured(captured).clipped == 0
    assert measure(captured, PROGRAMME.begins, PROGRAMME, full_scale=16_383).clipped > 0.01


@given(seconds=st.floats(0, 12), begin=st.integers(-100_000, 300_000), seed=st.integers(0, 9))
@settings(max_examples=20)
def test_no_recording_gives_no_number(seconds: float, begin: int, seed: int) -> None:
    """Cut short, begun too late, garbage: there is an answer, and no NaN in it."""
    random = np.random.default_rng(seed)
    captured = random.integers(-32768, 32768, round(seconds * CAPTURE_RATE_HZ)).astype(np.int16)
    heard = measure(captured, [begin, begin + 38_400, begin + 76_800], PROGRAMME)
    numbers = [value for value in asdict(heard).values() if isinstance(value, float)]
    assert all(isfinite(number) for number in numbers)
    assert heard.echo is None


def test_a_recording_that_ends_after_the_first_chirp_is_too_short() -> None:
    captured = played_in(EchoPath(CAPTURE_RATE_HZ, 80, -10))
    heard = measured(captured[: PROGRAMME.begins[1]])
    assert heard.too_short and heard.echo is None


def test_other_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="int16"):
        measure(np.zeros(16_000, np.float32), [0], PROGRAMME)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_the_chirp_is_the_same_at_every_rate(rate_hz: int) -> None:
    tone = chirp(rate_hz)
    assert len(tone) == rate_hz and np.abs(tone).max() <= 1
    assert abs(tone[0]) < 0.01 and abs(tone[-1]) < 0.01
    every = rate_hz // 8_000
    assert np.allclose(tone[::every], chirp(16_000)[::2], atol=1e-6)
    assert Programme(rate_hz).sound().dtype == np.int16
    assert LOW_HZ < 200
