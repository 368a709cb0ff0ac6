"""Sound no microphone should deliver: whatever comes, the device goes on and still hears."""

import numpy as np
import pytest

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.resample import resample
from edgevoice.transceiver.inputs import WakeDetected
from tests.daemon.test_ears import Head
from tests.recordings import scene, speech

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


@pytest.fixture(scope="module")
def head() -> Head:
    """One for all: what one sound has done to it, the next one meets."""
    return Head()


def whole_frames(sound: Samples) -> Samples:
    return sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]


@pytest.mark.parametrize("sound", HOSTILE.values(), ids=HOSTILE)
def test_it_hears_its_name_behind_any_sound(head: Head, sound: Samples) -> None:
    head.hear(whole_frames(sound))
    head.hear(2.2)  # longer than it is deaf after a detection
    before = len(head.inputs)
    head.hear(whole_frames(scene("alexa_107", 0.3)))
    woken = [wake for wake in head.inputs[before:] if isinstance(wake, WakeDetected)]
    assert [wake.name for wake in woken] == ["alexa"]
    assert woken[0].detected_at <= head.ring.end
