"""Where the models are, for the tests that need them."""

import os

import pytest

from edgevoice.audio import models
from edgevoice.errors import ModelError


@pytest.fixture(scope="session")
def models_dir() -> str:
    """The directory with all models; without it the test is skipped, except under CI."""
    try:
        models.find("", "emb_stream.onnx")
        return str(models.find("", "silero_vad_16k_op15.onnx").parent)
    except ModelError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
