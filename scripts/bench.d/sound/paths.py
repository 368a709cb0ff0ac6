"""Ways from the microphone to the wake word: with the echo, AEC3 as it comes, and ours.

Each is told what is played, in blocks of the loudspeaker's rate, and cleans what is
captured. Times are those of the callbacks.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import pywebrtc_audio

from edgevoice.audio.echo_canceller import make_canceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.resample import Resampler
from edgevoice.config import EchoConfig


class HearingPath(Protocol):
    def played(self, block: Samples, now: float) -> None: ...

    def hear(self, frame: Samples, first: int, now: float) -> Samples: ...


class PlainMicrophone:
    def __init__(self, playout_rate_hz: int) -> None:
        pass

    def played(self, block: Samples, now: float) -> None:
        pass

    def hear(self, frame: Samples, first: int, now: float) -> Samples:
        return frame


class Aec3:
    """As its examples use it: what was played waits in a queue for what was captured."""

    def __init__(self, playout_rate_hz: int) -> None:
        self._resampler = Resampler(playout_rate_hz, CAPTURE_RATE_HZ)
        self._waiting = np.zeros(FRAME_SAMPLES, np.int16)
        self._processor = pywebrtc_audio.AudioProcessor(
            sample_rate=CAPTURE_RATE_HZ, echo_cancellation=True
        )

    def played(self, block: Samples, now: float) -> None:
        self._waiting = np.concatenate((self._waiting, self._resampler.push(block)))

    def hear(self, frame: Samples, first: int, now: float) -> Samples:
        far, self._waiting = np.split(self._waiting, [FRAME_SAMPLES])
        far = np.pad(far, (0, FRAME_SAMPLES - len(far)))
        halves = zip(np.split(frame, 2), np.split(far, 2), strict=True)
        return np.concatenate([self._processor.process(near, played) for near, played in halves])


class Linear:
    """What the device's own ears hear."""

    def __init__(self, playout_rate_hz: int) -> None:
        self._reference = EchoReference(playout_rate_hz)
        self._canceller = make_canceller(EchoConfig(), self._reference.adjust)

    def played(self, block: Samples, now: float) -> None:
        self._reference.played(block, now)

    def hear(self, frame: Samples, first: int, now: float) -> Samples:
        self._reference.captured(first + len(frame), now)
        far = self._reference.take(first, len(frame))
        return self._canceller.process(frame, far).linear


PATHS: Mapping[str, Callable[[int], HearingPath]] = {
    "microphone": PlainMicrophone,
    "AEC3": Aec3,
    "linear": Linear,
}
