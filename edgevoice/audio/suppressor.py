"""What the linear canceller leaves of the echo, taken off what is sent: AEC3 (WebRTC).

It changes a voice, so only the uplink hears it. It is given the linear canceller's
output instead of the microphone's: with echo and voice equally loud the voice then
keeps all but 2 dB (8 dB otherwise), and 4 dB less echo remains (`scripts/bench echo`).

It runs only while it is wanted; otherwise a delay line of the same length takes its
place, and the two are faded into each other. The only importer of pywebrtc_audio.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pywebrtc_audio

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples

NoiseSuppression = Literal["off", "low", "moderate", "high"]

DELAY = 128
"""Samples by which AEC3 delays: measured with pywebrtc-audio 0.2.0; a test measures again."""
DELAY_WITH_NOISE_SUPPRESSION = 224
LEVELS: Mapping[str, int] = MappingProxyType({"low": 0, "moderate": 1, "high": 2})
"""6, 12 and 18 dB."""

PRIMING_FRAMES = 2
"""When it begins anew it still holds what it heard when it stopped, for up to 14 ms."""
_FADE = np.linspace(0, 1, FRAME_SAMPLES // 2, dtype=np.float32)


class Suppressor:
    """Frames of 320 samples in, as many out, always `delay` samples later."""

    def __init__(self, noise_suppression: NoiseSuppression = "off") -> None:
        quiet = noise_suppression != "off"
        self.delay = DELAY_WITH_NOISE_SUPPRESSION if quiet else DELAY
        self._level = LEVELS.get(noise_suppression)
        self._aec: Any = None
        self._past: Samples = np.zeros(self.delay, np.int16)
        self._primed = 0

    def process(self, samples: Samples, far: Samples, wanted: bool) -> Samples:
        """`wanted`: echo is about to be heard, or noise is to be suppressed."""
        both = np.concatenate((self._past, samples))
        delayed, self._past = both[:FRAME_SAMPLES], both[FRAME_SAMPLES:]
        if not wanted and not self._primed:
            return delayed
        suppressed = self._suppressed(samples, far)
        if not wanted:
            audible, self._primed = self._primed > PRIMING_FRAMES, 0
            return _faded(suppressed, delayed) if audible else delayed
        self._primed = min(self._primed + 1, PRIMING_FRAMES + 2)
        if self._primed <= PRIMING_FRAMES:
            return delayed
        first = self._primed == PRIMING_FRAMES + 1
        return _faded(delayed, suppressed) if first else suppressed

    def reset(self) -> None:
        """What comes next follows silence. What was learnt of the room is kept."""
        self._past = np.zeros(self.delay, np.int16)
        self._primed = 0

    def _suppressed(self, samples: Samples, far: Samples) -> Samples:
        if self._aec is None:  # 2 MB, and not before something is played
            self._aec = pywebrtc_audio.AudioProcessor(
                sample_rate=CAPTURE_RATE_HZ,
                echo_cancellation=True,
                noise_suppression=self._level is not None,
                ns_level=self._level or 0,
            )
        cleaned: Samples = self._aec.process(samples, far)
        return cleaned


def _faded(before: Samples, after: Samples) -> Samples:
    """From one to the other within the first 10 ms."""
    mixed = after.copy()
    fading = slice(0, len(_FADE))
    turn = before[fading] + _FADE * (after[fading].astype(np.float32) - before[fading])
    mixed[fading] = np.rint(turn)
    return mixed
