"""What a server hears, when, and when the speaker has stopped: alike for all servers.

Only numpy, because it also runs in the peers' environments.
"""

import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
FRAME = 320
LOUD = 120.0
"""RMS of 20 ms that counts as speech; the room's noise has 2."""
SILENCE_S = 0.5
"""Ends a turn at every server here. Home Assistant waits for 0.7 s by default."""
SPEECH_S = 0.1
"""So much makes a turn."""

Samples = NDArray[np.int16]


class Ear:
    """Writes `heard.pcm`, one call after the other, and a line of JSON for everything."""

    def __init__(self, folder: Path) -> None:
        self._lines = (folder / "heard.jsonl").open("a", encoding="utf-8")
        self._sound = (folder / "heard.pcm").open("ab")
        self._next = 0

    def call(self) -> None:
        """A new stream begins."""
        self._next = 0
        self.say("call")

    def hear(self, first: int, samples: Samples) -> None:
        """`first` counts from the beginning of the call; what is missing before it is noted."""
        at = time.monotonic()
        if first < self._next:
            samples = samples[self._next - first :]
            first = self._next
        if not len(samples):
            return
        place = self._sound.tell() // 2
        self._sound.write(samples.astype("<i2").tobytes())
        self._sound.flush()
        self.say("heard", at=at, first=first, samples=len(samples), place=place,
                 missing=first - self._next)  # fmt: skip
        self._next = first + len(samples)

    def append(self, samples: Samples) -> None:
        self.hear(self._next, samples)

    def close(self) -> None:
        self._lines.close()
        self._sound.close()

    def say(self, what: str, **news: object) -> None:
        self._lines.write(json.dumps({"what": what, "at": time.monotonic(), **news}) + "\n")
        self._lines.flush()


class Turns:
    """Speech, then silence: by energy, in the time of the samples."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.int16)
        self._speech = self._silence = 0

    @property
    def speaking(self) -> bool:
        """So much has been said that it is somebody."""
        return self._speech * FRAME >= SPEECH_S * RATE_HZ

    def hear(self, samples: Samples) -> bool:
        """Whether a turn has ended."""
        self._rest = np.concatenate((self._rest, samples))
        ended = False
        while len(self._rest) >= FRAME:
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            ended |= self._frame(float(np.sqrt(np.mean(frame.astype(np.float64) ** 2))))
        return ended

    def _frame(self, loudness: float) -> bool:
        if loudness > LOUD:
            self._speech, self._silence = self._speech + 1, 0
            return False
        self._silence += 1
        if self._silence * FRAME < SILENCE_S * RATE_HZ:
            return False
        ended = self.speaking
        self._speech = self._silence = 0
        return ended
