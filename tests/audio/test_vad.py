"""Speech and kitchen, told apart by two detectors."""

import numpy as np
import pytest

from edgevoice.audio import inference, models
from edgevoice.audio.endpointer import Endpointer, SpeechEnd, SpeechStart
from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.vad import SILERO, SILERO_CONTEXT, SILERO_WINDOW, SileroVad, Vad, WebRtcVad
from edgevoice.errors import ModelError
from tests.recordings import scene, speech


def probabilities(vad: Vad, sound: Samples) -> np.ndarray:
    whole = len(sound) // FRAME_SAMPLES * FRAME_SAMPLES
    return np.array([vad.probability(frame) for frame in sound[:whole].reshape(-1, FRAME_SAMPLES)])


def turn(vad: Vad, sound: Samples) -> list[SpeechStart | SpeechEnd]:
    endpointer = Endpointer(start_s=0.1, stop_s=0.6)
    heard = probabilities(vad, sound)
    reports = [endpointer.hear(p, n * FRAME_SAMPLES) for n, p in enumerate(heard)]
    return [report for report in reports if report is not None]


def test_webrtc_hears_a_command_as_one_utterance() -> None:
    start, end = turn(WebRtcVad(2), scene(1.0, "what_time_is_it", 1.0))
    assert 16_000 <= start.sample < end.sample <= 3.2 * 16_000


def test_webrtc_hears_nothing_in_silence() -> None:
    assert not probabilities(WebRtcVad(3), scene(2.0)).any()


def test_webrtc_forgets_on_reset() -> None:
    vad = WebRtcVad(2)
    fresh = probabilities(vad, speech("set_timer"))
    vad.reset()
    assert np.array_equal(probabilities(vad, speech("set_timer")), fresh)


@pytest.mark.models
def test_silero_hears_a_command_as_one_utterance(models_dir: str) -> None:
    start, end = turn(SileroVad(models_dir), scene(1.0, "what_time_is_it", 1.0))
    assert 16_000 <= start.sample < end.sample <= 3.2 * 16_000


@pytest.mark.models
def test_silero_is_not_fooled_by_a_kitchen_where_webrtc_is(models_dir: str) -> None:
    kitchen = speech("kitchen")
    assert (probabilities(SileroVad(models_dir), kitchen) > 0.5).mean() < 0.1
    assert (probabilities(WebRtcVad(2), kitchen) > 0.5).mean() > 0.1


@pytest.mark.models
def test_silero_judges_each_window_with_the_end_of_the_one_before(models_dir: str) -> None:
    sound = scene(0.2, "set_timer")
    session = inference.session(models.find(models_dir, SILERO))
    state = np.zeros((2, 1, 128), np.float32)
    padded = np.concatenate((np.zeros(SILERO_CONTEXT), sound / 32768)).astype(np.float32)
    expected = []
    for start in range(0, len(sound) - SILERO_WINDOW + 1, SILERO_WINDOW):
        window = padded[None, start : start + SILERO_CONTEXT + SILERO_WINDOW]
        inputs = {"input": window, "state": state, "sr": np.array(16_000, np.int64)}
        probability, state = session.run(inputs)
        expected.append(float(probability[0, 0]))
    heard = probabilities(SileroVad(models_dir), sound)
    for n, probability in enumerate(expected):
        first_frame_after = -(-(n + 1) * SILERO_WINDOW // FRAME_SAMPLES) - 1
        if first_frame_after < len(heard):
            assert heard[first_frame_after] == pytest.approx(probability, abs=1e-6)


@pytest.mark.models
def test_silero_forgets_on_reset(models_dir: str) -> None:
    vad = SileroVad(models_dir)
    fresh = probabilities(vad, speech("set_timer"))
    vad.reset()
    assert np.array_equal(probabilities(vad, speech("set_timer")), fresh)


def test_without_its_model_silero_says_what_to_do(tmp_path: object) -> None:
    with pytest.raises(ModelError, match="scripts/setup"):
        SileroVad(str(tmp_path))


@pytest.mark.parametrize("length", [0, 160, 321])
def test_frames_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match="320"):
        WebRtcVad().probability(np.zeros(length, np.int16))
