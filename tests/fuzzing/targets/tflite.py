"""Models in TensorFlow Lite: a good one, of which some bytes are others, for both libraries."""

import json
import struct
from functools import cache
from pathlib import Path

from edgevoice.audio.lite_rt import LiteSession
from edgevoice.audio.micro_wake_word import load_word, packaged_models
from edgevoice.errors import ModelError
from tests.fuzzing.scratch import written

MOST_BYTES = 96
EDIT = struct.Struct("<HB")
"""Where, as a share of the file's length, and which byte is there."""
NEAR_BOTH_ENDS = 4_096
"""There the tables are; between them are weights, of which any will do."""


def contract(data: bytes) -> None:
    """ModelError, or a model that is loaded."""
    path = written("word.tflite", _edited(data))
    try:
        LiteSession(path)
    except ModelError as error:
        assert "word.tflite" in str(error)
    try:
        load_word(written("word.json", _description()))
    except ModelError as error:
        assert "word." in str(error)


def _edited(data: bytes) -> bytes:
    """An odd number of bytes: only so much of the file as the last one says."""
    model = bytearray(_good().with_suffix(".tflite").read_bytes())
    whole = len(data) // EDIT.size * EDIT.size
    for where, byte in EDIT.iter_unpack(data[:whole]):
        at = where % (2 * NEAR_BOTH_ENDS)
        model[at if at < NEAR_BOTH_ENDS else at - 2 * NEAR_BOTH_ENDS] = byte
    share = data[whole] if whole < len(data) else 255
    return bytes(model[: len(model) * share // 255])


@cache
def _good() -> Path:
    return next(iter(packaged_models().values()))


@cache
def _description() -> bytes:
    told = json.loads(_good().read_text())
    return json.dumps({**told, "model": "word.tflite"}).encode()
