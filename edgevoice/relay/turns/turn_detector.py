"""When a user's turn begins and ends: pure arithmetic on speech probabilities.

Theory. A turn begins after a little uninterrupted speech and ends after
`silence` without any. Its samples reach from `prefix` before the first speech
to `TAIL` after the last; no sample belongs to two turns.

A wake phrase is not a turn. Speech that touches it counts only from its end on
(plus a margin, because detectors fire before the phrase is over). If the next
words follow without a gap, cutting would damage the first of them: the turn
then begins with the phrase and says so by `wake_name`.

Somebody may be asked whether a pause sounds like the end (`rules.patience`). The verdict
counts `DECISION` after the question: until then the speaker may go on, which answers it. If
it is not there by then, nothing more may be heard until it is (`waits`).

Time is counted in samples, so a burst of buffered sound gives the same turns
as the same sound in real time, however long a verdict takes.
"""

from dataclasses import dataclass

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.relay.turns.wake_phrase import WakePhrase


def samples(milliseconds: int) -> int:
    return milliseconds * CAPTURE_RATE_HZ // 1000


START = samples(100)
"""Speech that begins a turn. One 20 ms frame is a click, three in a row can still be one."""
START_AFTER_PHRASE = samples(200)
"""The same, when the speech is joined to the wake phrase, counted from its end and the margin."""
PHRASE_MARGIN = samples(120)
"""openWakeWord fires early: recordings of "alexa" sounded on for 200 to 250 ms after the
estimated end, so that the phrase alone stays 70 ms short of a turn."""
JOINED_GAP = samples(200)
"""Shorter gaps after the phrase are closures of consonants, not places to cut."""
ONSET_GAP = samples(60)
"""Silence that forgets a beginning which came to nothing."""
TAIL = samples(200)
"""Kept after the last speech: word ends are quiet. Also when `TurnPaused` is told."""
DECISION = samples(100)
"""The time a verdict is given; Smart Turn takes as long on one core of a small server."""
HYSTERESIS = 0.15
"""Speech goes on down to this much under the threshold, as in Silero's own iterator."""
BLIP = samples(60)
"""Speech shorter than this does not interrupt a silence."""
MAX_TURN = samples(60_000)
"""A turn ends here whatever is heard; a television never pauses."""


@dataclass(frozen=True, slots=True)
class TurnRules:
    """What a client may change at any time."""

    threshold: float = 0.5
    prefix: int = samples(300)
    silence: int = samples(500)
    patience: int | None = None
    """Pauses are judged, and this long a silence ends a turn that does not sound finished;
    `silence` then counts where there is no verdict. None: nobody judges."""


@dataclass(frozen=True, slots=True)
class TurnStarted:
    start: int
    """First sample of the utterance."""
    wake_name: str | None = None
    """The utterance begins with this wake phrase."""


@dataclass(frozen=True, slots=True)
class TurnPaused:
    """The speaker may have finished; the utterance would end at `end`."""

    end: int
    asks: bool = False
    """`judged(end, ...)` is to be called, sooner or later."""


@dataclass(frozen=True, slots=True)
class TurnStopped:
    end: int
    """One past the last sample of the utterance."""
    decided_at: int


TurnEvent = TurnStarted | TurnPaused | TurnStopped


class TurnDetector:
    """Fed one frame after the other, without holes; says what it means for the turn."""

    def __init__(self, rules: TurnRules, wake: WakePhrase | None = None) -> None:
        self.rules = rules
        self._position = 0
        self._floor = 0
        self._turn_start: int | None = None
        self._paused = False
        self._asked: int | None = None
        self._verdict: bool | None = None
        self._onset: int | None = None
        self._speech = 0
        self._last_speech = 0
        self._phrase = wake
        self._phrase_until = wake.end if wake else 0
        self._joined = False

    @property
    def in_turn(self) -> bool:
        return self._turn_start is not None

    @property
    def floor(self) -> int:
        """No turn begins before: what was heard until then is spent."""
        return self._floor

    @property
    def settled(self) -> int:
        """Samples of the current turn up to here belong to it, whatever comes next."""
        return min(self._position, self._last_speech + TAIL)

    @property
    def waits(self) -> bool:
        """What comes next cannot be judged before the verdict is known."""
        if self._asked is None or self.rules.patience is None:
            return False
        return self._position >= self._asked + DECISION

    def judged(self, end: int, finished: bool | None) -> TurnStopped | None:
        """The pause that would end the turn at `end` sounds like it, or not; None: who knows."""
        if self._asked != end:
            return None  # the speaker went on, or the turn is over
        self._asked, self._verdict = None, finished
        is_over = self._turn_start is not None and self._silence >= self._longest_silence
        return self._stop(self._position) if is_over else None

    def give_up(self) -> TurnStopped | None:
        """No verdict is to be had."""
        return None if self._asked is None else self.judged(self._asked, None)

    def hear(self, start: int, stop: int, probability: float) -> TurnEvent | None:
        """The frame [start, stop) is speech with this probability."""
        self._position = stop
        going_on = self._turn_start is not None or self._onset is not None
        speech = probability >= self.rules.threshold - (HYSTERESIS if going_on else 0.0)
        if self._turn_start is not None:
            return self._follow_turn(self._turn_start, start, stop, speech)
        return self._await_turn(start, stop, speech)

    def expect(self, wake: WakePhrase) -> TurnStarted | None:
        """The device says a wake phrase lies there; a turn that began with it begins anew."""
        if self._turn_start is None:
            self._phrase, self._phrase_until = wake, max(wake.end, self._last_speech)
            return None
        if not wake.start - samples(1000) <= self._turn_start < wake.end:
            return None  # said in the middle of a longer sentence: only a word
        # Wherever the device says it is: a turn begins with sound that was received.
        self._turn_start = min(max(wake.start, self._floor), self.settled)
        return TurnStarted(self._turn_start, wake.name)

    def forget(self, until: int = 0) -> None:
        """Drop the turn or the beginning of one; what was heard so far is spent, and what
        lies before `until` is not to be heard any more."""
        self._floor = self._position = max(self._position, until)
        self.drop()

    def drop(self) -> None:
        """The turn, or the beginning of one, is none; its sound may be heard again."""
        self._turn_start, self._onset, self._phrase, self._joined = None, None, None, False
        self._go_on()

    def _await_turn(self, start: int, stop: int, speech: bool) -> TurnStarted | None:
        if not speech:
            if stop - self._last_speech >= ONSET_GAP:
                self._onset = None
            return None
        if self._onset is None:
            self._onset, self._speech = start, 0
            gap = start - self._phrase_until
            self._joined = self._phrase is not None and gap < JOINED_GAP
        self._last_speech = stop
        self._speech += self._counted(start, stop)
        if self._joined:
            self._phrase_until = max(self._phrase_until, stop)
        if self._speech < (START_AFTER_PHRASE if self._joined else START):
            return None
        return self._begin(self._onset)

    def _counted(self, start: int, stop: int) -> int:
        if self._phrase is None or not self._joined:
            return stop - start
        return max(0, stop - max(start, self._phrase.end + PHRASE_MARGIN))

    def _begin(self, onset: int) -> TurnStarted:
        name = None
        start = max(onset - self.rules.prefix, self._floor, 0)
        if self._phrase is not None and self._joined:
            name, start = self._phrase.name, max(self._phrase.start, self._floor)
        elif self._phrase is not None:
            start = max(start, self._phrase_until)
        start = min(start, self.settled)  # a phrase may be told ahead of its sound
        self._turn_start, self._onset = start, None
        self._phrase, self._joined = None, False
        self._go_on()
        return TurnStarted(start, name)

    def _follow_turn(
        self, turn_start: int, start: int, stop: int, speech: bool
    ) -> TurnEvent | None:
        self._speech = self._speech + stop - start if speech else 0
        if self._speech >= BLIP or (speech and start == self._last_speech):
            self._last_speech = stop
            self._go_on()
        if self._silence >= self._longest_silence or stop - turn_start >= MAX_TURN:
            return self._stop(stop)
        if self._silence >= TAIL and not self._paused:
            return self._pause()
        return None

    @property
    def _silence(self) -> int:
        return self._position - self._last_speech

    @property
    def _longest_silence(self) -> int:
        """More of it ends the turn."""
        if self.rules.patience is None:
            return self.rules.silence
        if self._verdict is None:
            return MAX_TURN if self._asked is not None else self.rules.silence
        return TAIL + DECISION if self._verdict else self.rules.patience

    def _pause(self) -> TurnPaused:
        self._paused = True
        asks = self.rules.patience is not None
        self._asked = self.settled if asks else None
        return TurnPaused(self.settled, asks)

    def _go_on(self) -> None:
        """A pause is over, with whatever was thought of it."""
        self._paused, self._asked, self._verdict = False, None, None

    def _stop(self, stop: int) -> TurnStopped:
        self._floor = end = self.settled
        self._turn_start = None
        self._go_on()
        return TurnStopped(end, stop)
