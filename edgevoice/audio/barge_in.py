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

from edgevoice.audio.echo import Cancelled
from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.level import rms_dbfs

# The numbers below were found on 26 recordings of people talking into 20 others, through
# `simulator/acoustics.py` and the software canceller: -3, -10 and -20 dB of echo, 40 to
# 150 ms late, linear and compressed by 2.4 dB, same clock and 100 ppm apart, the voice as
# loud as the echo or 10 dB quieter; with doors, claps and a kitchen as the opposite.

HINT_DB, LOUD_DB = 6.0, 9.0
"""Above the residue, for a hint and for being sure. Weak beginnings are hinted at 40 ms earlier
at 6 dB than at 9, and our own voice ducks itself about once a minute instead of never; at 4 dB
five times: `scripts/bench audio --only barge-in,alone`."""
VERY_LOUD_DB = 12.0
HINT_PROBABILITY, SPEECH_PROBABILITY, SURE_PROBABILITY = 0.08, 0.5, 0.9
"""Silero needs 40 to 100 ms to make up its mind: a hint only asks that it does not object."""
SURE_FRAMES = 3
"""Frames of speech without which nothing is confirmed, however loud."""
BLIND_FRAMES = 2
"""A hint that the VAD never agrees to needs this much more: dishes clatter. Claps and doors
lower the answer for a second, too; at 5 (and a probability of 0.2) only doors did, but one
voice in ten was late: 104 to 110 ms instead of 70 to 78 on the
23 recordings by which this was chosen."""
MOST_FRAMES = 12
"""Loud frames are counted up to here, so that quiet ones soon count them down again."""

ECHO_FRAMES = 30
"""What was played in the last 0.6 s may still be heard: 0.2 s of delay and of the room..."""
FULL_FRAMES = 10
DECAY_DB = 3.0
"""...after which a living room (0.35 s to -60 dB) fades by so much in each frame."""

LINEAR_PRIOR_DB = -10.0
"""Residue under what was played, until it is known better: an echo nobody has cancelled."""
UPLINK_PRIOR_DB = -25.0
"""AEC3 suppresses from the first frame on: 32 dB measured, in rooms at -6 to -20 dB."""

DISTRUST_DB = 10.0
"""Asked of the linear output in addition while the VAD takes what is left of us for speech:
then the room is not learnt yet, or cannot be (clocks that drift, a rattling speaker)."""
DISTRUST_FRAMES = 50
"""Over which that is judged; nothing is trusted at first."""

TRUSTED = 0.3
"""Below this, what the VAD takes for speech is somebody's, even if it was never confirmed."""

DEAF_FRAMES = 75
"""After a voice was heard, its pauses are no measure of our own: 1.5 s."""

LEARN_FRAMES, PATIENCE_FRAMES = 10, 50
"""How long a frame waits to be learnt from: usually, and while somebody may be speaking."""

CAUTION_DB, CAUTIOUS_FRAMES = 20.0, 60
"""Asked in addition when something begins to be played, and ever less of it until 1.2 s later:
the canceller may have to find the echo again, having learnt from a voice in between."""

STRANGE_FRAMES = 150
"""The same in a room that is not known yet, until it was learnt from for 3 s: the first answer
of all interrupted itself after 1.8 s in three runs of four."""

GONE_FRAMES = 25
"""A voice without speech for 0.5 s has ended, however loud it is otherwise."""

SPEAKING_FRAMES = 10
"""Who has not spoken for 0.2 s when an answer begins has finished: a relay that hears it in the
tone of the voice answers 0.35 s after the last word."""

TELLING_DB = 12.0
"""Echo that should be so far under the noise of the room teaches nothing."""

SILENCE_DBFS = -75.0
"""Level of +-6 LSB: nothing below it is anybody's voice."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Somebody may be speaking since `sample`."""

    sample: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Somebody is, since `sample`."""

    sample: int


class BargeInDetector:
    """To be asked for every frame while something of ours may be heard, and before.

    Who speaks before an answer begins, or in a pause of it, is known when it goes on.
    """

    _playing: int
    """Frames since something began to be played; 0 in a pause."""

    def __init__(self, hint_frames: int = 2, confirm: int = 9) -> None:
        """A hint after so many loud frames of 20 ms, or one that the VAD takes for speech;
        `confirm`: points, see `_count`."""
        self._hint_frames = hint_frames
        self._confirm = confirm
        self._far: deque[float] = deque(maxlen=ECHO_FRAMES)
        self._linear = _Residue(LINEAR_PRIOR_DB)
        self._uplink = _Residue(UPLINK_PRIOR_DB)
        self._distrust = 1.0
        self._deaf_frames = 0
        self._next = -1
        self._start_over()

    def hear(
        self, cancelled: Cancelled, probability: float, far: Samples, first: int
    ) -> Hint | Confirmed | None:
        """One frame from sample `first` on; `probability` of speech in `cancelled.linear`."""
        if first != self._next:
            self._start_over()
        self._next = first + FRAME_SAMPLES
        self._far.append(rms_dbfs(far))
        self._playing = self._playing + 1 if max(self._far) > SILENCE_DBFS else 0
        self._count(self._excess(cancelled), probability, first)
        told = self._decide(probability)
        self._learn(probability)
        return told

    def answer_begins(self) -> int | None:
        """The first sample of a voice that is going on; None: nobody is speaking.

        Whose last word is over does not interrupt the answer to it, and is heard anew
        when they go on.
        """
        if self._told is not Confirmed:
            return None
        if self._silent_frames <= SPEAKING_FRAMES:
            return self._since
        self._voice_is_over()
        return None

    @property
    def is_voice(self) -> bool:
        """Since a hint, until the loud stretch it was about is over."""
        return self._told is not None

    def reset(self) -> None:
        """Another microphone or another room: nothing is known any more."""
        self._linear = _Residue(LINEAR_PRIOR_DB)
        self._uplink = _Residue(UPLINK_PRIOR_DB)
        self._distrust = 1.0
        self._next = -1

    def _start_over(self) -> None:
        """Nobody is speaking, as far as is known; the room is what it was."""
        self._far.clear()
        self._playing = self._loud = self._speech = self._score = 0
        self._since = self._silent_frames = 0
        self._unlearnt: deque[tuple[float | None, float | None, float, bool]] = deque()
        self._told: type[Hint] | type[Confirmed] | None = None

    def _excess(self, cancelled: Cancelled) -> float:
        """In dB above what our own voice may reach, where that is clearest."""
        echo = self._echo_db()
        linear = self._linear.excess(rms_dbfs(cancelled.linear), echo)
        uplink = self._uplink.excess(rms_dbfs(cancelled.uplink), echo)
        known = min(self._playing / CAUTIOUS_FRAMES, self._uplink.frames / STRANGE_FRAMES)
        caution = CAUTION_DB * max(0.0, 1 - known)
        caution = caution if self._playing else 0.0
        return max(linear - DISTRUST_DB * self._distrust, uplink) - caution

    def _learn(self, probability: float) -> None:
        """What our own voice is like; nothing of a voice that is not ours, nor right after it.

        A word's first sounds are soft. So nothing is learnt until it is 0.2 s old, or
        longer while there is a suspicion; and what passes for speech teaches nothing
        where our own voice usually does not.
        """
        playing = self._far[-1] > self._echo_db() - TELLING_DB
        self._unlearnt.append((self._linear.seen_db, self._uplink.seen_db, probability, playing))
        if self._told is Confirmed:
            self._deaf_frames = DEAF_FRAMES
        if self._deaf_frames:
            self._deaf_frames -= 1
            self._unlearnt.clear()
        cautious = 0 < self._playing < CAUTIOUS_FRAMES and self._distrust <= TRUSTED
        while len(self._unlearnt) > (PATIENCE_FRAMES if self._loud or cautious else LEARN_FRAMES):
            linear_db, uplink_db, probability, playing = self._unlearnt.popleft()
            if probability < SPEECH_PROBABILITY or self._distrust > TRUSTED:
                self._linear.learn(linear_db)
                self._uplink.learn(uplink_db)
            if playing:
                self._distrust += (probability - self._distrust) / DISTRUST_FRAMES

    def _echo_db(self) -> float:
        """The loudest of what was played and can still be heard."""
        newest_first = enumerate(reversed(self._far))
        return max(level - DECAY_DB * max(0, age - FULL_FRAMES) for age, level in newest_first)

    def _count(self, excess: float, probability: float, first: int) -> None:
        """Up for a voice, down for doubt, so that one weak frame does not start over.

        A loud frame is a point, a loud frame of speech two, one beyond doubt three.
        """
        self._silent_frames += 1
        if self._told is Confirmed and self._silent_frames > GONE_FRAMES:
            self._voice_is_over()
        if excess < HINT_DB:
            self._loud, self._score = max(0, self._loud - 1), max(0, self._score - 1)
            if self._loud == 0:
                self._speech, self._score, self._told = 0, 0, None
            return
        if self._loud == 0:
            self._since = first
        self._loud = min(self._loud + 1, MOST_FRAMES)
        if excess < LOUD_DB:
            return
        self._score += 1
        if probability >= SPEECH_PROBABILITY:
            self._speech += 1
            self._silent_frames = 0
            sure = probability >= SURE_PROBABILITY and excess >= VERY_LOUD_DB
            self._score += 2 if sure else 1

    def _voice_is_over(self) -> None:
        self._loud = self._speech = self._score = 0
        self._told = None

    def _decide(self, probability: float) -> Hint | Confirmed | None:
        if self._told is Confirmed:
            return None
        if self._score >= self._confirm and self._speech >= SURE_FRAMES:
            self._told = Confirmed
            return Confirmed(self._since)
        blind = 0 if probability >= HINT_PROBABILITY else BLIND_FRAMES
        enough = 1 if probability >= SPEECH_PROBABILITY else self._hint_frames + blind
        if self._told is None and self._loud >= enough:
            self._told = Hint
            return Hint(self._since)
        return None


class _Residue:
    """How much of our own voice one output lets through at most, learnt as it goes on."""

    RISE, RISE_FAR = 0.3, 0.05
    """Towards a louder frame, and to one so much louder that it was suspicious."""
    FALL, FALL_LATER = 0.03, 0.01
    """Towards quieter ones: half in 0.5 s, later 1.5 s. Peaks are rare and must be kept."""
    EARLY_FRAMES = 100
    FLOOR_RISE_DB = 0.01
    """0.5 dB in a second: the noise of the room, measured in the pauses of what is played."""
    FLOOR_MARGIN_DB = 2.0

    def __init__(self, prior_db: float) -> None:
        self._coupling_db = prior_db
        self._floor_db = 0.0
        self.frames = 0
        self.seen_db: float | None = None

    def excess(self, level_db: float, echo_db: float) -> float:
        """By how much this frame is louder than our own voice can be."""
        self._floor_db = min(level_db, self._floor_db + self.FLOOR_RISE_DB)
        quiet = max(SILENCE_DBFS, self._floor_db + self.FLOOR_MARGIN_DB)
        ours = echo_db + self._coupling_db
        telling = ours >= quiet - TELLING_DB
        self.seen_db = max(level_db, quiet) - echo_db if telling else None
        return level_db - max(quiet, ours)

    def learn(self, seen_db: float | None) -> None:
        """From a frame that turned out to be ours."""
        if seen_db is None:
            return
        apart = seen_db - self._coupling_db
        self.frames += 1
        if apart > 0:
            self._coupling_db += apart * (self.RISE if apart < LOUD_DB else self.RISE_FAR)
        else:
            early = self.frames < self.EARLY_FRAMES
            self._coupling_db += apart * (self.FALL if early else self.FALL_LATER)
