"""What a device has said aloud: its sentences are looked for in what its loudspeaker played."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.hardware.sound import sounds
from edgevoice.transceiver.actions import Problem
from tests.waiting import until

RATE_HZ = 16_000
PIECE_S, PIECES = 0.3, 5
"""Any of the first pieces of a sentence tells it from all others; a busy machine tears some."""
ALIKE = 0.99
QUIET_S = 0.3
WAV_HEADER = 44


@dataclass
class Overheard:
    """`speaker.backend: wav`, `speaker.device` this path and `speaker.rate_hz` RATE_HZ."""

    path: Path
    _since: int = 0

    async def silence(self) -> None:
        """Waits until it has finished, and forgets what was said until then."""
        await until(lambda: not self._samples()[-round(QUIET_S * RATE_HZ) :].any())
        self._since = len(self._samples())

    async def sentence(self, problem: Problem) -> None:
        """Waits until it is said. TimeoutError where it is not."""
        wanted = _pieces(problem)

        def is_heard() -> bool:
            heard = self._samples()[self._since :]
            return any(best_match(heard, piece) > ALIKE for piece in wanted)

        await until(is_heard)

    def _samples(self) -> Samples:
        data = self.path.read_bytes()[WAV_HEADER:]
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)


def _pieces(problem: Problem) -> list[Samples]:
    """Of the sentence; the chime before it is the same for all."""
    whole = sounds.announcement(problem, RATE_HZ)
    chime = len(sounds.load("error", RATE_HZ)) + round(sounds.ANNOUNCEMENT_PAUSE_S * RATE_HZ)
    size = round(PIECE_S * RATE_HZ)
    return [whole[chime + n * size :][:size] for n in range(PIECES)]


def best_match(heard: Samples, wanted: Samples) -> float:
    """The highest correlation of the two at any shift, at whatever volume; 1: the same."""
    size = len(wanted)
    if len(heard) < size:
        return 0.0
    signal, pattern = heard.astype(np.float64), wanted.astype(np.float64)
    length = len(signal) + size
    spectrum = np.fft.rfft(signal, length) * np.conj(np.fft.rfft(pattern, length))
    products = np.fft.irfft(spectrum, length)[: len(signal) - size + 1]
    squares = np.concatenate([[0.0], np.cumsum(signal**2)])
    energy = squares[size:] - squares[: len(squares) - size]
    norm = np.sqrt(np.maximum(energy, 1.0) * (pattern**2).sum())
    return float((products / norm).max())
