"""Each block goes through ring, VAD and wake word, and what is found becomes inputs."""

import numpy as np

from edgevoice.audio.endpointer import Endpointer
from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.wake_word import Detection
from edgevoice.daemon.ears import Ears
from edgevoice.transceiver.inputs import Input, SpeechStarted, SpeechStopped, WakeDetected

LOUD = np.full(FRAME_SAMPLES, 9_000, np.int16)
QUIET = np.zeros(FRAME_SAMPLES, np.int16)


class LoudnessVad:
    def __init__(self) -> None:
        self.resets = 0

    def probability(self, frame: Samples) -> float:
        return float(abs(frame).max() > 1_000)

    def reset(self) -> None:
        self.resets += 1


class WakesAt:
    """A wake word that is heard in the block that begins with a certain sample."""

    def __init__(self, sample: int) -> None:
        self._sample = sample
        self.chunks_scored = 0
        self.resets = 0

    def hear(self, samples: Samples, first_index: int) -> list[Detection]:
        self.chunks_scored += 1
        if first_index != self._sample:
            return []
        return [Detection("alexa", 0.9, 0, first_index, first_index + len(samples))]

    def reset(self) -> None:
        self.resets += 1


class House:
    def __init__(self, wakes_at: int = -1) -> None:
        self.inputs: list[Input] = []
        self.ring = RingBuffer(10.0)
        self.clock = SampleClock()
        self.wake_words = WakesAt(wakes_at)
        self.vad = LoudnessVad()
        self.now = 0.0
        self.ears = Ears(
            self.ring,
            self.clock,
            self.wake_words,  # type: ignore[arg-type]
            self.vad,
            Endpointer(start_s=0.1, stop_s=0.2),
            self.inputs.append,
            lambda: self.now,
        )

    def hears(self, *blocks: Samples) -> None:
        for block in blocks:
            self.now += 0.02
            self.ears.hear(block)


def test_speech_is_told_with_the_samples_where_it_began_and_ended() -> None:
    house = House()
    house.hears(*[QUIET] * 10, *[LOUD] * 20, *[QUIET] * 20)
    assert house.inputs == [
        SpeechStarted(10 * FRAME_SAMPLES),
        SpeechStopped(30 * FRAME_SAMPLES),
    ]


def test_a_wake_word_is_told_with_its_place_on_the_sample_clock() -> None:
    house = House(wakes_at=3 * FRAME_SAMPLES)
    house.hears(*[QUIET] * 5)
    assert house.inputs == [WakeDetected("alexa", 0.9, 0, 3 * FRAME_SAMPLES, 4 * FRAME_SAMPLES)]


def test_a_block_can_be_sent_before_it_is_thought_about() -> None:
    house = House(wakes_at=0)
    order: list[str] = []
    house.ears.on_captured = lambda: order.append(f"captured {house.ring.end}, {house.inputs}")
    house.hears(QUIET)
    assert order == [f"captured {FRAME_SAMPLES}, []"]
    assert len(house.inputs) == 1


def test_the_sample_clock_learns_from_every_block() -> None:
    house = House()
    house.hears(*[QUIET] * 50)
    assert abs((house.clock.time_of(50 * FRAME_SAMPLES) or 0.0) - 1.0) < 0.01


def test_after_an_interruption_nothing_is_remembered() -> None:
    house = House()
    house.hears(*[LOUD] * 20)
    house.inputs.clear()
    house.ears.interrupted()
    assert house.clock.time_of(0) is None
    assert house.vad.resets == house.wake_words.resets == 1
    house.hears(*[QUIET] * 20)
    assert house.inputs == []
