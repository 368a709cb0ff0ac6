"""The device's ears outside of the device: what it hears becomes inputs, as in `daemon/ears.py`."""

from collections.abc import Callable

from edgevoice.audio.barge_in import BargeInDetector, Confirmed, Hint
from edgevoice.audio.echo_canceller import make_canceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.frames import Samples
from edgevoice.audio.vad import make_vad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import Config
from edgevoice.transceiver.inputs import BargeInConfirmed, Input, SpeechStarted, WakeDetected


class Hearing:
    def __init__(self, config: Config, playout_rate_hz: int, post: Callable[[Input], None]) -> None:
        self._reference = EchoReference(playout_rate_hz)
        self._canceller = make_canceller(config.echo, self._reference.adjust)
        self._vad = make_vad(config.vad)
        self._barge_in = BargeInDetector()
        self._wake_words = WakeWords(config.wake.models_dir, config.wake)
        self._post = post
        self._end = 0

    def played(self, block: Samples, now: float) -> None:
        self._reference.played(block, now)

    def hear(self, frame: Samples, now: float) -> None:
        first, self._end = self._end, self._end + len(frame)
        self._reference.captured(self._end, now)
        far = self._reference.take(first, len(frame))
        clean = self._canceller.process(frame, far)
        playing = self._canceller.echo_expected
        probability = self._vad.probability(clean.linear)
        if playing:
            match self._barge_in.hear(clean, probability, far, first):
                case Hint(sample):
                    self._post(SpeechStarted(sample))
                case Confirmed(sample):
                    self._post(BargeInConfirmed(sample))
        for d in self._wake_words.hear(clean.linear, first, playing):
            self._post(WakeDetected(d.name, d.score, d.phrase_start, d.phrase_end, d.detected_at))
