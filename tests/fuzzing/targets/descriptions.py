"""The description beside a microWakeWord model, and the model that it names."""

import shutil
from functools import cache
from pathlib import Path

from edgevoice.audio.micro_wake_word import load_word, packaged_models
from edgevoice.errors import ModelError
from tests.fuzzing.scratch import folder, written

CUT = b"\n--model--\n"
"""Behind it the model's own bytes, where it is not to be a good one."""


def contract(data: bytes) -> None:
    """ModelError, or a model that is loaded."""
    told, cut, model = data.partition(CUT)
    if cut:
        written("word.tflite", model)
    else:
        shutil.copyfile(_good(), folder() / "word.tflite")
    try:
        load_word(written("word.json", told))
    except ModelError as error:
        assert "word." in str(error) or "model" in str(error)


@cache
def _good() -> Path:
    return next(iter(packaged_models().values())).with_suffix(".tflite")
