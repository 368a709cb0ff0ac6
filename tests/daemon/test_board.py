"""Models at the start: all of them, or what is left of them and what to do about the rest."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgevoice.audio import vad
from edgevoice.config import Config, WakeConfig, WakeWordConfig
from edgevoice.daemon.board import load_models, load_what_can_be
from edgevoice.errors import ModelError
from tests.recordings import scene

pytestmark = [pytest.mark.models, pytest.mark.slow]


@pytest.mark.fault("corrupt-model")
def test_one_damaged_word_does_not_cost_the_other(tmp_path: Path) -> None:
    (tmp_path / "jarvis.onnx").write_bytes(b"half a model")
    words = (WakeWordConfig("alexa"), WakeWordConfig("jarvis"))
    config = replace(Config(), wake=WakeConfig(words=words, folder=str(tmp_path)))
    with pytest.raises(ModelError, match=r"jarvis\.onnx cannot be loaded"):
        load_models(config)
    models = load_what_can_be(config)
    assert [d.name for d in models.wake_words.hear(scene(1.0, "alexa_67", 0.5), 0)] == ["alexa"]
    (told,) = models.unheard
    assert 'the wake word "jarvis" is not heard' in told and "remove it" in told


@pytest.mark.fault("corrupt-model")
def test_without_any_model_speech_is_still_told_from_silence() -> None:
    models = load_what_can_be(replace(Config(), wake=WakeConfig(models_dir="/nowhere")))
    assert models.wake_words.hear(scene(1.0, "alexa_67", 0.5), 0) == []
    assert isinstance(models.vad, vad.AboveNoise)
    assert '"alexa" is not heard' in models.unheard[0]
    assert "webrtc alone" in models.poorer[0]
    assert models.lacking == models.unheard + models.poorer


def test_where_nothing_is_missing_nothing_is_said() -> None:
    assert load_models(Config()).lacking == load_what_can_be(Config()).lacking == ()
