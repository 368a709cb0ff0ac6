"""What the device hears: each captured block goes through ring, VAD and wake word, in this order.

Runs on the event loop, block by block, and turns what it finds into inputs. It
decides nothing, and it never sends: that is the gate's.
"""

from collections.abc import Callable

from edgevoice.audio.endpointer import Endpointer, SpeechEnd, SpeechStart
from edgevoice.audio.frames import Samples
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import Vad
from edgevoice.audio.wake_word import Detection, WakeWords
from edgevoice.transceiver.inputs import Input, SpeechStarted, SpeechStopped, WakeDetected


class Ears:
    """`hear` is the microphone's callback; `now` is the loop's clock."""

    def __init__(
        self,
        ring: RingBuffer,
        clock: SampleClock,
        wake_words: WakeWords,
        vad: Vad,
        endpointer: Endpointer,
        post: Callable[[Input], None],
        now: Callable[[], float],
    ) -> None:
        self._ring = ring
        self._clock = clock
        self._wake_words = wake_words
        self._vad = vad
        self._endpointer = endpointer
        self._post = post
        self._now = now
        self.on_captured: Callable[[], None] = lambda: None

    @property
    def chunks_scored(self) -> int:
        return self._wake_words.chunks_scored

    def hear(self, samples: Samples) -> None:
        first = self._ring.end
        self._ring.write(samples)
        self._clock.observe(self._ring.end, self._now())
        # What is being sent goes out before anybody thinks about it.
        self.on_captured()
        self._listen_for_speech(samples, first)
        for detection in self._wake_words.hear(samples, first):
            self._post(_woken(detection))

    def interrupted(self) -> None:
        """What comes next does not follow what came before: muted, or another microphone.

        What was heard before is forgotten, or a pre-roll could still send it.
        """
        self._ring.erase()
        self._clock.reset()
        self._wake_words.reset()
        self._vad.reset()
        self._endpointer.reset()

    def _listen_for_speech(self, samples: Samples, first: int) -> None:
        match self._endpointer.hear(self._vad.probability(samples), first):
            case SpeechStart(sample):
                self._post(SpeechStarted(sample))
            case SpeechEnd(sample):
                self._post(SpeechStopped(sample))


def _woken(detection: Detection) -> WakeDetected:
    return WakeDetected(
        detection.name,
        detection.score,
        detection.phrase_start,
        detection.phrase_end,
        detection.detected_at,
    )
