"""Two outputs of one frame, on time, and when an echo is to be expected."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.echo import EchoCanceller, NoCanceller
from edgevoice.audio.echo_canceller import SoftwareCanceller, make_canceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.config import EchoConfig
from edgevoice.simulator.acoustics import EchoPath
from tests.audio.echo_room import SILENCE, frames, power_db, room, talk
from tests.recordings import scene

CONFIG = EchoConfig()


@pytest.mark.parametrize("kind", ["hardware", "none"])
def test_others_cancel_or_nobody_does(kind: str) -> None:
    canceller = make_canceller(EchoConfig(canceller=kind))  # type: ignore[arg-type]
    assert isinstance(canceller, NoCanceller)
    frame = scene("alexa_107")[:FRAME_SAMPLES]
    result = canceller.process(frame, SILENCE)
    assert result.linear is frame and result.uplink is frame


def test_every_canceller_has_the_same_handles() -> None:
    cancellers: list[EchoCanceller] = [NoCanceller(), SoftwareCanceller(CONFIG)]
    for canceller in cancellers:
        assert canceller.erle_db is None
        assert not canceller.echo_expected
        canceller.sending = True
        canceller.reset()


def test_in_silence_both_outputs_are_the_microphone() -> None:
    canceller = make_canceller(CONFIG)
    sound = scene("alexa_107")
    results = [canceller.process(frame, SILENCE) for (frame,) in frames(sound)]
    linear = np.concatenate([r.linear for r in results])
    uplink = np.concatenate([r.uplink for r in results])
    assert np.array_equal(linear, sound[: len(linear)])
    late = canceller.uplink_delay
    assert np.array_equal(uplink[late:], sound[: len(linear) - late])


def test_an_echo_leaves_both_outputs_and_the_loss_is_shown() -> None:
    heard = room(6)
    canceller = make_canceller(replace(CONFIG, delay_ms=60))
    results = [canceller.process(mic, far) for mic, far in frames(heard.microphone, heard.far)]
    late = slice(4 * 50, None)
    loud = power_db(heard.microphone[4 * 16_000 :])
    assert loud - power_db(np.concatenate([r.linear for r in results[late]])) > 15
    assert loud - power_db(np.concatenate([r.uplink for r in results[late]])) > 20
    assert canceller.erle_db is not None and 15 < canceller.erle_db < 45


def test_an_echo_is_expected_until_the_room_is_silent() -> None:
    canceller = make_canceller(EchoConfig(tail_ms=200, delay_ms=100))
    loud = np.full(FRAME_SAMPLES, 1000, np.int16)
    canceller.process(SILENCE, loud)
    assert canceller.echo_expected
    silent_ms = 0
    while canceller.echo_expected:
        canceller.process(SILENCE, SILENCE)
        silent_ms += 20
    assert 300 <= silent_ms <= 440


def test_noise_is_suppressed_only_while_somebody_is_sent_it() -> None:
    canceller = make_canceller(EchoConfig(noise_suppression="high"))
    noise = (np.random.default_rng(1).standard_normal(16_000 * 4) * 300).astype(np.int16)

    def level() -> float:
        parts = [canceller.process(frame, SILENCE).uplink for (frame,) in frames(noise)]
        return power_db(np.concatenate(parts)[48_000:])

    assert level() == pytest.approx(power_db(noise), abs=0.5)
    canceller.sending = True
    assert level() < power_db(noise) - 10


@pytest.mark.fault("clock-drift")
@pytest.mark.slow
@pytest.mark.parametrize("drift_ppm", [-150.0, 100.0])
def test_two_clocks_are_brought_together(drift_ppm: float) -> None:
    """Through the reference: pulls and frames come up to 3 ms late, the clocks differ."""
    seconds_ = 15
    far, random = talk(seconds_ + 1), np.random.default_rng(1)
    path = EchoPath(16_000, 60, -6, drift_ppm=drift_ppm, noise_dbfs=-65)
    reference = EchoReference(16_000)
    canceller = make_canceller(EchoConfig(), reference.adjust)
    played, before, after = 0, [], []
    for end in range(FRAME_SAMPLES, seconds_ * 16_000, FRAME_SAMPLES):
        while (at := played / 16_000 / (1 + drift_ppm * 1e-6)) <= end / 16_000:
            path.play(far[played : played + 160])
            reference.played(far[played : played + 160], at + random.uniform(0, 0.003))
            played += 160
        reference.captured(end, end / 16_000 + random.uniform(0, 0.003))
        before.append(path.hear(FRAME_SAMPLES))
        take = reference.take(end - FRAME_SAMPLES, FRAME_SAMPLES)
        after.append(canceller.process(before[-1], take).linear)
    assert reference.drift_ppm == pytest.approx(drift_ppm, abs=4)
    last = slice(-3 * 50, None)
    assert power_db(np.concatenate(before[last])) - power_db(np.concatenate(after[last])) > 18


@pytest.mark.parametrize(
    "frame",
    [np.zeros(160, np.int16), np.zeros(320, np.float32), np.zeros((1, 320), np.int16)],
)
def test_other_frames_are_refused(frame: Samples) -> None:
    canceller = make_canceller(CONFIG)
    with pytest.raises(ValueError, match="320 int16 samples wanted"):
        canceller.process(frame, SILENCE)
    with pytest.raises(ValueError, match="320 int16 samples wanted"):
        canceller.process(SILENCE, frame)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0, 900, 32767]), st.sampled_from([0, 900, 32767]))),
    st.sampled_from(["off", "high"]),
)
def test_one_frame_in_is_one_frame_out_and_none_is_changed(
    levels: list[tuple[int, int]], kind: str
) -> None:
    random = np.random.default_rng(2)
    config = EchoConfig(tail_ms=40, noise_suppression=kind)  # type: ignore[arg-type]
    canceller = make_canceller(config)
    for mic, far in levels:
        captured, played = (
            random.integers(-level - 1, level + 1, FRAME_SAMPLES).astype(np.int16)
            for level in (mic, far)
        )
        kept = captured.copy(), played.copy()
        result = canceller.process(captured, played)
        for part in (result.linear, result.uplink):
            assert part.dtype == np.int16 and len(part) == FRAME_SAMPLES
        assert np.array_equal(captured, kept[0]) and np.array_equal(played, kept[1])
