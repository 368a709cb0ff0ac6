"""A loudspeaker and a microphone in one room, sample by sample, in no time at all.

The card's callbacks come as in life: the speaker's every 10 ms of its own clock,
the microphone's every 20 ms of ours, each a little late and never twice the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.simulator.acoustics import EchoPath

PLAYOUT_RATE_HZ = 48_000
PERIOD = PLAYOUT_RATE_HZ // 100
LATE_S = 0.004
"""Callbacks of a board that has other work come up to this much late."""


@dataclass(frozen=True)
class Acoustics:
    """The room that the figures are about; see `EchoPath`."""

    delay_ms: float = 90.0
    level_db: float = -6.0
    saturation: float = 1.0
    drift_ppm: float = 100.0
    noise_dbfs: float = -65.0

    def path(self) -> EchoPath:
        return EchoPath(
            PLAYOUT_RATE_HZ,
            self.delay_ms,
            self.level_db,
            saturation=self.saturation,
            drift_ppm=self.drift_ppm,
            noise_dbfs=self.noise_dbfs,
            seed=3,
        )


class Duplex:
    """Calls back in order of time; `now` is the time of the callback that runs."""

    def __init__(
        self,
        acoustics: Acoustics,
        pull: Callable[[int], Samples],
        on_played: Callable[[Samples, float], None] = lambda block, now: None,
    ) -> None:
        self._path = acoustics.path()
        self._period_s = 0.01 / (1 + acoustics.drift_ppm * 1e-6)
        self._pull = pull
        self._on_played = on_played
        self._late = np.random.default_rng(5)
        self._pulled = 0
        self.captured = 0
        self.now = 0.0

    def frames(self, near: Samples) -> Iterator[Samples]:
        """What the microphone captures of the room next, with `near` spoken into it."""
        for first in range(0, len(near) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            self.captured += FRAME_SAMPLES
            due = self.captured / CAPTURE_RATE_HZ
            while self._pulled * self._period_s < due:
                self._play(self._pulled * self._period_s)
            heard = self._path.hear(FRAME_SAMPLES) + near[first : first + FRAME_SAMPLES].astype(int)
            self.now = due + self._lateness()
            yield np.clip(heard, -32768, 32767).astype(np.int16)

    def _play(self, due: float) -> None:
        self.now = due + self._lateness()
        block = self._pull(PERIOD)
        self._on_played(block, self.now)
        self._path.play(block)
        self._pulled += 1

    def _lateness(self) -> float:
        return LATE_S * float(self._late.random())


class Tape:
    """Something to pull from: a sound, over and over."""

    def __init__(self, sound: Samples) -> None:
        self._sound = sound
        self._place = 0

    def pull(self, n: int) -> Samples:
        block = self._sound.take(np.arange(self._place, self._place + n), mode="wrap")
        self._place = (self._place + n) % len(self._sound)
        return block
