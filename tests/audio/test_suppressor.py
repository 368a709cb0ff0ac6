"""AEC3 switched in and out: nothing is lost, nothing repeated, nothing clicks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.suppressor import NoiseSuppression, Suppressor
from tests.audio.echo_room import SILENCE, frames, power_db, room
from tests.recordings import scene

KINDS: list[NoiseSuppression] = ["off", "low", "moderate", "high"]


def lag(before: Samples, after: Samples) -> int:
    b = before[:-800].astype(float)
    return int(np.argmax([b @ after[n : n + len(b)] for n in range(800)]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wanted", [False, True])
def test_it_is_always_as_late_as_it_says(kind: NoiseSuppression, wanted: bool) -> None:
    sound = scene(0.5, "alexa_go_to_dark_forest", 0.5)
    suppressor = Suppressor(kind)
    output = [suppressor.process(frame, SILENCE, wanted) for (frame,) in frames(sound)]
    assert lag(sound[: len(output) * FRAME_SAMPLES], np.concatenate(output)) == suppressor.delay


def test_unwanted_it_is_a_delay_line() -> None:
    sound = scene("alexa_107")
    suppressor = Suppressor()
    output = np.concatenate([suppressor.process(f, SILENCE, False) for (f,) in frames(sound)])
    assert not output[: suppressor.delay].any()
    assert np.array_equal(output[suppressor.delay :], sound[: len(output) - suppressor.delay])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 12)), min_size=1, max_size=12))
def test_a_tone_goes_through_switching_unbroken(spells: list[tuple[bool, int]]) -> None:
    """800 Hz: neither its high-pass nor its filter bank may be heard where they begin."""
    wanted = [on for on, n in spells for _ in range(n)]
    t = np.arange((len(wanted) + 60) * FRAME_SAMPLES) / 16_000
    tone = (8000 * np.sin(2 * np.pi * 800 * t)).astype(np.int16)
    suppressor = Suppressor()
    warm = [True] * 50 + [False] * 10
    output = np.concatenate(
        [
            suppressor.process(frame, SILENCE, on)
            for (frame,), on in zip(frames(tone), warm + wanted, strict=True)
        ]
    )
    assert len(output) == len(tone)
    expected = tone[20 * FRAME_SAMPLES - suppressor.delay : len(tone) - suppressor.delay]
    assert np.abs(output[20 * FRAME_SAMPLES :].astype(int) - expected).max() < 1500


def test_what_is_left_of_the_echo_is_suppressed() -> None:
    heard = room(4)
    suppressor = Suppressor()
    pairs = frames(heard.microphone, heard.far)
    output = np.concatenate([suppressor.process(mic, far, True) for mic, far in pairs])
    assert power_db(heard.microphone[32_000:]) - power_db(output[32_000:]) > 20


def test_noise_is_suppressed() -> None:
    noise = (np.random.default_rng(1).standard_normal(16_000 * 4) * 300).astype(np.int16)
    suppressor = Suppressor("high")
    output = np.concatenate([suppressor.process(f, SILENCE, True) for (f,) in frames(noise)])
    assert power_db(noise[48_000:]) - power_db(output[48_000:]) > 10


def test_after_a_reset_comes_silence_first() -> None:
    suppressor = Suppressor()
    loud = np.full(FRAME_SAMPLES, 9000, np.int16)
    suppressor.process(loud, SILENCE, False)
    suppressor.reset()
    assert not suppressor.process(loud, SILENCE, False)[: suppressor.delay].any()
