"""What the device hears: each captured frame goes through canceller, ring, VAD and wake word.

Runs on the event loop, frame by frame, and turns what it finds into inputs. It
decides nothing, and it never sends: that is the gate's.

Two sounds come out of the canceller. The ring, and so the relay, gets the one that
people should hear; everything here listens to the other one, which leaves voices
as they were.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgevoice.audio.barge_in import BargeInDetector, Confirmed, Hint
from edgevoice.audio.echo import Cancelled, EchoCanceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.endpointer import Endpointer, SpeechEnd, SpeechStart
from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.level import peak_dbfs, rms_dbfs
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import Vad
from edgevoice.audio.wake_rule import Miss
from edgevoice.audio.wake_word import Detection, WakeWords
from edgevoice.daemon.pace import Pace
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    Input,
    SpeechStarted,
    SpeechStopped,
    StopRequested,
    WakeDetected,
    WakeHinted,
)

log = logging.getLogger(__name__)

OWN_S = 2.5
"""What we played last; a wake phrase and the way of its echo take less."""

UNSURE_SAMPLES = CAPTURE_RATE_HZ * 6 // 10
"""After the reference had to jump (the card or the machine stood still) the canceller learns
anew where the echo is, and until then the echo sounds like somebody."""

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
        self._own = RingBuffer(OWN_S)
        self._captured = 0
        self._speech = 0.0
        self._echo = False
        self._jumps = 0
        self._unsure_until = 0
        self.on_captured: Callable[[], None] = lambda: None
        self.tap: Callable[[int, Samples, Samples, Samples], None] | None = None
        """For a recorder: where a frame begins, what was captured, heard and played in it."""
        self.on_missed: Callable[[Miss], None] = lambda miss: None
        """A wake word was nearly heard, was our own, or came while nobody listened for it."""
        self.is_snoozed: Callable[[], bool] = lambda: False
        self.why_deaf: Callable[[], str] = lambda: ""
        """Why its name is not listened for; empty while it is."""
        self.pace = Pace(now)

    @property
    def chunks_heard(self) -> int:
        """By the wake words: scored, or found too quiet to be."""
        return self._senses.wake_words.chunks_scored

    def hear(self, samples: Samples) -> None:
        first, now, senses = self._captured, self._now(), self._senses
        self._captured += len(samples)
        senses.reference.captured(self._captured, now)
        far = senses.reference.take(first, len(samples))
        cancelled = senses.canceller.process(samples, far)
        self._keep(cancelled.uplink)
        self._own.write(far)
        if self.tap is not None:
            self.tap(first, samples, cancelled.linear, far)
        senses.clock.observe(self._captured, now)
        # What is being sent goes out before anybody thinks about it.
        self.on_captured()
        if self.pace.has_time():
            self._listen(cancelled, far, first)
        else:
            self._lose_the_echo(first)

    def _listen(self, cancelled: Cancelled, far: Samples, first: int) -> None:
        senses = self._senses
        self._listen_for_speech(cancelled, far, first)
        playing = senses.canceller.echo_expected
        detections = senses.wake_words.hear(cancelled.linear, first, playing=playing)
        snoozed = self.is_snoozed()
        if senses.wake_words.hinted() and not (playing or snoozed):
            self._post(WakeHinted())
        for miss in senses.wake_words.missed():
            self.on_missed(miss)
        for detection in detections:
            if snoozed and detection.action == "listen":
                self.on_missed(Miss(detection.name, detection.score, 0.0, "snoozed"))
            elif not (playing and self._said_it_ourselves(detection)):
                self._post(_woken(detection))

    def _said_it_ourselves(self, detection: Detection) -> bool:
        """What is left of our own "Alexa" behind the canceller is still an "Alexa"."""
        ours = self._own.read(self._own.start, self._own.end)
        if not self._senses.wake_words.is_said_in(ours, detection.name):
            return False
        log.info('"%s" was part of what we said, and wakes nobody', detection.name)
        self.on_missed(Miss(detection.name, detection.score, 0.0, "own voice"))
        return True

    def interrupted(self) -> None:
        """What comes next does not follow what came before: muted, or another microphone.

        What was heard before is forgotten, or a pre-roll could still send it.
        """
        senses = self._senses
        self._ring.erase()
        self._own.erase()
        senses.clock.reset()
        senses.reference.reset()
        senses.canceller.reset()
        senses.wake_words.reset()
        senses.vad.reset()
        senses.barge_in.reset()
        senses.endpointer.reset()
        self._speech = 0.0

    def levels(self, argument: str = "") -> dict[str, Any]:
        """What a meter shows; `edgevoice listen` asks for it."""
        newest = self._ring.read(
            max(self._ring.start, self._ring.end - METER_SAMPLES), self._ring.end
        )
        erle_db = self._senses.canceller.erle_db
        return {
            "rms_dbfs": round(rms_dbfs(newest), 1),
            "peak_dbfs": round(peak_dbfs(newest), 1),
            "speech": round(self._speech, 3),
            "scores": {name: round(s, 3) for name, s in self._senses.wake_words.scores.items()},
            "erle_db": None if erle_db is None else round(erle_db, 1),
        }

    @property
    def quiet_s(self) -> float:
        """For how long nothing was heard that was louder than the room."""
        return self._senses.wake_words.resting_s

    def findings(self) -> dict[str, Any]:
        """For `edgevoice status`."""
        erle_db = self._senses.canceller.erle_db
        return {
            "erle_db": None if erle_db is None else round(erle_db, 1),
            "echo_reference_jumps": self._jumps,
            "clock_drift_ppm": round(self._senses.reference.drift_ppm, 1),
            "skipped_s": round(self.pace.skipped_s, 1),
            "near_misses": dict(self._senses.wake_words.near_misses),
        }

    def _keep(self, uplink: Samples) -> None:
        """In its place: sample n of the ring is sample n of the microphone."""
        behind = self._captured - self._senses.canceller.uplink_delay - self._ring.end
        self._ring.write(uplink[len(uplink) - max(0, behind) :])

    def _lose_the_echo(self, first: int) -> None:
        """What comes next does not follow what was listened to before."""
        self._unsure_until = first + UNSURE_SAMPLES
        self._senses.barge_in.reset()

    def _is_unsure(self, first: int) -> bool:
        """The canceller has just lost the echo, and there is some to be lost."""
        senses = self._senses
        if senses.reference.jumps != self._jumps:
            self._jumps = senses.reference.jumps
            self._lose_the_echo(first)
        return senses.canceller.echo_expected and first < self._unsure_until

    def _listen_for_speech(self, cancelled: Cancelled, far: Samples, first: int) -> None:
        """While something is played, more is asked of what passes for speech."""
        senses = self._senses
        self._speech = probability = senses.vad.probability(cancelled.linear)
        if self._is_unsure(first):
            probability = 0.0
        elif senses.canceller.hears_voices:
            probability *= self._listen_for_barge_in(cancelled, far, first)
        match senses.endpointer.hear(probability, first):
            case SpeechStart(sample):
                self._post(SpeechStarted(sample))
            case SpeechEnd(sample):
                self._post(SpeechStopped(sample))

    def _listen_for_barge_in(self, cancelled: Cancelled, far: Samples, first: int) -> bool:
        """Whether what passes for speech is not ours. Who was speaking already when an
        answer begins, or goes on, interrupts it then."""
        barge_in, canceller = self._senses.barge_in, self._senses.canceller
        began, self._echo = canceller.echo_expected and not self._echo, canceller.echo_expected
        if not (self._echo or canceller.sending):
            return True
        told = barge_in.hear(cancelled, self._speech, far, first)
        if began and (since := barge_in.answer_begins()) is not None:
            told = Confirmed(since)
        match told:
            case Hint(sample) if self._echo:
                self._post(SpeechStarted(sample))
            case Confirmed(sample):
                self._post(BargeInConfirmed(sample))
        return barge_in.is_voice or not self._echo


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
