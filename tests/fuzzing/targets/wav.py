"""Sound files: an owner's chimes, recorded turns, a virtual microphone's room."""

from edgevoice.audio.wav import read_wav
from edgevoice.errors import WavError
from tests.fuzzing.scratch import written

MOST_TIMES = 64
"""Samples for each byte: a short sound at a low rate becomes longer, but not without end."""


def contract(data: bytes) -> None:
    """WavError, or samples: no more of them than such a file can hold."""
    path = written("sound.wav", data)
    try:
        samples = read_wav(path)
    except WavError as error:
        assert str(path) in str(error)
        return
    assert samples.ndim == 1
    assert len(samples) <= MOST_TIMES * len(data) + MOST_TIMES
