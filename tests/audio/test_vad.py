"""Speech and kitchen, told apart by two detectors."""

import numpy as np
import pytest

from edgevoice.audio import inference, models
from edgevoice.audio.endpointer import Endpointer, SpeechEnd, SpeechStart
from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.vad import (
    SILERO,
    SILERO_CONTEXT,
    SILERO_WINDOW,
    AboveNoise,
    GatedVad,
    SileroVad,
    Vad,
    WebRtcVad,
    make_vad,
)
from edgevoice.config import VadConfig
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
    with pytest.raises(ModelError, match="edgevoice models install"):
        SileroVad(str(tmp_path))


@pytest.mark.parametrize("length", [0, 160, 321])
def test_frames_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match="320"):
        WebRtcVad().probability(np.zeros(length, np.int16))


class Told(Vad):
    """Says what it was told to say, frame by frame, and counts what it heard."""

    def __init__(self, *answers: float) -> None:
        self._answers = answers
        self.heard: list[int] = []

    def probability(self, frame: Samples) -> float:
        self.heard.append(int(frame[0]))
        return self._answers[frame[0]] if frame[0] < len(self._answers) else 0.0

    def reset(self) -> None:
        self.heard.clear()


def numbered(*numbers: int) -> Samples:
    """Frames of which each holds its own number."""
    return np.repeat(np.array(numbers, np.int16), FRAME_SAMPLES)


def test_the_deciding_detector_rests_in_silence() -> None:
    deciding = Told()
    vad = GatedVad(Told(), deciding)
    assert not probabilities(vad, numbered(*range(200))).any()
    assert deciding.heard == []


def test_woken_it_first_hears_what_it_slept_through() -> None:
    deciding = Told(0, 0, 0, 0, 0, 0.9)
    vad = GatedVad(Told(0, 0, 0, 0, 0, 1), deciding)
    assert list(probabilities(vad, numbered(*range(6)))) == [0, 0, 0, 0, 0, 0.9]
    assert deciding.heard == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("slept", range(100, 109))
def test_of_a_long_sleep_it_hears_the_end_with_its_windows_where_they_were(slept: int) -> None:
    deciding = Told()
    vad = GatedVad(Told(*[0] * slept, 1), deciding)
    probabilities(vad, numbered(*range(slept + 1)))
    assert deciding.heard[-1] == slept
    assert deciding.heard[0] % GatedVad.GRID_FRAMES == 0
    remembered = len(deciding.heard) - 1
    most = GatedVad.REMEMBERS_FRAMES
    assert most - GatedVad.GRID_FRAMES < remembered <= most


def test_it_stays_awake_while_either_hears_speech_and_for_a_while() -> None:
    deciding = Told(*[0.9] * 300)
    vad = GatedVad(Told(1), deciding)
    probabilities(vad, numbered(*range(500)))
    assert len(deciding.heard) == 300 + GatedVad.HOLD_FRAMES


@pytest.mark.parametrize(("goes_on", "heard"), [(0.25, 300), (0.35, 0)])
def test_what_lets_speech_go_on_keeps_it_awake(goes_on: float, heard: int) -> None:
    deciding = Told(*[0.3] * 300)
    probabilities(GatedVad(Told(1), deciding, goes_on), numbered(*range(500)))
    assert len(deciding.heard) == heard + GatedVad.HOLD_FRAMES


def test_after_a_reset_it_rests_and_nothing_is_caught_up_on() -> None:
    deciding = Told()
    vad = GatedVad(Told(0, 0, 0, 0, 1), deciding)
    probabilities(vad, numbered(0, 1))
    vad.reset()
    probabilities(vad, numbered(3, 4))
    assert deciding.heard == [3, 4]


def noisy(sound: Samples, snr_db: float) -> Samples:
    """A kitchen around it, so much below its speech."""
    kitchen = np.resize(speech("kitchen"), len(sound)).astype(float)
    spoken = np.abs(sound.astype(float)) > 500
    voice = np.sqrt(np.mean(sound[spoken].astype(float) ** 2))
    scale = voice / np.sqrt(np.mean(kitchen**2)) / 10 ** (snr_db / 20)
    return (sound + kitchen * scale).clip(-32768, 32767).astype(np.int16)


LONG = ("set_timer", 4.0, "what_time_is_it", 3.0, "alexa_what_are_the_news_headlines", 5.0)


@pytest.mark.models
@pytest.mark.parametrize("snr_db", [60, 20, 10])
def test_behind_webrtc_silero_decides_as_if_it_never_rested(models_dir: str, snr_db: float) -> None:
    sound = noisy(scene(3.0, *LONG), snr_db)
    always, gated = (
        turn(SileroVad(models_dir), sound),
        turn(make_vad(VadConfig(), models_dir), sound),
    )
    assert [type(edge) for edge in gated] == [type(edge) for edge in always]
    for edge, same in zip(gated, always, strict=True):
        assert abs(edge.sample - same.sample) <= 3 * FRAME_SAMPLES


def test_in_a_steady_din_speech_ends_where_webrtc_would_go_on() -> None:
    engine = np.random.default_rng(1).normal(0, 1, 20 * 16_000)
    tone = np.sin(np.arange(20 * 16_000) * 2 * np.pi * 180 / 16_000)
    din = (1500 * tone + 150 * engine).astype(np.int16)
    assert probabilities(WebRtcVad(0), din).mean() > 0.5
    assert not probabilities(AboveNoise(WebRtcVad(0)), din)[100:].any()


@pytest.mark.parametrize("engine", ["webrtc", "earshot"])
def test_the_small_engines_hear_a_command_as_one_utterance(engine: str) -> None:
    vad = make_vad(VadConfig(engine=engine))  # type: ignore[arg-type]
    start, end = turn(vad, scene(1.0, "what_time_is_it", 1.0))
    assert 16_000 <= start.sample < end.sample <= 3.2 * 16_000


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(16_000, np.int16),
        np.full(16_000, 32767, np.int16),
        np.full(16_000, -32768, np.int16),
    ],
)
@pytest.mark.parametrize("engine", ["webrtc", "earshot"])
def test_a_dead_or_stuck_microphone_is_not_speaking(engine: str, sound: Samples) -> None:
    vad = make_vad(VadConfig(engine=engine))  # type: ignore[arg-type]
    assert not probabilities(vad, sound).any()
