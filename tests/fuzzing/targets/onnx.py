"""Models in ONNX: a wake word's head, as a broken disk or a stranger hands it in."""

import numpy as np

from edgevoice.audio.open_wake_word import EMBEDDING, load_head
from edgevoice.errors import ModelError
from tests.fuzzing.scratch import written

MOST_BYTES = 8_192


def contract(data: bytes) -> None:
    """ModelError, or a head that gives one score."""
    try:
        head = load_head(written("head.onnx", data))
    except ModelError as error:
        assert "head.onnx" in str(error)
        return
    assert head.judge(np.zeros((1, head.length, EMBEDDING), np.float32)).size == 1
