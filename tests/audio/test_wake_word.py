"""Wake words, by people who said them. Needs the model files."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_word import Detection, WakeWords
from edgevoice.config import WakeConfig, WakeWordConfig
from edgevoice.errors import ModelError
from tests.audio.heads import write_head
from tests.recordings import quiet, scene, speech

pytestmark = pytest.mark.models

ALEXA = WakeWordConfig("alexa")
JARVIS = WakeWordConfig("hey_jarvis")
MYCROFT = WakeWordConfig("hey_mycroft")
SECOND = 16_000


def listening(models_dir: str, *words: WakeWordConfig, gate: bool = True) -> WakeWords:
    return WakeWords(models_dir, WakeConfig(words, quiet_gate=gate))


@pytest.fixture(scope="module")
def wake_words(models_dir: str) -> WakeWords:
    return listening(models_dir, ALEXA, JARVIS, MYCROFT)


def hear(
    ears: WakeWords, sound: Samples, block: int = FRAME_SAMPLES, at: int = 0
) -> list[Detection]:
    """Everything detected in a sound that begins after a reset."""
    ears.reset()
    blocks = np.split(sound, range(block, len(sound), block))
    return [d for n, part in enumerate(blocks) for d in ears.hear(part, at + n * block)]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("alexa_34", "alexa"),
        ("alexa_62", "alexa"),
        ("alexa_67", "alexa"),
        ("alexa_107", "alexa"),
        ("alexa_what_time_is_it", "alexa"),
        ("alexa_what_are_the_news_headlines", "alexa"),
        ("alexa_go_to_dark_forest", "alexa"),
        ("alexa_harumph", "alexa"),
        ("hey_jarvis", "hey_jarvis"),
        ("hey_mycroft", "hey_mycroft"),
    ],
)
def test_a_wake_word_is_heard_once(wake_words: WakeWords, name: str, word: str) -> None:
    detections = hear(wake_words, scene(1.0, name, 1.0))
    assert [d.name for d in detections] == [word]


@pytest.mark.parametrize(
    "name", ["computer", "jarvis", "smart_mirror", "snowboy", "kitchen", "set_timer"]
)
def test_other_words_and_kitchens_do_not_wake(wake_words: WakeWords, name: str) -> None:
    assert hear(wake_words, scene(1.0, name, 1.0)) == []


@pytest.mark.parametrize("gap_s", [0.0, 0.1, 0.4])
@pytest.mark.parametrize(
    ("phrase", "start", "end"),
    [
        ("alexa_34", 8640, 19_360),
        ("alexa_67", 8960, 17_280),
        ("alexa_107", 5280, 14_080),
        ("hey_mycroft", 9120, 18_240),
        ("hey_jarvis", 1920, 13_600),
    ],
)
def test_the_phrase_never_reaches_into_the_command(
    wake_words: WakeWords, phrase: str, start: int, end: int, gap_s: float
) -> None:
    said = speech(phrase)[:end]
    (detection,) = hear(wake_words, scene(1.0, said, gap_s, speech("set_timer")[8000:], 1.0))
    assert detection.phrase_start < SECOND + start
    assert detection.phrase_end <= SECOND + end
    assert detection.phrase_start < detection.phrase_end < detection.detected_at


@settings(max_examples=8, deadline=None)
@given(block=st.integers(1, 5000))
def test_how_the_microphone_cuts_its_blocks_does_not_matter(
    wake_words: WakeWords, block: int
) -> None:
    sound = scene(0.5, "alexa_67", 0.5)
    assert hear(wake_words, sound, block) == hear(wake_words, sound)


def test_indices_are_those_of_the_capture(wake_words: WakeWords) -> None:
    sound = scene(1.0, "alexa_67", 0.5)
    (early,), (late,) = hear(wake_words, sound), hear(wake_words, sound, at=7_000_000)
    assert late.detected_at - early.detected_at == 7_000_000
    assert late.phrase_start - early.phrase_start == 7_000_000


def test_a_phrase_does_not_begin_before_the_capture(models_dir: str) -> None:
    ears = WakeWords(models_dir, WakeConfig((ALEXA,), phrase_s=5.0))
    (detection,) = hear(ears, scene(0.1, "alexa_67"))
    assert detection.phrase_start == 0


def test_two_seconds_are_quiet_after_a_detection_and_then_it_hears_again(
    wake_words: WakeWords,
) -> None:
    soon = hear(wake_words, scene(1.0, "alexa_107", "alexa_107", 0.5))
    later = hear(wake_words, scene(1.0, "alexa_107", 2.0, "alexa_107", 1.0), at=9_000_000)
    assert (len(soon), len(later)) == (1, 2)


@pytest.mark.parametrize("seconds", [3.0])
def test_after_a_start_silence_does_not_wake(models_dir: str, seconds: float) -> None:
    ears = listening(models_dir, ALEXA, JARVIS, MYCROFT, gate=False)
    highest = 0.0
    for n, chunk in enumerate(np.split(quiet(seconds), range(1280, int(seconds * SECOND), 1280))):
        assert ears.hear(chunk, n * 1280) == []
        highest = max([highest, *ears.scores.values()])
    assert highest < 0.1


@pytest.mark.parametrize("name", ["computer", "snowboy", "set_timer", "what_time_is_it"])
def test_speech_right_after_a_start_does_not_wake(wake_words: WakeWords, name: str) -> None:
    sound = speech(name)
    loud = np.flatnonzero(np.abs(sound) > 2000)[0]
    assert hear(wake_words, sound[loud:]) == []


def test_after_a_jump_of_the_index_it_starts_afresh(wake_words: WakeWords) -> None:
    sound = scene(1.0, "alexa_67", 1.0)
    middle = SECOND + 14_000
    wake_words.reset()
    assert wake_words.hear(sound[:middle], 0) == []
    assert wake_words.hear(sound[middle:], middle + 48_000) == [], "half a word is no word"


def test_words_alone_are_enough(models_dir: str) -> None:
    assert len(hear(WakeWords(models_dir, WakeConfig((ALEXA,))), scene(1.0, "alexa_67", 0.5))) == 1


def test_a_stricter_threshold_is_kept(models_dir: str) -> None:
    strict = listening(models_dir, WakeWordConfig("alexa", threshold=1.01))
    assert hear(strict, scene(1.0, "alexa_67", 0.5)) == []
    assert strict.chunks_scored > 20


def test_of_two_words_heard_the_clearer_wins(models_dir: str, tmp_path: Path) -> None:
    words = [
        WakeWordConfig(str(score), model=str(write_head(tmp_path / f"{score}.onnx", score)))
        for score in (0.6, 0.9, 0.7)
    ]
    (detection,) = listening(models_dir, *words, gate=False).hear(quiet(0.08), 0)
    assert (detection.name, detection.score) == ("0.9", pytest.approx(0.9))


@pytest.mark.fault("nan-audio")
@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_no_detection(
    models_dir: str, tmp_path: Path, score: float
) -> None:
    head = write_head(tmp_path / "mad.onnx", score)
    ears = listening(models_dir, WakeWordConfig("mad", model=str(head), threshold=0.0), gate=False)
    ears.hear(quiet(0.24), 0)
    assert (ears.scores, ears.not_numbers) == ({"mad": 0.0}, 3)


def test_heads_that_look_further_back_are_served(models_dir: str, tmp_path: Path) -> None:
    long = write_head(tmp_path / "long.onnx", 0.9, shape=(1, 28, 96))
    ears = listening(models_dir, ALEXA, WakeWordConfig("long", model=str(long), threshold=2.0))
    assert [d.name for d in hear(ears, scene(1.0, "alexa_67", 0.5))] == ["alexa"]


@pytest.mark.parametrize(
    "block", [np.zeros(0, np.int16), np.zeros(320, np.float32), np.zeros((320, 2), np.int16)]
)
def test_what_is_no_sound_is_refused(wake_words: WakeWords, block: np.ndarray) -> None:
    with pytest.raises(ValueError, match="mono int16"):
        wake_words.hear(block, 0)


def scores_of(ears: WakeWords, sound: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Scores after each chunk of 80 ms, and whether the engines were awake for it."""
    ears.reset()
    scores, awake = [], []
    for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        rested = ears.chunks_rested
        ears.hear(sound[at : at + CHUNK_SAMPLES], at)
        scores.append(list(ears.scores.values()))
        awake.append(ears.chunks_rested == rested)
    return np.array(scores), np.array(awake)


@pytest.mark.parametrize("pause_s", [2.5, 9.0])
def test_behind_the_gate_the_scores_are_those_without_it(models_dir: str, pause_s: float) -> None:
    sound = scene(
        pause_s, "alexa_34", pause_s, "computer", pause_s, "hey_mycroft", pause_s, "hey_jarvis", 4.0
    )
    words = (ALEXA, JARVIS, MYCROFT)
    always, _ = scores_of(listening(models_dir, *words, gate=False), sound)
    gated, awake = scores_of(listening(models_dir, *words), sound)
    assert always.max(axis=0).min() > 0.9
    assert np.array_equal(gated[awake], always[awake])
    assert always[~awake].max() < 0.01
    assert 0.1 < awake.mean() < 0.9


def test_in_a_quiet_room_the_models_rest_and_the_count_goes_on(models_dir: str) -> None:
    ears = listening(models_dir, ALEXA)
    assert hear(ears, quiet(5.0)) == []
    assert (ears.chunks_scored, ears.chunks_rested) == (62, 62)
    assert ears.scores == {"alexa": 0.0}


def test_a_word_waits_for_a_voice_behind_the_gate(models_dir: str, tmp_path: Path) -> None:
    head = write_head(tmp_path / "eager.onnx", 0.9)
    ears = listening(models_dir, WakeWordConfig("eager", model=str(head)))
    assert hear(ears, scene(3.0)) == []
    assert len(hear(ears, scene(3.0, "set_timer"))) == 1


def always(tmp_path: Path, score: float, **rules: object) -> WakeWordConfig:
    """A word whose model always gives the same score."""
    head = write_head(tmp_path / f"{score}.onnx", score)
    return WakeWordConfig("word", model=str(head), **rules)  # type: ignore[arg-type]


def test_what_a_word_does_comes_with_its_detection(models_dir: str, tmp_path: Path) -> None:
    ears = listening(models_dir, always(tmp_path, 0.9, action="stop"), gate=False)
    (detection,) = ears.hear(quiet(0.08), 0)
    assert detection.action == "stop"


@pytest.mark.parametrize(("playing", "heard"), [(False, 1), (True, 0)])
def test_while_something_plays_another_threshold_holds(
    models_dir: str, tmp_path: Path, playing: bool, heard: int
) -> None:
    word = always(tmp_path, 0.6, threshold=0.5, threshold_playing=0.7)
    ears = listening(models_dir, word, gate=False)
    assert len(ears.hear(quiet(0.08), 0, playing=playing)) == heard


def test_scores_in_a_row_are_awaited(models_dir: str, tmp_path: Path) -> None:
    ears = listening(models_dir, always(tmp_path, 0.9, consecutive=3), gate=False)
    (detection,) = ears.hear(quiet(1.6), 0)
    assert detection.detected_at == 3 * CHUNK_SAMPLES


def test_the_configured_time_is_quiet_after_a_detection(models_dir: str) -> None:
    ears = WakeWords(models_dir, WakeConfig((ALEXA,), refractory_s=0.5))
    assert len(hear(ears, scene(1.0, "alexa_107", "alexa_107", 0.5))) == 2


def test_near_misses_are_counted_by_word(models_dir: str) -> None:
    ears = listening(models_dir, WakeWordConfig("alexa", threshold=1.01), JARVIS)
    hear(ears, scene(1.0, "alexa_67", 3.0, "alexa_34", 1.0))
    assert ears.near_misses == {"alexa": 2, "hey_jarvis": 0}
    hear(ears, scene(1.0))
    assert ears.near_misses["alexa"] == 2, "a reset keeps the count"


ALL_HEADS = ("alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy")


def silence(amplitude: int) -> Samples:
    return np.random.default_rng(2).integers(-amplitude, amplitude + 1, 3 * SECOND).astype(np.int16)


@pytest.mark.parametrize(
    "beginning",
    [silence(0), silence(300), np.full(3 * SECOND, 32767, np.int16), speech("computer")[9000:]],
    ids=["zeros", "noise", "stuck", "speech"],
)
@pytest.mark.parametrize("gate", [True, False])
def test_no_head_fires_when_it_has_only_just_begun_to_hear(
    models_dir: str, beginning: Samples, gate: bool
) -> None:
    ears = listening(models_dir, *(WakeWordConfig(word) for word in ALL_HEADS), gate=gate)
    ears.hear(speech("snowboy"), 0)
    scores, _ = scores_of(ears, beginning)  # after a reset, which is how it starts, too
    assert scores.max() < 0.25


def test_an_unknown_word_is_said_with_those_there_are(models_dir: str) -> None:
    with pytest.raises(ModelError, match=r'"computer".*installed:.*alexa_v0\.1\.onnx'):
        listening(models_dir, WakeWordConfig("computer"))
