"""Sound no microphone should deliver: whatever comes, the device goes on and still hears.

Through all of its ears: canceller, VAD, barge-in, endpointing and wake word. What it
plays may be just as hostile.
"""

import numpy as np
import pytest

from edgevoice.audio.barge_in import BargeInDetector
from edgevoice.audio.echo_canceller import make_canceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.endpointer import Endpointer
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.resample import resample
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import make_vad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import EchoConfig, VadConfig, WakeConfig
from edgevoice.daemon.ears import Ears, Senses
from edgevoice.transceiver.inputs import Input, WakeDetected
from tests.fault_report import Measured
from tests.recordings import quiet, scene, speech

pytestmark = pytest.mark.models

SECONDS = 1.2
COUNT = round(SECONDS * CAPTURE_RATE_HZ)
FULL = 32767


def tone(hz: float) -> Samples:
    sine = np.sin(2 * np.pi * hz * np.arange(COUNT) / CAPTURE_RATE_HZ)
    return (FULL * sine).astype(np.int16)


def noise() -> Samples:
    return np.random.default_rng(1).integers(-32768, 32768, COUNT).astype(np.int16)


def clipped() -> Samples:
    return np.clip(speech("what_time_is_it").astype(np.int32) * 200, -32768, 32767).astype(np.int16)


HOSTILE = {
    "zeros": np.zeros(COUNT, np.int16),
    "direct current": np.full(COUNT, FULL, np.int16),
    "the most negative sample": np.full(COUNT, -32768, np.int16),
    "noise at full scale": noise(),
    "a square wave": np.where(tone(1000) > 0, FULL, -32768).astype(np.int16),
    "every other sample": np.tile(np.array([FULL, -32768], np.int16), COUNT // 2),
    "clicks": np.where(np.arange(COUNT) % 1600 == 0, FULL, 0).astype(np.int16),
    "clipped speech": clipped(),
    "a source of 44.1 kHz taken for one of 16": resample(speech("alexa_107"), 16_000, 44_100),
    "a source of 8 kHz taken for one of 16": resample(speech("alexa_107"), 16_000, 8_000),
    "a word cut off in its middle": speech("alexa_107")[: COUNT // 3],
}


class Head:
    """The ears of a device with a loudspeaker beside them."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.ring = RingBuffer(3.0)
        self.reference = EchoReference(CAPTURE_RATE_HZ)
        self.captured = 0
        vad = VadConfig()
        senses = Senses(
            SampleClock(),
            self.reference,
            make_canceller(EchoConfig(), self.reference.adjust),
            make_vad(vad),
            BargeInDetector(),
            Endpointer(vad.start_s, vad.stop_s),
            WakeWords("", WakeConfig()),
        )
        self.ears = Ears(self.ring, senses, self.inputs.append, self.now)

    def now(self) -> float:
        return self.captured / CAPTURE_RATE_HZ

    def hear(self, sound: Samples, played: Samples | None = None) -> None:
        """Whole frames; what is played at the same time is as long."""
        for start in range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            frame = slice(start, start + FRAME_SAMPLES)
            block = np.zeros(FRAME_SAMPLES, np.int16) if played is None else played[frame]
            self.reference.played(block, self.now())
            self.captured += FRAME_SAMPLES
            self.ears.hear(sound[frame])

    def hears_its_name(self) -> bool:
        self.hear(quiet(2.2))  # longer than it is deaf after a detection
        before = len(self.inputs)
        self.hear(scene("alexa_107", 0.3))
        woken = [wake for wake in self.inputs[before:] if isinstance(wake, WakeDetected)]
        return [wake.name for wake in woken] == ["alexa"]


@pytest.fixture(scope="module")
def head() -> Head:
    """One for all: what one sound has done to it, the next one meets."""
    return Head()


@pytest.mark.fault("nan-audio")
@pytest.mark.parametrize("sound", HOSTILE.values(), ids=HOSTILE)
def test_it_hears_its_name_behind_any_sound(head: Head, sound: Samples, measured: Measured) -> None:
    head.hear(sound)
    assert head.hears_its_name()
    measured(f"its name is heard behind each of {len(HOSTILE)} hostile sounds")
    assert head.captured - FRAME_SAMPLES < head.ring.end <= head.captured


@pytest.mark.fault("nan-audio")
@pytest.mark.parametrize("sound", HOSTILE.values(), ids=HOSTILE)
def test_it_hears_its_name_after_playing_any_sound(head: Head, sound: Samples) -> None:
    echo = np.concatenate((np.zeros(1600, np.int16), sound[:-1600] // 2))
    head.hear(echo, played=sound)
    assert head.hears_its_name()


@pytest.mark.parametrize("sound", HOSTILE.values(), ids=HOSTILE)
def test_it_hears_its_name_after_echo_of_what_it_never_played(head: Head, sound: Samples) -> None:
    head.hear(sound, played=np.roll(sound, 7919)[::-1])
    assert head.hears_its_name()
