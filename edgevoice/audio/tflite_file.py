"""What can be said of a .tflite file without a library that runs it."""

from pathlib import Path

from edgevoice.errors import ModelError

IDENTIFIER = b"TFL3"
"""In bytes 4 to 7 of the flatbuffer: https://github.com/tensorflow/tensorflow, schema.fbs."""


def require_tflite(path: Path) -> None:
    """ModelError unless the file calls itself a TensorFlow Lite model."""
    try:
        with open(path, "rb") as file:
            beginning = file.read(8)
    except OSError as error:
        raise ModelError(
            f"model {path} cannot be read ({error.strerror}): copy it there again, for all to read"
        ) from None
    if beginning[4:] != IDENTIFIER:
        raise ModelError(f"{path} is not a TensorFlow Lite model; copy it there again")
