"""What the device hears of itself, through a canceller that does nothing."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from edgevoice.audio.barge_in import BargeInDetector
from edgevoice.audio.echo import NoCanceller
from edgevoice.audio.endpointer import Endpointer
from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import SileroVad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import WakeConfig, WakeWordConfig
from edgevoice.daemon.ears import UNSURE_SAMPLES, Ears, Senses
from edgevoice.daemon.pace import BEHIND_S
from edgevoice.transceiver.inputs import BargeInConfirmed, Input, SpeechStarted, WakeDetected
from tests.recordings import scene

pytestmark = pytest.mark.models

LATER = 2_000
"""Samples by which the echo comes after what is played."""


class Playing(NoCanceller):
    echo_expected = True


@dataclass
class Reference:
    """Knows what is played; may be told that it lost its place."""

    played: Samples
    jumps: int = 0
    drift_ppm: float = 0.0

    def captured(self, end: int, now: float) -> None: ...

    def reset(self) -> None: ...

    def take(self, first: int, n: int) -> Samples:
        return self.played[first : first + n]


@dataclass
class Room:
    reference: Reference
    word: WakeWordConfig = field(default_factory=WakeWordConfig)
    inputs: list[Input] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at = 0
        self.ears = Ears(
            RingBuffer(3.0),
            Senses(
                SampleClock(),
                self.reference,  # type: ignore[arg-type]
                Playing(),
                SileroVad(),
                BargeInDetector(),
                Endpointer(0.1, 0.6),
                WakeWords("", WakeConfig((self.word,))),
            ),
            self.inputs.append,
            lambda: self.at / 16_000,
        )

    def hear(self, sound: Samples) -> list[Input]:
        """What becomes of it."""
        before = len(self.inputs)
        for block in sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(
            -1, FRAME_SAMPLES
        ):
            self.ears.hear(block)
            self.at += FRAME_SAMPLES
        return self.inputs[before:]


def echo_of(played: Samples) -> Samples:
    return np.concatenate([np.zeros(LATER, np.int16), played[:-LATER] // 4])


def wakes(inputs: list[Input]) -> int:
    return sum(isinstance(happened, WakeDetected) for happened in inputs)


@pytest.mark.fault("own-voice")
@pytest.mark.parametrize("engine", ["openwakeword", "microwakeword"])
def test_its_own_wake_word_wakes_nobody(engine: str) -> None:
    said = scene(1.0, "alexa_107", 1.5)
    word = WakeWordConfig(engine=engine)  # type: ignore[arg-type]
    assert wakes(Room(Reference(said), word).hear(echo_of(said))) == 0


@pytest.mark.parametrize("engine", ["openwakeword", "microwakeword"])
def test_somebody_elses_does_while_something_else_is_said(engine: str) -> None:
    said, heard = scene(1.0, "what_time_is_it", 3.0), scene(1.0, "alexa_107", 1.5)
    word = WakeWordConfig(engine=engine)  # type: ignore[arg-type]
    assert wakes(Room(Reference(said), word).hear(heard)) == 1


def test_what_it_said_before_an_interruption_is_not_what_somebody_says_after_it() -> None:
    """A sound server that was restarted must not cost the first word."""
    said = scene(1.0, "alexa_107")
    room = Room(Reference(np.concatenate([said, np.zeros(160_000, np.int16)])))
    room.hear(echo_of(said))
    room.ears.interrupted()
    assert wakes(room.hear(scene("alexa_34", 0.5))) == 1


def test_to_look_at_what_was_played_disturbs_nothing() -> None:
    words = WakeWords("", WakeConfig(quiet_gate=False))
    undisturbed = WakeWords("", WakeConfig(quiet_gate=False))
    first, then = scene(1.0, "alexa_107")[:24_000], scene("what_time_is_it")
    for listening in (words, undisturbed):
        listening.hear(first, 0)
    assert words.is_said_in(scene("alexa_34", 0.5), "alexa")
    assert not words.is_said_in(scene("what_time_is_it"), "alexa")
    assert not words.is_said_in(np.zeros(0, np.int16), "alexa")
    for listening in (words, undisturbed):
        listening.hear(then, 24_000)
    assert words.scores == undisturbed.scores


def voices(inputs: list[Input]) -> int:
    return sum(isinstance(happened, SpeechStarted | BargeInConfirmed) for happened in inputs)


def test_where_the_echo_is_lost_it_is_not_taken_for_a_voice() -> None:
    """As after a moment in which the card or the machine stood still."""
    played = np.zeros(80_000, np.int16)
    room, steady = Room(Reference(played)), Room(Reference(played))
    voice = scene("what_time_is_it")[11_000:][: UNSURE_SAMPLES - FRAME_SAMPLES]
    for each in (room, steady):
        each.hear(scene(1.0))
    room.reference.jumps += 1
    assert voices(steady.hear(voice)) > 0
    assert voices(room.hear(voice)) == 0
    room.hear(scene(0.5))
    assert voices(room.hear(scene("what_time_is_it"))) > 0


@pytest.mark.fault("slow-cpu")
def test_behind_what_there_was_no_time_for_the_echo_is_not_taken_for_a_voice() -> None:
    played = np.zeros(80_000, np.int16)
    room, steady = Room(Reference(played)), Room(Reference(played))
    voice = scene("what_time_is_it")[11_000:][: UNSURE_SAMPLES - FRAME_SAMPLES]
    for each in (room, steady):
        each.hear(scene(1.0))
    room.ears.pace.behind_s = lambda: BEHIND_S + 0.1
    room.hear(scene(0.1)[:FRAME_SAMPLES])
    room.ears.pace.behind_s = lambda: 0.0
    assert voices(room.hear(voice)) == 0
    assert voices(steady.hear(voice)) > 0
    room.hear(scene(0.5))
    assert voices(room.hear(scene("what_time_is_it"))) > 0
