"""What the device hears: each captured frame goes through canceller, ring, VAD and wake word.

Runs on the event loop, frame by frame, and turns what it finds into inputs. It
decides nothing, and it never sends: that is the gate's.

Two sounds come out of the canceller. The ring, and so the relay, gets the one that
people should hear; everything here listens to the other one, which leaves voices
as they were.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevoice.audio.barge_in import BargeInDetector, Confirmed, Hint
from edgevoice.audio.echo import Cancelled, EchoCanceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.endpointer import Endpointer, SpeechEnd, SpeechStart
from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import Vad
from edgevoice.audio.wake_word import Detection, WakeWords
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    Input,
    SpeechStarted,
    SpeechStopped,
    StopRequested,
    WakeDetected,
)

METER_SAMPLES = CAPTURE_RATE_HZ // 10
"""What the level meter looks back on."""


@dataclass(frozen=True, slots=True)
class Senses:
    """What a captured frame passes, in this order."""

    clock: SampleClock
    reference: EchoReference
    canceller: EchoCanceller
    vad: Vad
    barge_in: BargeInDetector
    endpointer: Endpointer
    wake_words: WakeWords


class Ears:
    """`hear` is the microphone's callback; `now` is the loop's clock."""

    def __init__(
        self,
        ring: RingBuffer,
        senses: Senses,
        post: Callable[[Input], None],
        now: Callable[[], float],
    ) -> None:
        self._ring = ring
        self._senses = senses
        self._post = post
        self._now = now
        self._captured = 0
        self._speech = 0.0
        self.on_captured: Callable[[], None] = lambda: None

    @property
    def chunks_heard(self) -> int:
        """By the wake words: scored, or found too quiet to be."""
        wake_words = self._senses.wake_words
        return wake_words.chunks_scored + wake_words.chunks_rested

    def hear(self, samples: Samples) -> None:
        first, now, senses = self._captured, self._now(), self._senses
        self._captured += len(samples)
        senses.reference.captured(self._captured, now)
        far = senses.reference.take(first, len(samples))
        cancelled = senses.canceller.process(samples, far)
        self._keep(cancelled.uplink)
        senses.clock.observe(self._captured, now)
        # What is being sent goes out before anybody thinks about it.
        self.on_captured()
        self._listen_for_speech(cancelled, far, first)
        playing = senses.canceller.echo_expected
        for detection in senses.wake_words.hear(cancelled.linear, first, playing=playing):
            self._post(_woken(detection))

    def interrupted(self) -> None:
        """What comes next does not follow what came before: muted, or another microphone.

        What was heard before is forgotten, or a pre-roll could still send it.
        """
        senses = self._senses
        self._ring.erase()
        senses.clock.reset()
        senses.reference.reset()
        senses.canceller.reset()
        senses.wake_words.reset()
        senses.vad.reset()
        senses.barge_in.reset()
        senses.endpointer.reset()
        self._speech = 0.0

    def levels(self) -> dict[str, Any]:
        """What a meter shows; `edgevoice listen` asks for it."""
        newest = self._ring.read(
            max(self._ring.start, self._ring.end - METER_SAMPLES), self._ring.end
        )
        loud = newest.astype(np.float32) / 32768
        erle_db = self._senses.canceller.erle_db
        return {
            "rms_dbfs": _dbfs(float(np.sqrt(np.mean(loud**2))) if len(loud) else 0.0),
            "peak_dbfs": _dbfs(float(np.max(np.abs(loud), initial=0.0))),
            "speech": round(self._speech, 3),
            "scores": {name: round(s, 3) for name, s in self._senses.wake_words.scores.items()},
            "erle_db": None if erle_db is None else round(erle_db, 1),
        }

    def findings(self) -> dict[str, Any]:
        """For `edgevoice status`."""
        erle_db = self._senses.canceller.erle_db
        return {
            "echo_return_loss_db": None if erle_db is None else round(erle_db, 1),
            "clock_drift_ppm": round(self._senses.reference.drift_ppm, 1),
            "near_misses": dict(self._senses.wake_words.near_misses),
        }

    def _keep(self, uplink: Samples) -> None:
        """In its place: sample n of the ring is sample n of the microphone."""
        behind = self._captured - self._senses.canceller.uplink_delay - self._ring.end
        self._ring.write(uplink[len(uplink) - max(0, behind) :])

    def _listen_for_speech(self, cancelled: Cancelled, far: Samples, first: int) -> None:
        """While something is played, more is asked of what passes for speech."""
        senses = self._senses
        self._speech = probability = senses.vad.probability(cancelled.linear)
        if senses.canceller.echo_expected:
            match senses.barge_in.hear(cancelled, probability, far, first):
                case Hint(sample):
                    self._post(SpeechStarted(sample))
                case Confirmed(sample):
                    self._post(BargeInConfirmed(sample))
            probability *= senses.barge_in.is_voice
        match senses.endpointer.hear(probability, first):
            case SpeechStart(sample):
                self._post(SpeechStarted(sample))
            case SpeechEnd(sample):
                self._post(SpeechStopped(sample))


def _woken(detection: Detection) -> Input:
    if detection.action == "stop":
        return StopRequested("stop word")
    return WakeDetected(
        detection.name,
        detection.score,
        detection.phrase_start,
        detection.phrase_end,
        detection.detected_at,
    )


def _dbfs(amplitude: float) -> float:
    """Of a full scale of 1; silence is as far down as 16 bits reach."""
    return round(20 * float(np.log10(max(amplitude, 1e-5))), 1)
