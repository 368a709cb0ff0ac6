"""openWakeWord's own loop, from its own package, next to which ours is measured."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgevoice.audio import inference, models
from edgevoice.audio.frames import Samples
from edgevoice.audio.open_wake_word import OVERLAP_SAMPLES
from edgevoice.audio.wake_engine import CHUNK_SAMPLES

Score = Callable[[Samples], object]

PACKAGE = "openwakeword==0.6.0"
# Its own list of requirements names packages that have no wheels for Python 3.12 and later.
WHAT_IT_IMPORTS = ("scipy", "scikit-learn", "tqdm", "requests")
KEPT_IN = Path(sys.prefix) / "share" / "edgevoice" / "reference" / PACKAGE


def reference() -> tuple[str, Score]:
    """The package's loop; where it cannot be had, the same arithmetic written anew.

    The latter does without a third of the package's work, which is not the models'.
    """
    if not importlib.util.find_spec("openwakeword"):
        if not fetched():
            return "the windowed loop of openWakeWord, without its package", windowed_loop()
        sys.path.append(str(KEPT_IN))  # last, so that all else is what edgevoice runs with
    import openwakeword

    model = openwakeword.Model(
        wakeword_models=[str(models.find("", "alexa_v0.1.onnx"))],
        inference_framework="onnx",
        melspec_model_path=str(models.find("", "melspectrogram.onnx")),
        embedding_model_path=str(models.find("", "embedding_model.onnx")),
    )
    return "the openwakeword package", model.predict


def fetched() -> bool:
    """Whether the package lies beside the models; once it does, it stays there."""
    if (KEPT_IN / "complete").is_file():
        return True
    print(f"bench: fetching {PACKAGE} to compare with ...", file=sys.stderr)
    for requirements in ([f"numpy=={np.__version__}", *WHAT_IT_IMPORTS], ["--no-deps", PACKAGE]):
        if importlib.util.find_spec("pip"):
            command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        else:
            command = ["uv", "pip", "install", "--python", sys.executable]
        command += ["--quiet", "--target", str(KEPT_IN), *requirements]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (subprocess.CalledProcessError, OSError):
            return False
    (KEPT_IN / "complete").touch()
    return True


def windowed_loop() -> Score:
    """All 76 frames through the embedding network every 80 ms, as openWakeWord does."""
    mel = inference.session(models.find("", "melspectrogram.onnx"))
    embed = inference.session(models.find("", "embedding_model.onnx"))
    head = inference.session(models.find("", "alexa_v0.1.onnx"))
    (mel_in, *_), (embed_in, *_), (head_in, *_) = mel.inputs, embed.inputs, head.inputs
    sound = np.zeros(OVERLAP_SAMPLES + CHUNK_SAMPLES, np.float32)
    frames, embeddings = np.ones((76, 32), np.float32), np.zeros((16, 96), np.float32)

    def score(chunk: Samples) -> object:
        nonlocal sound, frames, embeddings
        sound = np.concatenate((sound[CHUNK_SAMPLES:], chunk.astype(np.float32)))
        (new,) = mel.run({mel_in: sound[None]})
        frames = np.concatenate((frames, new.reshape(-1, 32) / 10 + 2))[-76:]
        (embedding,) = embed.run({embed_in: frames[None, :, :, None]})
        embeddings = np.concatenate((embeddings[1:], embedding.reshape(1, 96)))
        return head.run({head_in: embeddings[None]})

    return score
