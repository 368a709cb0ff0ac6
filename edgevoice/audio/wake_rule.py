"""From one word's scores to "it was said": thresholds, scores in a row, a second engine's word.

One score per chunk of 80 ms. Knows no models and no samples, only their count.
"""

from typing import Literal, NamedTuple

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.config import WakeWordConfig

CONFIRM_THRESHOLD = 0.5
"""Low, because two engines seldom make the same mistake. With openWakeWord's threshold at
0.1 besides, "alexa" is heard about as often as by openWakeWord alone at 0.5, and a kitchen
that woke it 22 times an hour from 0.1 on never does: `scripts/bench wake --speech DIR`."""

CONFIRM_WITHIN_SAMPLES = round(0.6 * CAPTURE_RATE_HZ)
"""The engines fire up to half a second apart for the same phrase, in either order."""


RISE_OVER_CHUNKS = 8
"""A score that comes back within 0.64 s rises for the same phrase; by then a second engine
has said its word, too."""


class Heard(NamedTuple):
    """The word was said: the first engine was sure at sample `at`, with this score."""

    at: int
    score: float


class Miss(NamedTuple):
    """The word was nearly said."""

    name: str
    score: float
    """The highest of the rise."""
    threshold: float
    why: Literal["below", "refractory", "unconfirmed", "own voice", "snoozed"]


class WakeRule:
    def __init__(self, word: WakeWordConfig) -> None:
        self.word = word
        self._near = _NearMisses(word.name)
        self._needs_another = word.confirm != "none"
        self.reset()

    @property
    def is_hint(self) -> bool:
        """In this chunk, for the first time, the score rose to half the threshold."""
        return self._near.rose_now

    @property
    def near_misses(self) -> int:
        """How often the score rose to half the threshold and the word was not taken as said."""
        return self._near.count

    @property
    def missed(self) -> Miss | None:
        """A rise that came to nothing, in the chunk in which that is certain."""
        return self._near.missed

    def reset(self) -> None:
        """What is heard next does not follow what was heard before; the counts are kept."""
        self._in_a_row = 0
        self._claimed: Heard | None = None
        self._sure_at = 0
        self._agreed_at: int | None = None
        self._near.reset()

    def hear(
        self, score: float, second: float, end: int, playing: bool = False, deaf: bool = False
    ) -> Heard | None:
        """The scores of a chunk that ended at sample `end`.

        What is said while `deaf` is not heard, neither then nor later.
        """
        threshold = self.word.threshold_playing if playing else self.word.threshold
        # A score stays high for up to a second; only its rise is a claim.
        self._in_a_row = self._in_a_row + 1 if score >= threshold else 0
        if self._in_a_row == self.word.consecutive:
            self._claimed = Heard(end, score)
        if self._in_a_row >= self.word.consecutive:
            self._sure_at = end
        if second >= CONFIRM_THRESHOLD:
            self._agreed_at = end
        if deaf:
            self._claimed = None
        heard = self._claimed if self._claimed and self._agreed() else None
        if heard or end - self._sure_at >= CONFIRM_WITHIN_SAMPLES:
            self._claimed = None
        self._near.hear(score, threshold, deaf=deaf, heard=heard is not None)
        return heard

    def _agreed(self) -> bool:
        """Both engines were sure at about the same time, or there is only one."""
        if not self._needs_another:
            return True
        return (
            self._agreed_at is not None
            and abs(self._sure_at - self._agreed_at) <= CONFIRM_WITHIN_SAMPLES
        )


class _NearMisses:
    """Rises to half the threshold that came to nothing, each when it is over.

    What was said while nobody was to hear it is told, and not counted.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.count = 0
        self.reset()

    def reset(self) -> None:
        self._below = 0
        self._rose = self.rose_now = False
        self._heard = self._deaf = False
        self._best = self._threshold = 0.0
        self.missed: Miss | None = None

    def hear(self, score: float, threshold: float, deaf: bool, heard: bool) -> None:
        self.missed = None
        self._heard |= heard
        self._deaf |= deaf
        high = score >= threshold / 2 and score > 0
        self.rose_now = high and not (self._rose or self._heard or self._deaf)
        if high:
            self._rose, self._below = True, 0
            if score > self._best:
                self._best, self._threshold = score, threshold
            return
        self._below += 1
        if self._below >= RISE_OVER_CHUNKS:
            self._over()

    def _over(self) -> None:
        missed = self._judge() if self._rose and not self._heard else None
        if missed is not None and not self._deaf:
            self.count += 1
        self.reset()
        self.missed = missed

    def _judge(self) -> Miss | None:
        reached = self._best >= self._threshold
        if self._deaf:
            told = Miss(self._name, self._best, self._threshold, "refractory")
            return told if reached else None
        why: Literal["below", "unconfirmed"] = "unconfirmed" if reached else "below"
        return Miss(self._name, self._best, self._threshold, why)
