"""Sound for what is not there: libopus guesses, and the guess fades. Pure.

libopus goes on humming a held vowel for as long as it is asked (0.3 s at full level
measured on a steady voice), so the fading is ours, over about the time that NetEq's
expansion takes.
"""

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc.codec import Decoder
from edgevoice.webrtc.quiet import eased

FULL_MS = 40
SILENT_MS = 140
"""A guess is good for two packets; after seven it would be a lie."""
STEP_MS = 10
EASE_S = 0.0025


class Concealment:
    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._rate_hz = decoder.rate_hz
        self._run = 0
        """Samples made up since the last true one."""
        self._last = 0

    @property
    def is_silent(self) -> bool:
        """The guess has faded out."""
        return self._run >= self._samples(SILENT_MS)

    @property
    def step(self) -> int:
        return self._samples(STEP_MS)

    def conceal(self, samples: int) -> Samples:
        """The next so many samples, of any number."""
        heard = max(0, min(samples, self._samples(SILENT_MS) - self._run))
        out = np.zeros(samples, np.int16)
        if heard:
            step = self._rate_hz // 400
            whole = -(-heard // step) * step
            out[:heard] = (self._decoder.conceal(whole)[:heard] * self._gain(heard)).astype(
                np.int16
            )
        self._run += samples
        self._last = int(out[-1]) if samples else self._last
        return out

    def recover(self, next_packet: bytes, samples: int, packet_samples: int) -> Samples | None:
        """The last so many samples of the lost packet; None if they cannot be had."""
        try:
            whole = self._decoder.recover(next_packet, packet_samples)
        except RemoteProtocolError:
            return None
        return self.true(whole[len(whole) - samples :])

    def true(self, samples: Samples) -> Samples:
        """Sound that was sent: joined without a click to what was made up before it."""
        if self._run > self._samples(FULL_MS):
            samples = eased(samples, self._last, round(EASE_S * self._rate_hz))
        self._run = 0
        self._last = int(samples[-1]) if len(samples) else self._last
        return samples

    def _gain(self, samples: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        at = np.arange(self._run, self._run + samples, dtype=np.float32) * 1000 / self._rate_hz
        gain = (SILENT_MS - at) / (SILENT_MS - FULL_MS)
        return np.clip(gain, 0.0, 1.0).astype(np.float32)

    def _samples(self, ms: int) -> int:
        return ms * self._rate_hz // 1000
