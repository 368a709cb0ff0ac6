"""Is somebody speaking into what is being played? Counts frames, knows no time.

Heard through an echo canceller, our own voice leaves a residue. How loud it is at most,
compared with what was played just before, is learnt while nobody speaks, for both
outputs of the canceller: the linear one shows a voice 10 dB under the echo as soon as
it has learnt the room, the suppressed one from the first word on and where the linear
one fails (a loudspeaker driven too hard, clocks that drift). What is clearly louder
than that residue in either of them is not ours; whether it is speech and no slamming
door is the VAD's to say.

A hint comes early and may be wrong: it lowers the answer. Confirmed is meant to be
right: it ends the answer. Nothing is known of the canceller but what it puts out, so
that a card which cancels its echo by itself, or headphones, are measured in the same way.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from edgevoice.audio.echo import Cancelled
from edgevoice.audio.frames import FRAME_SAMPLES, Samples

LOUD_DB = 9.0
"""Above the residue: what our own voice reaches in 1 frame of 1000, and speech in its first."""
HINT_PROBABILITY = 0.2
SPEECH_PROBABILITY = 0.5
"""The VAD needs 40 to 100 ms to make up its mind: a hint only asks that it does not object."""
SURE_FRAMES = 3
BLIND_FRAMES = 5
"""A hint that the VAD never agrees to needs this much more: doors slam, dishes clatter."""
MOST_FRAMES = 12
"""What is counted up in this time is counted down in the same, so that nothing lasts."""

ECHO_FRAMES = 30
"""What was played in the last 0.6 s may still be heard: 0.2 s of delay and of the room..."""
FULL_FRAMES = 10
DECAY_DB = 3.0
"""...after which a living room (0.35 s to -60 dB) fades by so much in each frame."""

LINEAR_PRIOR_DB = -10.0
"""Residue under what was played, until it is known better: an echo nobody has cancelled."""
UPLINK_PRIOR_DB = -25.0
"""AEC3 suppresses from the first frame on: 32 dB measured, in rooms at -6 to -20 dB."""

SILENCE_DB = 15.0
"""Level of +-5 LSB: nothing below it is anybody's voice."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Somebody may be speaking since `sample`."""

    sample: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Somebody is, since `sample`."""

    sample: int


class BargeInDetector:
    """To be asked for every frame while something of ours may be heard."""

    def __init__(self, hint_frames: int = 2, confirm: int = 9) -> None:
        """A hint after so many loud frames of 20 ms; `confirm`: see `_evidence`."""
        self._hint_frames = hint_frames
        self._confirm = confirm
        self._far: deque[float] = deque(maxlen=ECHO_FRAMES)
        self._linear = _Residue(LINEAR_PRIOR_DB)
        self._uplink = _Residue(UPLINK_PRIOR_DB)
        self._next = -1
        self._start_over()

    def hear(
        self, cancelled: Cancelled, probability: float, far: Samples, first: int
    ) -> Hint | Confirmed | None:
        """One frame from sample `first` on; `probability` of speech in `cancelled.linear`."""
        if first != self._next:
            self._start_over()
        self._next = first + FRAME_SAMPLES
        self._far.append(_level_db(far))
        echo, suspicious = self._echo_db(), self._loud > 0
        excess = max(
            self._linear.excess(_level_db(cancelled.linear), echo, suspicious),
            self._uplink.excess(_level_db(cancelled.uplink), echo, suspicious),
        )
        self._count(excess, probability, first)
        return self._decide(probability)

    def reset(self) -> None:
        """Another microphone or another room: nothing is known any more."""
        self._linear = _Residue(LINEAR_PRIOR_DB)
        self._uplink = _Residue(UPLINK_PRIOR_DB)
        self._next = -1

    def _start_over(self) -> None:
        """Nobody is speaking, as far as is known; the room is what it was."""
        self._far.clear()
        self._loud = self._speech = self._score = 0
        self._since = 0
        self._told: type[Hint] | type[Confirmed] | None = None

    def _echo_db(self) -> float:
        """The loudest of what was played and can still be heard."""
        newest_first = enumerate(reversed(self._far))
        return max(level - DECAY_DB * max(0, age - FULL_FRAMES) for age, level in newest_first)

    def _count(self, excess: float, probability: float, first: int) -> None:
        """Up for a voice, down for doubt, so that one weak frame does not start over."""
        if excess < LOUD_DB:
            self._loud, self._score = max(0, self._loud - 1), max(0, self._score - 1)
            if self._loud == 0:
                self._speech, self._score, self._told = 0, 0, None
            return
        if self._loud == 0:
            self._since = first
        self._loud = min(self._loud + 1, MOST_FRAMES)
        self._score = self._score + 1
        if probability >= SPEECH_PROBABILITY:
            self._speech += 1
            self._score += 1 + (probability >= 0.9 and excess >= 12.0)

    def _decide(self, probability: float) -> Hint | Confirmed | None:
        if self._told is Confirmed:
            return None
        if self._score >= self._confirm and self._speech >= SURE_FRAMES:
            self._told = Confirmed
            return Confirmed(self._since)
        blind = 0 if probability >= HINT_PROBABILITY else BLIND_FRAMES
        if self._told is None and self._loud >= self._hint_frames + blind:
            self._told = Hint
            return Hint(self._since)
        return None


class _Residue:
    """How much of our own voice one output lets through at most, learnt as it goes on."""

    RISE = 0.3
    """Towards a louder frame that is still plausibly ours, in one frame."""
    FALL = 0.03
    """Towards quieter ones: half in 0.5 s."""
    GIVE_IN_DB = 0.1
    """In a frame that is far too loud to be ours: after some seconds the room has changed."""
    FLOOR_RISE_DB = 0.01
    """0.5 dB in a second: the noise of the room, measured in the pauses of what is played."""
    FLOOR_MARGIN_DB = 2.0

    def __init__(self, prior_db: float) -> None:
        self._coupling_db = prior_db
        self._floor_db = 100.0

    def excess(self, level_db: float, echo_db: float, suspicious: bool) -> float:
        """By how much this frame is louder than our own voice can be."""
        self._floor_db = min(level_db, self._floor_db + self.FLOOR_RISE_DB)
        quiet = max(SILENCE_DB, self._floor_db + self.FLOOR_MARGIN_DB)
        expected = max(quiet, echo_db + self._coupling_db)
        excess = level_db - expected
        if echo_db + self._coupling_db >= quiet - 12.0:
            self._learn(max(level_db, quiet) - echo_db, suspicious or excess >= LOUD_DB * 0.7)
        return excess

    def _learn(self, coupling_db: float, suspicious: bool) -> None:
        apart = coupling_db - self._coupling_db
        if apart <= 0:
            self._coupling_db += self.FALL * apart
        elif suspicious:
            self._coupling_db += self.GIVE_IN_DB
        else:
            self._coupling_db += self.RISE * apart


def _level_db(samples: Samples) -> float:
    """Over one LSB."""
    wide = samples.astype(np.float32)
    return 10.0 * float(np.log10(wide @ wide / max(1, len(wide)) + 1e-3))
