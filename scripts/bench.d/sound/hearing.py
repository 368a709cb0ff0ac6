"""The device's own ears, and what they need, outside of a device."""

from collections.abc import Callable

from edgevoice.audio.barge_in import BargeInDetector
from edgevoice.audio.echo_canceller import make_canceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.endpointer import Endpointer
from edgevoice.audio.frames import Samples
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import make_vad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import Config
from edgevoice.daemon.ears import Ears, Senses
from edgevoice.transceiver.inputs import Input


class Hearing:
    def __init__(self, config: Config, playout_rate_hz: int, post: Callable[[Input], None]) -> None:
        self._reference = EchoReference(playout_rate_hz)
        self._now = 0.0
        senses = Senses(
            SampleClock(),
            self._reference,
            make_canceller(config.echo, self._reference.adjust),
            make_vad(config.vad),
            BargeInDetector(),
            Endpointer(config.vad.start_s, config.vad.stop_s, config.vad.threshold),
            WakeWords(config.wake.models_dir, config.wake),
        )
        self._ears = Ears(RingBuffer(config.microphone.ring_s), senses, post, lambda: self._now)

    def played(self, block: Samples, now: float) -> None:
        """As the speaker tells it, from its own thread."""
        self._reference.played(block, now)

    def hear(self, frame: Samples, now: float) -> None:
        self._now = now
        self._ears.hear(frame)
