"""The book of one turn: when it begins and ends, and the marks of its waterfall.

The relay decides where a turn begins and ends; the device's own VAD knows more
exactly where speech began and stopped. Here the two meet. Nothing is decided.
"""

from edgevoice.transceiver.actions import Action, BeginTurn, EndTurn, Mark, Stage

SAMPLES_PER_MS = 16


class Turn:
    """Begun and ended many times in a session; every BeginTurn gets its EndTurn."""

    def __init__(self, first_sample: int) -> None:
        self.is_open = False
        self.was_answered = False
        self.cause = ""
        """Of the turn that is open, or was last."""
        self._first_sample = first_sample
        self._not_before = first_sample
        self._local_start: int | None = None
        self._local_stop: int | None = None
        self._speech_from = first_sample
        self._decided_at = first_sample
        self._speech_until: int | None = None
        """By the relay's word, as long as the device's own VAD has said nothing better."""

    @property
    def speech_from(self) -> int:
        """Where the user's latest speech began, by the relay's word or our own."""
        return max(self._speech_from, self._local_start or 0)

    @property
    def decided_at(self) -> int:
        """Up to here the relay has heard and judged everything."""
        return self._decided_at

    def rebase(self, first_sample: int) -> None:
        """Another session hears us from this sample on, and counts from it."""
        self._first_sample = self._not_before = first_sample
        self._speech_from = self._decided_at = first_sample
        self._speech_until = None

    def begin(self, cause: str) -> list[Action]:
        assert not self.is_open, "a turn begins within a turn"
        self.is_open, self.was_answered, self.cause = True, False, cause
        self._speech_until = None
        return [BeginTurn(cause)]

    def end(self, outcome: str, now: float) -> list[Action]:
        """Nothing when no turn is open."""
        if not self.is_open:
            return []
        marks = [*self._settle_speech_end(self._speech_until, now), *self.mark(Stage.END, now)]
        self.is_open = False
        return [*marks, EndTurn(outcome)]

    def mark(self, stage: Stage, now: float, sample: int | None = None) -> list[Action]:
        return [Mark(stage, now, sample)] if self.is_open else []

    def woken(self, phrase_end: int, now: float) -> list[Action]:
        """The wake phrase is no speech of the turn."""
        self._not_before = phrase_end
        ended = self.mark(Stage.WAKE_END, now, phrase_end)
        return [*ended, *self.mark(Stage.WAKE_DECIDED, now)]

    def barged_in(self, sample: int, now: float) -> list[Action]:
        """Before the relay says so, which does not know better where it began."""
        self.local_speech_started(sample)
        return self.mark(Stage.SPEECH_START, now, sample)

    def local_speech_started(self, sample: int) -> None:
        self._local_start, self._local_stop = sample, None

    def local_speech_stopped(self, sample: int, now: float) -> list[Action]:
        """Often comes after the relay's word, and is the better measurement."""
        self._local_stop = sample
        if self._speech_until is None or not self._speech_from < sample <= self._decided_at:
            return []
        return self._settle_speech_end(sample, now)

    def speech_started(self, audio_start_ms: int, now: float) -> list[Action]:
        """By the relay, with its padding: the latest of what is known is nearest the truth."""
        started = self._first_sample + audio_start_ms * SAMPLES_PER_MS
        self._speech_from = max(started, self._not_before, self._local_start or 0)
        return self.mark(Stage.SPEECH_START, now, self._speech_from)

    def speech_stopped(self, audio_end_ms: int, silence_ms: int, now: float) -> list[Action]:
        """By the relay, which counts the silence by which it decided as well."""
        self._decided_at = self._first_sample + audio_end_ms * SAMPLES_PER_MS
        self._speech_until = max(self._speech_from, self._decided_at - silence_ms * SAMPLES_PER_MS)
        local = self._local_stop
        return [] if local is None else self.local_speech_stopped(local, now)

    def _settle_speech_end(self, sample: int | None, now: float) -> list[Action]:
        if sample is None:
            return []
        self._speech_until = None
        return self.mark(Stage.SPEECH_END, now, sample)
