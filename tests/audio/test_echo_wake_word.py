"""The wake word is heard while the board itself speaks louder than whoever says it."""

import numpy as np
import pytest

from edgevoice.audio.echo_canceller import make_canceller
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import EchoConfig, WakeConfig
from tests.audio.echo_room import at_level, frames, room
from tests.recordings import speech

WORDS = ("alexa_107", "alexa_34", "alexa_62", "alexa_67", "alexa_harumph")
EVERY_S, FIRST_S = 3, 4


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.parametrize("saturation", [0, 2])
def test_ten_decibels_below_the_echo_it_is_heard(models_dir: str, saturation: float) -> None:
    """And only it: what is played, by several voices, wakes nobody."""
    near = np.zeros((FIRST_S + EVERY_S * len(WORDS)) * CAPTURE_RATE_HZ, np.int16)
    for n, name in enumerate(WORDS):
        begin = (FIRST_S + EVERY_S * n) * CAPTURE_RATE_HZ
        word = at_level(speech(name), -36)  # the echo is at -26 dBFS
        near[begin : begin + len(word)] = word
    heard = room(len(near) / CAPTURE_RATE_HZ, near, delay_ms=90, saturation=saturation)
    canceller = make_canceller(EchoConfig(delay_ms=90))
    ears = WakeWords(models_dir, WakeConfig())
    woken = []
    for n, (mic, far) in enumerate(frames(heard.microphone, heard.far)):
        linear = canceller.process(mic, far).linear
        woken += [d.detected_at for d in ears.hear(linear, n * FRAME_SAMPLES, playing=True)]
    said = {(at // CAPTURE_RATE_HZ - FIRST_S) // EVERY_S for at in woken}
    assert len(woken) == len(said)
    assert len(said) >= len(WORDS) - 1
    assert min(said) >= 0
