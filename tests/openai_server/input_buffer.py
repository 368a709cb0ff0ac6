"""The one input buffer of a session, its energy VAD, and the turns cut from it. Knows no wire."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from edgevoice.audio.frames import Samples

FRAME_MS = 20
LOUD_RMS = 400.0

Source = str
"""`append` (24 kHz) or `rtp` (16 kHz)."""
RATES_HZ = {"append": 24_000, "rtp": 16_000}


@dataclass
class Turn:
    """What was in the buffer when it was committed."""

    pieces: list[tuple[Source, Samples]] = field(default_factory=list)

    @property
    def sources(self) -> set[Source]:
        return {source for source, _ in self.pieces}

    def samples(self, source: Source) -> Samples:
        found = [piece for its, piece in self.pieces if its == source]
        return np.concatenate([np.zeros(0, np.int16), *found])

    @property
    def ms(self) -> int:
        return sum(len(piece) * 1000 // RATES_HZ[source] for source, piece in self.pieces)


@dataclass
class ServerVad:
    """`started` or `stopped`, by loudness alone."""

    silence_ms: int = 500
    speaking: bool = False
    silent_ms: int = 0

    def hear(self, frame: Samples) -> str | None:
        loud = float(np.sqrt(np.mean(frame.astype(np.float64) ** 2))) > LOUD_RMS
        self.silent_ms = 0 if loud else self.silent_ms + FRAME_MS
        if loud and not self.speaking:
            self.speaking = True
            return "started"
        if self.speaking and self.silent_ms >= self.silence_ms:
            self.speaking = False
            return "stopped"
        return None


class InputBuffer:
    def __init__(self) -> None:
        self.current = Turn()
        self.turns: list[Turn] = []
        self.violations: list[str] = []
        self.heard_ms = 0
        """Of the whole session."""
        self.vad: ServerVad | None = ServerVad()
        self._rest = {source: np.zeros(0, np.int16) for source in RATES_HZ}

    def write(self, source: Source, samples: Samples) -> Iterator[str]:
        """Returns what the VAD found, one after the other."""
        frame = RATES_HZ[source] * FRAME_MS // 1000
        samples = np.concatenate([self._rest[source], samples])
        whole = len(samples) // frame * frame
        self._rest[source] = samples[whole:]
        for start in range(0, whole, frame):
            piece = samples[start : start + frame]
            self.current.pieces.append((source, piece))
            self.heard_ms += len(piece) * 1000 // RATES_HZ[source]
            found = self.vad.hear(piece) if self.vad else None
            if found:
                yield found

    def commit(self) -> Turn:
        for source, rest in self._rest.items():
            if len(rest):
                self.current.pieces.append((source, rest))
        turn = self.current
        self.clear()
        if len(turn.sources) > 1:
            self.violations.append("appends and RTP in one turn")
        self.turns.append(turn)
        return turn

    def clear(self) -> None:
        self.current = Turn()
        self._rest = {source: np.zeros(0, np.int16) for source in RATES_HZ}
