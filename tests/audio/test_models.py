"""Where models are looked for, and what is said when they are not there."""

from pathlib import Path

import pytest

from edgevoice.audio import inference, models
from edgevoice.errors import ModelError


def test_the_configured_directory_is_the_only_one(tmp_path: Path) -> None:
    assert models.search_path(tmp_path) == [tmp_path]


def test_without_one_the_environment_comes_before_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEVOICE_MODELS", str(tmp_path))
    first, installed, system = models.search_path()
    assert first == tmp_path
    assert installed.parts[-3:] == ("share", "edgevoice", "models")
    assert system == models.SYSTEM_DIR


def test_a_file_is_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "moonshine").mkdir()
    (tmp_path / "moonshine" / "tokenizer.bin").touch()
    assert models.find(tmp_path, "moonshine/tokenizer.bin").is_file()


def test_a_missing_file_is_named_with_the_places_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=rf"x\.onnx not found in {tmp_path}; `edgevoice models install`"
    ):
        models.find(tmp_path, "x.onnx")


def test_a_damaged_model_is_said_not_crashed_on(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    for content in (b"", b"this is no model", bytes(1000)):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"x\.onnx cannot be loaded"):
            inference.session(path)


def test_a_model_that_vanished_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        inference.session(tmp_path / "x.onnx")
