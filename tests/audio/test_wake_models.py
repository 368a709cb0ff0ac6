"""Which file knows a wake word: the owner's folder, then what is installed."""

from pathlib import Path

import pytest

from edgevoice.audio.wake_models import head_of, micro_of
from edgevoice.config import WakeWordConfig
from edgevoice.errors import ModelError


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    return with_files(tmp_path / "models", "alexa_v0.1.onnx", "hey_jarvis_v0.1.onnx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return with_files(tmp_path / "wake")


def with_files(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_an_installed_word_is_found_by_its_name(installed: Path, folder: Path) -> None:
    found = head_of(installed, folder, WakeWordConfig("alexa"))
    assert found == installed / "alexa_v0.1.onnx"


def test_without_a_folder_there_are_the_installed_ones(installed: Path) -> None:
    found = head_of(installed, "/nowhere", WakeWordConfig("alexa"))
    assert found == installed / "alexa_v0.1.onnx"


@pytest.mark.parametrize("name", ["alexa.onnx", "alexa.tflite", "alexa_v0.1.tflite"])
def test_a_head_of_ones_own_comes_first(installed: Path, folder: Path, name: str) -> None:
    with_files(folder, name)
    assert head_of(installed, folder, WakeWordConfig("alexa")) == folder / name


def test_a_head_may_be_called_otherwise(installed: Path, folder: Path) -> None:
    with_files(folder, "hal_model.tflite")
    word = WakeWordConfig("hey_hal", model="hal_model.tflite")
    assert head_of(installed, folder, word) == folder / "hal_model.tflite"


def test_an_installed_file_may_be_named_too(installed: Path, folder: Path) -> None:
    word = WakeWordConfig("computer", model="alexa_v0.1.onnx")
    assert head_of(installed, folder, word) == installed / "alexa_v0.1.onnx"


def test_a_path_is_taken_as_it_is(installed: Path, folder: Path, tmp_path: Path) -> None:
    word = WakeWordConfig("hey_hal", model=str(tmp_path / "hal.onnx"))
    assert head_of(installed, folder, word) == tmp_path / "hal.onnx"


def test_a_model_for_the_other_engine_is_left_alone(installed: Path, folder: Path) -> None:
    with_files(folder, "alexa.tflite", "alexa.json")
    found = head_of(installed, folder, WakeWordConfig("alexa"))
    assert found == installed / "alexa_v0.1.onnx"


def test_an_unknown_word_is_said_with_what_can_be_done(installed: Path, folder: Path) -> None:
    expected = r'"computer".*put computer\.onnx into .*wake.*installed: alexa_v0\.1\.onnx, hey'
    with pytest.raises(ModelError, match=expected):
        head_of(installed, folder, WakeWordConfig("computer"))


def test_a_model_of_another_kind_is_said(installed: Path, folder: Path) -> None:
    with pytest.raises(ModelError, match="export the head as ONNX"):
        head_of(installed, folder, WakeWordConfig("alexa", model="alexa.pth"))


def micro(name: str, model: str = "") -> WakeWordConfig:
    return WakeWordConfig(name, engine="microwakeword", model=model)


def test_the_other_engine_brings_its_own_models(folder: Path) -> None:
    assert micro_of(folder, micro("okay_nabu")).name == "okay_nabu.json"
    confirming = WakeWordConfig("alexa", model="/heads/alexa.onnx", confirm="microwakeword")
    assert micro_of(folder, confirming).name == "alexa.json"


@pytest.mark.parametrize("model", ["", "hal.tflite", "hal.json", "hal"])
def test_ones_own_is_found_by_either_of_its_files(folder: Path, model: str) -> None:
    with_files(folder, "hal.tflite", "hal.json")
    assert micro_of(folder, micro("hal", model)) == folder / "hal.json"


def test_without_its_description_a_model_is_not_found(folder: Path) -> None:
    with_files(folder, "hal.tflite")
    with pytest.raises(ModelError, match=r"hal\.tflite and hal\.json into .*packaged: alexa, hey"):
        micro_of(folder, micro("hal"))
