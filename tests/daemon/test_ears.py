"""What the device hears, and what it forgets when it is interrupted."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from edgevoice.audio.barge_in import BargeInDetector
from edgevoice.audio.echo import EchoCanceller, NoCanceller
from edgevoice.audio.echo_canceller import SoftwareCanceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.endpointer import Endpointer
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import WebRtcVad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import EchoConfig, WakeConfig
from edgevoice.daemon.ears import Ears, Senses
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    Input,
    SpeechStarted,
    SpeechStopped,
    WakeDetected,
)
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


class Listener:
    """Ears behind a canceller of our choice; the loudspeaker plays, the microphone hears."""

    def __init__(self, canceller: EchoCanceller, probabilities: Sequence[float] = ()) -> None:
        self.inputs: list[Input] = []
        self.ring = RingBuffer(10.0)
        self.canceller = canceller
        self.vad = ToldVad(probabilities)
        self.reference = EchoReference(CAPTURE_RATE_HZ)
        self.frames = 0
        self.ears = Ears(
            self.ring,
            Senses(
                SampleClock(),
                self.reference,
                canceller,
                self.vad,
                BargeInDetector(),
                Endpointer(0.1, 0.6),
                WakeWords("", WakeConfig()),
            ),
            self.inputs.append,
            lambda: self.frames * 0.02,
        )

    def hear(self, sound: Samples, played: Samples | None = None) -> None:
        for start in range(0, len(sound), FRAME_SAMPLES):
            block = slice(start, start + FRAME_SAMPLES)
            silence = np.zeros(FRAME_SAMPLES, np.int16)
            self.reference.played(silence if played is None else played[block], self.frames * 0.02)
            self.frames += 1
            self.ears.hear(sound[block])

    def told(self, *kinds: type[Input]) -> list[type[Input]]:
        return [type(happened) for happened in self.inputs if type(happened) in kinds]


class ToldVad:
    """Says what it is told to, frame by frame, and the last of it for ever."""

    def __init__(self, probabilities: Sequence[float]) -> None:
        self.script = list(probabilities)

    def probability(self, frame: Samples) -> float:
        if len(self.script) > 1:
            return self.script.pop(0)
        return self.script[0] if self.script else 0.0

    def reset(self) -> None:
        pass


def ramp(first: int, frames: int) -> Samples:
    """Each sample says its index."""
    return np.arange(first, first + frames * FRAME_SAMPLES).astype(np.int16)


def noise(seconds: float, amplitude: int, seed: int = 0) -> Samples:
    count = round(seconds * 50) * FRAME_SAMPLES
    random = np.random.default_rng(seed)
    return random.integers(-amplitude, amplitude + 1, count).astype(np.int16)


CANCELLERS: dict[str, Callable[[], EchoCanceller]] = {
    "none": NoCanceller,
    "software": lambda: SoftwareCanceller(EchoConfig()),
    "software, less noise": lambda: SoftwareCanceller(EchoConfig(noise_suppression="low")),
}


@pytest.mark.parametrize("kind", CANCELLERS)
def test_every_captured_sample_passes_the_gate_once_and_in_its_place(kind: str) -> None:
    listener = Listener(CANCELLERS[kind]())
    gate = Gate(listener.ring)
    gate.open(0)
    taken: list[Samples] = []

    def take() -> None:
        while (frame := gate.take()) is not None:
            taken.append(frame[1])

    listener.ears.on_captured = take
    listener.hear(ramp(0, 20))
    sent = np.concatenate(taken)
    late = listener.canceller.uplink_delay
    assert np.array_equal(sent, ramp(0, 20)[: (20 * FRAME_SAMPLES - late) // 320 * 320])
    assert gate.gaps == 0


@pytest.mark.parametrize("kind", CANCELLERS)
def test_after_an_interruption_samples_are_still_in_their_places(kind: str) -> None:
    listener = Listener(CANCELLERS[kind]())
    listener.hear(ramp(0, 5))
    listener.ears.interrupted()
    listener.hear(ramp(5 * FRAME_SAMPLES, 5))
    late = listener.canceller.uplink_delay
    assert listener.ring.end == 10 * FRAME_SAMPLES - late
    before, after = 5 * FRAME_SAMPLES, 10 * FRAME_SAMPLES - late
    assert not listener.ring.read(0, before).any()
    assert np.array_equal(listener.ring.read(before, after), ramp(before, 5)[: after - before])


def test_speech_that_an_answer_begins_over_is_said_to_have_stopped() -> None:
    """Or a lowered answer, and the book of the turn, would wait for it for ever."""
    listener = Listener(SoftwareCanceller(EchoConfig()), [0.9])
    listener.hear(noise(0.4, 3000))
    assert listener.told(SpeechStarted, SpeechStopped) == [SpeechStarted]
    played = noise(1.4, 3000, seed=1)
    listener.hear(played // 4, played)
    assert SpeechStopped in listener.told(SpeechStopped)


def test_who_speaks_when_an_answer_begins_interrupts_it() -> None:
    """Nothing has been played before, so it is certain that this is a voice."""
    listener = Listener(SoftwareCanceller(EchoConfig()), [0.0] * 25 + [0.95])
    listener.canceller.sending = True
    listener.hear(noise(0.5, 10))
    voice = noise(0.5, 3000)
    listener.hear(voice)
    confirmed = listener.told(BargeInConfirmed)
    assert confirmed
    answer = noise(0.2, 1000, seed=1)
    listener.hear(noise(0.2, 3000, seed=2), answer)
    assert len(listener.told(BargeInConfirmed)) > len(confirmed), "said again, for this answer"


def test_whose_last_word_is_just_over_does_not_interrupt_the_answer_to_it() -> None:
    """A relay that hears the end of a turn in the tone answers 0.35 s after the last word."""
    listener = Listener(
        SoftwareCanceller(EchoConfig()), [0.0] * 25 + [0.95] * 25 + [0.02] * 38 + [0.95]
    )
    listener.canceller.sending = True
    listener.hear(noise(0.5, 10))
    listener.hear(noise(0.5, 3000))
    listener.hear(noise(0.36, 300, seed=1))  # the room behind the words, not a word
    before = len(listener.told(BargeInConfirmed))
    assert before == 1
    answer = noise(0.4, 1000, seed=2)
    listener.hear(answer // 100, answer)
    assert len(listener.told(BargeInConfirmed)) == before
    listener.hear(noise(0.4, 8000, seed=3), noise(0.4, 1000, seed=4))
    assert len(listener.told(BargeInConfirmed)) == before + 1, "who goes on is heard"


def test_who_speaks_in_a_pause_of_an_answer_interrupts_it() -> None:
    listener = Listener(SoftwareCanceller(EchoConfig()), [0.0] * 150 + [0.95])
    listener.canceller.sending = True
    played = noise(2.0, 3000)
    listener.hear(played // 10 + noise(2.0, 10, seed=1), played)
    listener.hear(noise(1.0, 10, seed=2))
    assert not listener.canceller.echo_expected
    listener.hear(noise(0.2, 3000, seed=3))
    assert listener.told(BargeInConfirmed) == [BargeInConfirmed]


@pytest.mark.parametrize("kind", CANCELLERS)
def test_nobody_is_certain_of_a_voice_outside_a_session(kind: str) -> None:
    listener = Listener(CANCELLERS[kind](), [0.0] * 25 + [0.95])
    listener.hear(np.concatenate([noise(0.5, 10), noise(0.5, 3000)]))
    assert listener.told(BargeInConfirmed, SpeechStarted) == [SpeechStarted]


def test_a_card_that_cancels_its_echo_leaves_it_to_the_relay() -> None:
    listener = Listener(NoCanceller(), [0.0] * 25 + [0.95])
    listener.canceller.sending = True
    listener.hear(np.concatenate([noise(0.5, 10), noise(0.5, 3000)]))
    assert listener.told(BargeInConfirmed, SpeechStarted) == [SpeechStarted]


def test_what_a_meter_and_a_status_show() -> None:
    listener = Listener(SoftwareCanceller(EchoConfig()), [0.7])
    assert listener.ears.levels()["rms_dbfs"] <= -100, "nothing was heard yet"
    listener.hear(np.full(10 * FRAME_SAMPLES, 16384, np.int16))
    levels, findings = listener.ears.levels(), listener.ears.findings()
    assert levels["rms_dbfs"] == levels["peak_dbfs"] == -6.0
    assert levels["speech"] == 0.7
    assert levels["erle_db"] is None and findings["erle_db"] is None
    json.dumps([levels, findings])
