"""What the device hears, and what it forgets when it is interrupted."""

import numpy as np
import pytest

from edgevoice.audio.barge_in import BargeInDetector
from edgevoice.audio.echo import NoCanceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.endpointer import Endpointer
from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import WebRtcVad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import WakeConfig
from edgevoice.daemon.ears import Ears, Senses
from edgevoice.transceiver.inputs import Input, SpeechStarted, WakeDetected
from tests.recordings import scene

pytestmark = pytest.mark.models


class Head:
    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.ring = RingBuffer(3.0)
        self.clock = SampleClock()
        self.ears = Ears(
            self.ring,
            Senses(
                self.clock,
                EchoReference(48_000),
                NoCanceller(),
                WebRtcVad(),
                BargeInDetector(),
                Endpointer(0.1, 0.6),
                WakeWords("", WakeConfig()),
            ),
            self.inputs.append,
            lambda: self.ring.end / 16_000,
        )

    def hear(self, *parts: str | float) -> None:
        sound = scene(*parts)
        for start in range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            self.ears.hear(sound[start : start + FRAME_SAMPLES])


def test_a_wake_word_and_speech_become_inputs_on_the_sample_clock() -> None:
    head = Head()
    head.hear(0.5, "alexa_107", 0.5)
    woken = [happened for happened in head.inputs if isinstance(happened, WakeDetected)]
    assert [wake.name for wake in woken] == ["alexa"]
    assert 0 < woken[0].detected_at <= head.ring.end
    assert any(isinstance(happened, SpeechStarted) for happened in head.inputs)


def test_what_is_captured_can_be_sent_before_it_is_listened_to() -> None:
    head = Head()
    ends: list[int] = []
    head.ears.on_captured = lambda: ends.append(head.ring.end)
    head.hear(0.1)
    assert ends == [FRAME_SAMPLES * n for n in range(1, 6)]


def test_nothing_of_what_was_heard_before_an_interruption_is_kept() -> None:
    """A button pressed right after unmuting sends a pre-roll: it must not be from before."""
    head = Head()
    head.hear(0.2, "alexa_107")
    end = head.ring.end
    assert np.any(head.ring.read(head.ring.start, end))
    head.ears.interrupted()
    assert head.ring.end == end
    assert not np.any(head.ring.read(head.ring.start, end))
    assert head.clock.time_of(end) is None
