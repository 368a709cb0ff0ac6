"""How loud the room is when nothing happens in it, tracked as one goes.

A minimum that is let down at once and drawn up slowly: speech has pauses, and in each
of them the floor is seen again; a fan that is switched on is floor after some seconds.
"""

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.level import rms_dbfs

RISES_DB_PER_S = 1.5
FALLS_BY = 0.3
"""The part of the way down to a quieter frame that is gone at once: a single quieter
frame is chance, a few are the room."""

QUIETEST_DBFS = -80.0
"""A floor below the last three bits of a microphone is a muted one's; rising from there
to a living room must not look like shouting."""


class NoiseFloor:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another room: the next frame is the first guess."""
        self.floor_dbfs: float | None = None

    def hear(self, frame: Samples) -> float:
        """How far this frame is above the floor, in dB. Frames may be of any length."""
        level = max(QUIETEST_DBFS, rms_dbfs(frame))
        if self.floor_dbfs is None:
            self.floor_dbfs = level
        elif level < self.floor_dbfs:
            self.floor_dbfs += FALLS_BY * (level - self.floor_dbfs)
        else:
            risen = self.floor_dbfs + RISES_DB_PER_S * len(frame) / CAPTURE_RATE_HZ
            self.floor_dbfs = min(level, risen)
        return level - self.floor_dbfs
