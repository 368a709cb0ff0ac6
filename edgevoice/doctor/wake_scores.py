"""How often a wake word is missed, and how often it wakes falsely, by threshold. Pure.

What a few recordings can say is little, so everything comes with what it may be at worst.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_rule import WakeRule
from edgevoice.config import WakeWordConfig

THRESHOLDS = tuple(step / 20 for step in range(1, 20))

Z_95, Z_95_ONE_SIDED = 1.96, 1.645
USUAL = 0.5
"""What the models are made for: openWakeWord aims at less than one false wake in two hours
there. A minute of noise says less than that."""
LEAST = 0.3
"""Below this "alexa" woke falsely in hours of other speech; not recommended unless at least
half an hour of this room was heard without that."""
ENOUGH_H = 0.5
MOST_PER_HOUR = 0.5

Track = Sequence[float]
"""The scores of one recording, one per chunk of 80 ms."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    threshold: float
    said: int
    missed: int
    false: int
    hours: float

    @property
    def miss_rate(self) -> float:
        return self.missed / self.said if self.said else 0.0

    @property
    def miss_interval(self) -> Interval:
        return wilson(self.missed, self.said)

    @property
    def false_per_hour(self) -> float:
        return self.false / self.hours if self.hours else 0.0

    @property
    def false_per_hour_at_most(self) -> float | None:
        return events_at_most(self.false) / self.hours if self.hours else None


def wilson(events: int, trials: int) -> Interval:
    """95 % interval of a share (Wilson 1927): sensible for few trials and no events."""
    if not trials:
        return Interval(0.0, 1.0)
    share, z = events / trials, Z_95**2 / trials
    middle = (share + z / 2) / (1 + z)
    half = sqrt(share * (1 - share) * z + z * z / 4) / (1 + z)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def events_at_most(events: int) -> float:
    """With 95 % confidence: the rule of three for none, else Byar's approximation of Poisson's
    limit (Breslow and Day, "Statistical Methods in Cancer Research" II, 1987, p. 69)."""
    if not events:
        return 3.0
    n = events + 1
    return float(n * (1 - 1 / (9 * n) + Z_95_ONE_SIDED / (3 * sqrt(n))) ** 3)


def detections(word: WakeWordConfig, threshold: float, track: Track, refractory_s: float) -> int:
    """How often the word would have woken; a second engine is not asked."""
    rule = WakeRule(replace(word, threshold=threshold, threshold_playing=threshold, confirm="none"))
    found, deaf_until = 0, 0
    for number, score in enumerate(track, 1):
        end = number * CHUNK_SAMPLES
        if rule.hear(score, 0.0, end, deaf=end <= deaf_until) is not None:
            found += 1
            deaf_until = end + round(refractory_s * CAPTURE_RATE_HZ)
    return found


def table(
    word: WakeWordConfig, utterances: Sequence[Track], noise: Sequence[Track], refractory_s: float
) -> list[Row]:
    hours = sum(map(len, noise)) * CHUNK_SAMPLES / CAPTURE_RATE_HZ / 3600
    return [
        Row(
            threshold,
            said=len(utterances),
            missed=sum(
                not detections(word, threshold, track, refractory_s) for track in utterances
            ),
            false=sum(detections(word, threshold, track, refractory_s) for track in noise),
            hours=hours,
        )
        for threshold in THRESHOLDS
    ]


def recommended(rows: Sequence[Row]) -> Row:
    """Of those that wake falsely no more often than they must, the ones that miss least; of
    these the one nearest to what the models are made for."""
    allowed = [row for row in rows if row.threshold >= LEAST or row.hours >= ENOUGH_H]
    fewest = min(row.false_per_hour for row in allowed)
    quiet = [row for row in allowed if row.false_per_hour <= max(fewest, MOST_PER_HOUR)]
    least = min(row.missed for row in quiet)
    best = [row for row in quiet if row.missed == least]
    return min(best, key=lambda row: abs(row.threshold - USUAL))
