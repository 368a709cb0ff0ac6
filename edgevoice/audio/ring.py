"""The last seconds of captured sound, addressed by the device's sample clock.

Sample n is the n-th sample the microphone delivered since the daemon started.
Used from the event loop only; who may read what is decided elsewhere.
"""

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.errors import SamplesLost


class RingBuffer:
    def __init__(self, seconds: float, rate_hz: int = CAPTURE_RATE_HZ) -> None:
        self._samples: Samples = np.zeros(max(1, round(seconds * rate_hz)), np.int16)
        self._end = 0

    @property
    def end(self) -> int:
        """Index of the next sample to be captured."""
        return self._end

    @property
    def start(self) -> int:
        """Index of the oldest sample still held; equals `end` before the first write."""
        return max(0, self._end - len(self._samples))

    def write(self, samples: Samples) -> None:
        """Append a block of any length; the oldest samples make room."""
        if samples.dtype != np.int16 or samples.ndim != 1:
            raise ValueError(f"mono int16 samples wanted, got {samples.dtype}{samples.shape}")
        self._end += len(samples)
        self._store(samples[-len(self._samples) :])

    def read(self, start: int, stop: int) -> Samples:
        """A copy of samples `start` to `stop` - 1; SamplesLost if any is not held."""
        if not self.start <= start <= stop <= self._end:
            raise SamplesLost(
                f"samples {start} to {stop} wanted, {self.start} to {self._end} held;"
                " a larger microphone.ring_s keeps more"
            )
        first = start % len(self._samples)
        direct = self._samples[first : first + stop - start]
        wrapped = self._samples[: stop - start - len(direct)]
        return np.concatenate((direct, wrapped))

    def erase(self) -> None:
        """What is held becomes silence; the clock goes on."""
        self._samples[:] = 0

    def _store(self, newest: Samples) -> None:
        first = (self._end - len(newest)) % len(self._samples)
        room = len(self._samples) - first
        self._samples[first : first + len(newest)] = newest[:room]
        self._samples[: max(0, len(newest) - room)] = newest[room:]
