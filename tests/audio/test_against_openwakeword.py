"""Our scores are those of the `openwakeword` package, number by number, on people's voices.

The package is installed for the occasion, into a directory of its own and run by a
process of its own: it drags in scipy and scikit-learn, and edgevoice needs neither.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio import models
from edgevoice.audio.open_wake_word import StreamingScorer
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from tests.recordings import scene

pytestmark = [pytest.mark.models, pytest.mark.slow]

PACKAGE = "openwakeword==0.6.0"
WHAT_IT_IMPORTS = ("scipy", "scikit-learn", "tqdm", "requests")

REFERENCE = """
import json, sys
import numpy as np
import openwakeword
folder, words, sound = sys.argv[1], sys.argv[2].split(","), np.load(sys.argv[3])
model = openwakeword.Model(
    wakeword_models=[f"{folder}/{word}_v0.1.onnx" for word in words],
    inference_framework="onnx",
    melspec_model_path=f"{folder}/melspectrogram.onnx",
    embedding_model_path=f"{folder}/embedding_model.onnx",
)
chunks = range(0, len(sound) - 1279, 1280)
scores = [model.predict(sound[i : i + 1280]) for i in chunks]
print(json.dumps([{name: float(value) for name, value in s.items()} for s in scores]))
"""

WORDS = ("alexa", "hey_jarvis", "hey_mycroft")

WARM_UP_CHUNKS = 60
"""openWakeWord fills its memory with noise and mutes its first five scores."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("openwakeword")
    # Its own list of requirements names packages that have no wheels for this Python.
    for requirements in ([f"numpy=={np.__version__}", *WHAT_IT_IMPORTS], ["--no-deps", PACKAGE]):
        done = install(target, requirements)
        if done.returncode and os.environ.get("CI"):
            pytest.fail(done.stderr)
        if done.returncode:
            pytest.skip(f"no package index: {done.stderr.strip().splitlines()[-1]}")
    return target


def install(target: Path, requirements: list[str]) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    else:
        command = ["uv", "pip", "install", "--python", sys.executable]
    command += ["--quiet", "--target", str(target), *requirements]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def reference_scores(package: Path, models_dir: str, sound: Path) -> list[dict[str, float]]:
    environment = {**os.environ, "PYTHONPATH": str(package), "ORT_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", REFERENCE, models_dir, ",".join(WORDS), str(sound)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    scores: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return scores


def test_scores_equal_those_of_the_package(package: Path, models_dir: str, tmp_path: Path) -> None:
    sound = scene(
        6.0, "alexa_34", 0.5, "hey_jarvis", "alexa_what_are_the_news_headlines", 0.3,
        "hey_mycroft", "computer", "kitchen", "alexa_107", 1.0,
    )  # fmt: skip
    np.save(tmp_path / "sound.npy", sound)
    theirs = reference_scores(package, models_dir, tmp_path / "sound.npy")
    scorer = StreamingScorer(
        models_dir, {f"{word}_v0.1": models.find(models_dir, f"{word}_v0.1.onnx") for word in WORDS}
    )
    chunks = range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)
    ours = [scorer.push(sound[i : i + CHUNK_SAMPLES]) for i in chunks]
    assert len(ours) == len(theirs)
    for name in ours[0]:
        mine = np.array([scores[name] for scores in ours])[WARM_UP_CHUNKS:]
        reference = np.array([scores[name] for scores in theirs])[WARM_UP_CHUNKS:]
        assert reference.max() > 0.9, f"{name} was not even heard by the package"
        assert np.abs(mine - reference).max() < 1e-6
