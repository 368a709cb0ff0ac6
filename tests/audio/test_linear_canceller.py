"""The echo goes, the voice stays; nothing that is heard can spoil it for long."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.linear_canceller import LinearCanceller
from tests.audio.echo_room import (
    SILENCE,
    Heard,
    against,
    at_level,
    frames,
    power_db,
    room,
    seconds,
    talk,
)
from tests.recordings import speech

pytestmark = pytest.mark.slow


def cleaned(canceller: LinearCanceller, heard: Heard) -> Samples:
    parts = [canceller.process(mic, far) for mic, far in frames(heard.microphone, heard.far)]
    return np.concatenate(parts)


def removed_db(heard: Heard, output: Samples, first: float, last: float) -> float:
    return power_db(seconds(heard.microphone, first, last)) - power_db(seconds(output, first, last))


def test_without_anything_played_the_microphone_passes_untouched() -> None:
    canceller = LinearCanceller()
    block = speech("alexa_107")[:FRAME_SAMPLES]
    assert canceller.process(block, SILENCE) is block
    assert not canceller.active and canceller.erle_db is None


# Measured 22 Nov 2026: 21, 20, 15, 21, 19 dB.
@pytest.mark.parametrize(
    ("delay_ms", "known_ms", "level_db", "saturation"),
    [(40, 40, -6, 0), (90, 90, -6, 0), (90, 0, -20, 0), (150, 150, -6, 0), (90, 90, -6, 2)],
)
def test_the_echo_is_removed(
    delay_ms: int, known_ms: int, level_db: float, saturation: float
) -> None:
    heard = room(5, delay_ms=delay_ms, level_db=level_db, saturation=saturation)
    canceller = LinearCanceller(delay_ms=known_ms)
    output = cleaned(canceller, heard)
    assert removed_db(heard, output, 3, 5) > 13
    assert canceller.restarts == 0 or level_db < -10
    assert canceller.erle_db is not None and canceller.erle_db > 13


def test_half_a_second_of_speech_is_enough() -> None:
    heard = room(1.5, delay_ms=60)
    output = cleaned(LinearCanceller(delay_ms=60), heard)
    assert removed_db(heard, output, 0.7, 1.4) > 12


def test_an_unknown_delay_is_found() -> None:
    heard = room(10, delay_ms=150)
    output = cleaned(LinearCanceller(delay_ms=0), heard)
    assert removed_db(heard, output, 6, 8) > 20


@pytest.mark.parametrize("true_ms", [60, 150])
def test_a_delay_measured_wrong_is_put_right(true_ms: int) -> None:
    heard = room(10, delay_ms=true_ms)
    output = cleaned(LinearCanceller(delay_ms=105), heard)
    assert removed_db(heard, output, 6, 8) > 20


@pytest.mark.parametrize(("level", "sdr_db"), [(-26, 14), (-36, 5)])
def test_a_voice_over_the_echo_is_kept(level: float, sdr_db: float) -> None:
    """The echo is at -26 dBFS: as loud as the voice, and 10 dB louder."""
    voice = at_level(speech("alexa_go_to_dark_forest"), level)
    near = np.zeros(16_000 * 6, np.int16)
    near[3 * 16_000 : 3 * 16_000 + len(voice)] = voice
    heard = room(6, near, delay_ms=60)
    canceller = LinearCanceller(delay_ms=60)
    output = cleaned(canceller, heard)
    spoken = slice(3 * 16_000, 3 * 16_000 + len(voice))
    gain, sdr = against(output[spoken], heard.near[spoken])
    assert abs(gain) < 1
    assert sdr > sdr_db
    assert canceller.restarts == 0
    assert removed_db(heard, output, 5, 5.8) > 10


@pytest.mark.fault("clock-drift")
@pytest.mark.parametrize("drift_ppm", [-60.0, 100.0])
def test_drift_is_told_while_it_lasts(drift_ppm: float) -> None:
    """Nobody acts upon it here, so it is told again and again; the filter lags a little."""
    heard = room(9, drift_ppm=drift_ppm)
    told: list[float] = []
    cleaned(LinearCanceller(delay_ms=60, on_drift=told.append), heard)
    assert 0.4 < np.median(told[5:]) / 0.35 / drift_ppm < 1.2


def test_without_drift_none_is_told() -> None:
    told: list[float] = []
    cleaned(LinearCanceller(delay_ms=60, on_drift=told.append), room(6))
    assert abs(sum(told[3:])) < 3


def test_when_the_room_changes_at_a_stroke_it_is_learnt_anew() -> None:
    before, after = room(4, seed=0), room(4, seed=5)
    canceller = LinearCanceller(delay_ms=60)
    cleaned(canceller, before)
    output = cleaned(canceller, after)
    assert removed_db(after, output, 2.5, 4) > 13


def test_when_the_loudspeaker_is_turned_up_it_is_learnt_anew() -> None:
    soft, loud = room(4, level_db=-46), room(4, level_db=-6)
    canceller = LinearCanceller(delay_ms=60)
    cleaned(canceller, soft)
    output = cleaned(canceller, loud)
    assert removed_db(loud, output, 2.5, 4) > 13


def test_a_voice_without_any_echo_is_kept() -> None:
    """Headphones, or a loudspeaker switched off."""
    near = at_level(np.concatenate([speech("alexa_34"), speech("turn_on_the_lamp")]), -26)
    heard = room(6, near, level_db=-90)
    output = cleaned(LinearCanceller(), heard)
    gain, sdr = against(output[32_000:], heard.near[32_000 : len(output)])
    assert abs(gain) < 1 and sdr > 12


def test_after_the_sound_it_falls_silent_and_remembers_the_room() -> None:
    heard = room(4)
    canceller = LinearCanceller(delay_ms=60)
    cleaned(canceller, heard)
    for _ in range(30):
        canceller.process(SILENCE, SILENCE)
    assert not canceller.active
    again = room(1)
    canceller.reset()
    assert removed_db(again, cleaned(canceller, again), 0.1, 1) > 15


@pytest.mark.parametrize(
    "microphone",
    [
        np.zeros(FRAME_SAMPLES, np.int16),
        np.full(FRAME_SAMPLES, 32767, np.int16),
        np.full(FRAME_SAMPLES, -32768, np.int16),
        np.tile(np.array([32767, -32768], np.int16), FRAME_SAMPLES // 2),
    ],
)
def test_strange_sound_does_no_lasting_harm(microphone: Samples) -> None:
    canceller = LinearCanceller(delay_ms=60)
    for (far,) in frames(talk(1)):
        assert canceller.process(microphone, far).dtype == np.int16
    heard = room(5)
    assert removed_db(heard, cleaned(canceller, heard), 3, 5) > 13


@pytest.mark.fault("nan-audio")
def test_what_is_not_a_number_is_forgotten() -> None:
    heard = room(4)
    canceller = LinearCanceller(delay_ms=60)
    canceller._filter[3, 5] = np.nan
    first = canceller.process(heard.microphone[:FRAME_SAMPLES], heard.far[:FRAME_SAMPLES])
    assert np.array_equal(first, heard.microphone[:FRAME_SAMPLES])
    assert canceller.restarts == 1
    assert removed_db(heard, cleaned(canceller, heard), 3, 4) > 13


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 900, 32767]), st.sampled_from([0, 3, 900, 32767])),
        min_size=1,
        max_size=25,
    ),
    st.integers(0, 9),
)
def test_whatever_is_heard_the_output_is_finite_and_its_state_too(
    levels: list[tuple[int, int]], seed: int
) -> None:
    random = np.random.default_rng(seed)
    canceller = LinearCanceller(tail_ms=60)
    for mic, far in levels:
        sounds = [
            random.integers(-level - 1, level + 1, FRAME_SAMPLES).astype(np.int16)
            for level in (mic, far)
        ]
        output = canceller.process(sounds[0], sounds[1])
        assert output.dtype == np.int16 and len(output) == FRAME_SAMPLES
        assert np.isfinite(canceller._filter).all() and np.isfinite(canceller._doubt).all()
