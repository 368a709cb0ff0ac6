"""Heads that exist as .tflite: the same scores as the .onnx of the same word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgevoice.audio import models
from edgevoice.audio.micro_wake_word import packaged_models
from edgevoice.audio.open_wake_word import StreamingScorer
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import WakeConfig, WakeWordConfig
from edgevoice.errors import ModelError
from tests.recordings import scene

pytestmark = pytest.mark.models

# The package that the installed heads come from has both kinds; its hey_rhasspy are two
# different networks.
CATALOGUE = """
[[package]]
requirement = "openwakeword==0.5.1"
sha256 = "015467e49f08b0ef8efa433690ce70566abb72f7c36501a6fa893762b4ddc559"
licence = "CC BY-NC-SA 4.0 (no commercial use)"
source = "https://github.com/dscripka/openWakeWord"
folder = "openwakeword/resources/models"
[package.files]
"alexa_v0.1.tflite" = "7333a317a790070a7f3432b81d9439c779481cc4ebd67c73da7174ea3cf48397"
"hey_mycroft_v0.1.tflite" = "bf9e43136afd3ca323698820a6e32a47f885ef4c30a3b8b577ec71688a9d64d8"
"""
FETCH = Path(__file__).resolve().parents[2] / "scripts" / "models"


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wake")
    catalogue = folder / "models.toml"
    catalogue.write_text(CATALOGUE)
    command = [sys.executable, str(FETCH), "--dir", str(folder), "--catalogue", str(catalogue)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and os.environ.get("CI"):
        pytest.fail(done.stderr)
    if done.returncode:
        pytest.skip(f"no package index: {done.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.mark.slow
def test_scores_are_those_of_the_onnx_head(models_dir: str, heads: Path) -> None:
    words = ("alexa", "hey_mycroft")
    onnx = {word: models.find(models_dir, f"{word}_v0.1.onnx") for word in words}
    lite = {f"{word} lite": heads / f"{word}_v0.1.tflite" for word in words}
    scorer = StreamingScorer(models_dir, {**onnx, **lite})
    sound = scene(1.0, "alexa_34", 1.0, "hey_mycroft", 1.0, "computer")
    whole = sound[: len(sound) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    scores = [scorer.push(chunk) for chunk in whole]
    for word in words:
        assert max(s[word] for s in scores) > 0.9
        assert max(abs(s[word] - s[f"{word} lite"]) for s in scores) < 1e-4


@pytest.mark.slow
def test_a_head_dropped_into_the_folder_is_heard_by_its_name(
    models_dir: str, heads: Path, tmp_path: Path
) -> None:
    (tmp_path / "computer.tflite").write_bytes((heads / "alexa_v0.1.tflite").read_bytes())
    wake = WakeConfig((WakeWordConfig("computer"),), folder=str(tmp_path))
    (detection,) = WakeWords(models_dir, wake).hear(scene(1.0, "alexa_67", 1.0), 0)
    assert detection.name == "computer"


def alexa_of_the_other_engine() -> bytes:
    return packaged_models()["alexa"].with_suffix(".tflite").read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a TensorFlow Lite model"),
        (b"hello, I am no model", "is not a TensorFlow Lite model"),
        (alexa_of_the_other_engine()[:20_000], "cannot be loaded"),
        (alexa_of_the_other_engine()[:8] + bytes(5000), "cannot be loaded"),
        (alexa_of_the_other_engine(), r"takes \(1, 3, 40\), a head takes \(1, some, 96\)"),
    ],
    ids=["empty", "text", "truncated", "zeros", "for-the-other-engine"],
)
def test_a_file_that_is_no_head_is_said(
    models_dir: str, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "own.tflite").write_bytes(content)
    with pytest.raises(ModelError, match=rf"own\.tflite.* {said}"):
        WakeWords(models_dir, WakeConfig((WakeWordConfig("own"),), folder=str(tmp_path)))


def test_a_file_that_cannot_be_read_is_said(models_dir: str, tmp_path: Path) -> None:
    word = WakeWordConfig("own", model=str(tmp_path / "gone.tflite"))
    with pytest.raises(ModelError, match=r"gone\.tflite cannot be read \(No such file"):
        WakeWords(models_dir, WakeConfig((word,)))
