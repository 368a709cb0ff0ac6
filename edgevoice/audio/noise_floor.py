"""How loud the room is when nothing happens in it, tracked as one goes.

A minimum that is let down at once and drawn up slowly: speech has pauses, and in each
of them the floor is seen again; a fan that is switched on is floor after some seconds.
"""

import math

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples

RISES_DB_PER_S = 1.5
FALLS_BY = 0.3
"""The part of the way down to a quieter frame that is gone at once: a single quieter
frame is chance, a few are the room."""

QUIETEST_DBFS = -80.0
"""A floor below the last three bits of a microphone is a muted one's; rising from there
to a living room must not look like shouting."""

FULL_SCALE = 32768.0


class NoiseFloor:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another room: the next frame is the first guess."""
        self.floor_dbfs: float | None = None

    def hear(self, frame: Samples) -> float:
        """How far this frame is above the floor, in dB. Frames may be of any length."""
        level = level_dbfs(frame)
        if self.floor_dbfs is None:
            self.floor_dbfs = level
        elif level < self.floor_dbfs:
            self.floor_dbfs += FALLS_BY * (level - self.floor_dbfs)
        else:
            risen = self.floor_dbfs + RISES_DB_PER_S * len(frame) / CAPTURE_RATE_HZ
            self.floor_dbfs = min(level, risen)
        return level - self.floor_dbfs


def level_dbfs(samples: Samples) -> float:
    """RMS level; 0 is a square wave at full scale, and nothing is below `QUIETEST_DBFS`."""
    sound = samples.astype("float32")
    power = float(sound @ sound) / max(1, len(sound)) / FULL_SCALE**2
    return max(QUIETEST_DBFS, 10 * math.log10(power)) if power > 0 else QUIETEST_DBFS
