"""What speaks: the interface, and PCM of any kind as the samples the engine wants."""

from collections.abc import AsyncGenerator
from typing import Protocol

import numpy as np

from edgevoice.audio.resample import Resampler
from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ, Samples

LONGEST_S = 90
"""Nobody reads four hundred letters as slowly; a server that sends more has lost the thread."""


class Mouth(Protocol):
    """One per relay. `open` before use, `close` after; used from one event loop."""

    async def open(self) -> None:
        """Load what is needed. A server that is away is no reason not to start.

        Raises ModelError, CredentialError or EngineError with the remedy.
        """

    def speak(self, sentence: str) -> AsyncGenerator[Samples]:
        """24 kHz, in pieces as they are made; nothing for what says nothing.

        Raises EngineError. Closing it ends the synthesis.
        """

    async def close(self) -> None:
        """Release threads, networks and connections."""


class PcmReader:
    """Bytes in, in any pieces; samples at 24 kHz out. 16 bits, any rate, any channels."""

    def __init__(self, rate_hz: int, channels: int = 1) -> None:
        if not (8_000 <= rate_hz <= 192_000 and 1 <= channels <= 8):
            raise EngineError(f"cannot play sound of {rate_hz} Hz and {channels} channels")
        self._width = 2 * channels
        self._left = LONGEST_S * rate_hz * self._width
        self._rest = b""
        resamples = rate_hz != SPEAKING_RATE_HZ
        self._resampler = Resampler(rate_hz, SPEAKING_RATE_HZ) if resamples else None

    def push(self, data: bytes) -> Samples:
        self._left -= len(data)
        if self._left < 0:
            raise EngineError(f"the speech server sent more than {LONGEST_S} s for one sentence")
        data = self._rest + data
        whole = len(data) - len(data) % self._width
        self._rest = data[whole:]
        frames = np.frombuffer(data[:whole], "<i2").reshape(-1, self._width // 2)
        samples: Samples = frames.mean(axis=1).astype(np.int16)
        return self._resampler.push(samples) if self._resampler else samples

    def finish(self) -> Samples:
        """What the resampler held back."""
        return self._resampler.finish() if self._resampler else np.zeros(0, np.int16)
