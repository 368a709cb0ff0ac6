"""openWakeWord's models on our own runner. Needs the model files."""

from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio import inference, models
from edgevoice.audio.frames import Samples
from edgevoice.audio.open_wake_word import OVERLAP_SAMPLES, StreamingScorer, load_head
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.errors import ModelError
from tests.audio.heads import write_head
from tests.recordings import scene

pytestmark = pytest.mark.models

SECOND = 16_000


def chunks_of(sound: Samples) -> list[Samples]:
    whole = len(sound) // CHUNK_SAMPLES * CHUNK_SAMPLES
    return list(sound[:whole].reshape(-1, CHUNK_SAMPLES))


def alexa(models_dir: str) -> StreamingScorer:
    return StreamingScorer(models_dir, {"alexa": models.find(models_dir, "alexa_v0.1.onnx")})


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
    scorer = alexa(models_dir)
    ours = [scorer.push(chunk)["alexa"] for chunk in chunks_of(sound)]
    theirs = windowed_scores(models_dir, "alexa_v0.1.onnx", sound)
    warm = 3 * SECOND // CHUNK_SAMPLES
    assert max(theirs) > 0.9
    assert np.abs(np.array(ours) - theirs)[warm:].max() < 1e-6


def test_what_was_before_its_reach_leaves_no_trace(models_dir: str) -> None:
    before, after = chunks_of(scene(1.0, "computer")), chunks_of(scene("alexa_67", 1.0))
    fresh, used = alexa(models_dir), alexa(models_dir)
    for chunk in before:
        used.listen(chunk)
    last = fresh.reach_chunks
    common = [*after, *before, *after][: last + 10]
    scores = [(fresh.push(chunk)["alexa"], used.push(chunk)["alexa"]) for chunk in common]
    assert all(one == other for one, other in scores[last:])
    assert any(one != other for one, other in scores[:last])


def test_what_is_only_listened_to_is_remembered_all_the_same(models_dir: str) -> None:
    *heard, last = chunks_of(scene(1.0, "alexa_67"))[:20]
    listening, scoring = alexa(models_dir), alexa(models_dir)
    for chunk in heard:
        listening.listen(chunk)
        scoring.push(chunk)
    assert listening.push(last) == scoring.push(last)


def test_a_model_that_is_no_head_is_said(models_dir: str) -> None:
    spectrogram = models.find(models_dir, "melspectrogram.onnx")
    with pytest.raises(ModelError, match=r"melspectrogram.onnx is not .*\(1, some, 96\)"):
        StreamingScorer(models_dir, {"alexa": spectrogram})


def test_a_head_of_another_shape_is_said(models_dir: str, tmp_path: Path) -> None:
    flat = write_head(tmp_path / "flat.onnx", 0.5, shape=(1, 1536))
    with pytest.raises(ModelError, match="flat.onnx is not an openWakeWord head"):
        StreamingScorer(models_dir, {"flat": flat})


@pytest.mark.parametrize("length", [0, 251, 2**31])
def test_a_head_that_looks_back_for_hours_is_said(tmp_path: Path, length: int) -> None:
    """Room for what it looks at would be made at once."""
    long = write_head(tmp_path / "long.onnx", 0.5, shape=(1, length, 96))
    with pytest.raises(ModelError, match="long.onnx is not an openWakeWord head"):
        load_head(long)


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_a_damaged_head_is_said(models_dir: str, tmp_path: Path, content: bytes | None) -> None:
    damaged = tmp_path / "damaged.onnx"
    whole = models.find(models_dir, "alexa_v0.1.onnx").read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(ModelError, match=r"damaged\.onnx cannot be loaded"):
        StreamingScorer(models_dir, {"damaged": damaged})


@pytest.mark.parametrize("chunk", [np.zeros(1279, np.int16), np.zeros(1280, np.float32)])
def test_the_scorer_takes_whole_chunks_only(models_dir: str, chunk: np.ndarray) -> None:
    scorer = StreamingScorer(models_dir, {})
    with pytest.raises(ValueError, match="1280 int16"):
        scorer.push(chunk)
