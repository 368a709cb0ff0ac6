"""Wake words, by people who said them. Needs the model files."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio import inference, models
from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.wake_word import (
    CHUNK_SAMPLES,
    OVERLAP_SAMPLES,
    Detection,
    StreamingScorer,
    WakeWords,
)
from edgevoice.config import WakeWordConfig
from edgevoice.errors import ModelError
from tests.audio.heads import write_head
from tests.recordings import quiet, scene, speech

pytestmark = pytest.mark.models

ALEXA = WakeWordConfig("alexa")
JARVIS = WakeWordConfig("hey_jarvis")
MYCROFT = WakeWordConfig("hey_mycroft")
SECOND = 16_000


@pytest.fixture(scope="module")
def wake_words(models_dir: str) -> WakeWords:
    return WakeWords(models_dir, [ALEXA, JARVIS, MYCROFT])


def hear(
    ears: WakeWords, sound: Samples, block: int = FRAME_SAMPLES, at: int = 0
) -> list[Detection]:
    """Everything detected in a sound that begins after a reset."""
    ears.reset()
    blocks = np.split(sound, range(block, len(sound), block))
    return [d for n, part in enumerate(blocks) for d in ears.hear(part, at + n * block)]


def windowed_scores(models_dir: str, head: str, sound: Samples) -> list[float]:
    """openWakeWord's own arithmetic: all 76 frames through the original network each time."""
    mel = inference.session(models.find(models_dir, "melspectrogram.onnx"))
    embed = inference.session(models.find(models_dir, "embedding_model.onnx"))
    judge = inference.session(models.find(models_dir, head))
    (mel_in, *_), (embed_in, *_), (judge_in, *_) = mel.inputs, embed.inputs, judge.inputs
    frames = np.ones((76, 32), np.float32)
    embeddings = np.zeros((16, 96), np.float32)
    padded = np.concatenate((np.zeros(OVERLAP_SAMPLES, np.int16), sound)).astype(np.float32)
    scores = []
    for start in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        (new,) = mel.run({mel_in: padded[None, start : start + OVERLAP_SAMPLES + CHUNK_SAMPLES]})
        frames = np.concatenate((frames, new.reshape(-1, 32) / 10 + 2))[-76:]
        (embedding,) = embed.run({embed_in: frames[None, :, :, None]})
        embeddings = np.concatenate((embeddings[1:], embedding.reshape(1, 96)))
        (score,) = judge.run({judge_in: embeddings[None]})
        scores.append(float(score.reshape(-1)[0]))
    return scores


def test_scores_are_those_of_the_network_that_forgets(models_dir: str) -> None:
    sound = scene(4.0, "alexa_what_are_the_news_headlines", 0.5, "computer")
    head = models.find(models_dir, "alexa_v0.1.onnx")
    scorer = StreamingScorer(models_dir, {"alexa": head})
    chunks = range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)
    ours = [scorer.push(sound[i : i + CHUNK_SAMPLES])["alexa"] for i in chunks]
    theirs = windowed_scores(models_dir, "alexa_v0.1.onnx", sound)
    warm = 3 * SECOND // CHUNK_SAMPLES
    assert max(theirs) > 0.9
    assert np.abs(np.array(ours) - theirs)[warm:].max() < 1e-6


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
    ears = WakeWords(models_dir, [ALEXA], phrase_s=5.0)
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
    ears = WakeWords(models_dir, [ALEXA, JARVIS, MYCROFT])
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


def test_a_stricter_threshold_is_kept(models_dir: str) -> None:
    strict = WakeWords(models_dir, [WakeWordConfig("alexa", threshold=1.01)])
    assert hear(strict, scene(1.0, "alexa_67", 0.5)) == []
    assert strict.chunks_scored > 20


def test_of_two_words_heard_the_clearer_wins(models_dir: str, tmp_path: Path) -> None:
    words = [
        WakeWordConfig(str(score), str(write_head(tmp_path / f"{score}.onnx", score)))
        for score in (0.6, 0.9, 0.7)
    ]
    (detection,) = WakeWords(models_dir, words).hear(quiet(0.08), 0)
    assert (detection.name, detection.score) == ("0.9", pytest.approx(0.9))


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_no_detection(
    models_dir: str, tmp_path: Path, score: float
) -> None:
    head = write_head(tmp_path / "mad.onnx", score)
    ears = WakeWords(models_dir, [WakeWordConfig("mad", str(head), threshold=0.0)])
    ears.hear(quiet(0.24), 0)
    assert (ears.scores, ears.not_numbers) == ({"mad": 0.0}, 3)


def test_heads_that_look_further_back_are_served(models_dir: str, tmp_path: Path) -> None:
    long = write_head(tmp_path / "long.onnx", 0.9, shape=(1, 28, 96))
    ears = WakeWords(models_dir, [ALEXA, WakeWordConfig("long", str(long), threshold=2.0)])
    assert [d.name for d in hear(ears, scene(1.0, "alexa_67", 0.5))] == ["alexa"]


def test_a_model_that_is_no_head_is_said(models_dir: str) -> None:
    spectrogram = str(models.find(models_dir, "melspectrogram.onnx"))
    with pytest.raises(ModelError, match=r"not an openWakeWord head.*wake\.words\.model"):
        WakeWords(models_dir, [WakeWordConfig("alexa", spectrogram)])


def test_an_unknown_word_is_said_with_those_there_are(models_dir: str) -> None:
    with pytest.raises(ModelError, match=r'"computer".*installed:.*alexa_v0\.1\.onnx'):
        WakeWords(models_dir, [WakeWordConfig("computer")])


def test_a_model_of_another_kind_is_said(models_dir: str) -> None:
    with pytest.raises(ModelError, match="export the head as ONNX"):
        WakeWords(models_dir, [WakeWordConfig("alexa", "alexa.tflite")])


@pytest.mark.parametrize(
    "block", [np.zeros(0, np.int16), np.zeros(320, np.float32), np.zeros((320, 2), np.int16)]
)
def test_what_is_no_sound_is_refused(wake_words: WakeWords, block: np.ndarray) -> None:
    with pytest.raises(ValueError, match="mono int16"):
        wake_words.hear(block, 0)


@pytest.mark.parametrize("chunk", [np.zeros(1279, np.int16), np.zeros(1280, np.float32)])
def test_the_scorer_takes_whole_chunks_only(models_dir: str, chunk: np.ndarray) -> None:
    scorer = StreamingScorer(models_dir, {})
    with pytest.raises(ValueError, match="1280 int16"):
        scorer.push(chunk)
