"""The networks, loaded once for all tests of this folder."""

import pytest

from edgevoice.relay.engines.local.recognizer import Recognizer
from edgevoice.relay.engines.local.synthesizer import Synthesizer


@pytest.fixture(scope="session")
def recognizer(models_dir) -> Recognizer:
    return Recognizer(models_dir)


@pytest.fixture(scope="session")
def synthesizer() -> Synthesizer:
    return Synthesizer(seed=7)
