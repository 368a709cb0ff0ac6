"""Who is heard and what wakes falsely, by threshold, room, gate and engine.

Sound is scored once; thresholds are then tried on the scores, by the very rules that the
device applies (`edgevoice/audio/wake_rule.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_rule import WakeRule
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import WakeConfig, WakeWordConfig
from hearing.rooms import Said

THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)
REFRACTORY_S = WakeConfig().refractory_s

LATE_S = 1.0
"""A word counts as heard until this long after its recording."""

Scores = dict[str, list[float]]


@dataclass(frozen=True)
class Traced:
    """The scores of a scene, one per word and 80 ms."""

    scores: Scores
    rested: float
    """The part of the time in which the models rested behind the gate."""


def trace(sound: Samples, words: Sequence[WakeWordConfig], gate: bool) -> Traced:
    deaf = tuple(replace(word, threshold=2.0, threshold_playing=2.0) for word in words)
    ears = WakeWords("", WakeConfig(deaf, quiet_gate=gate))
    scores: Scores = {word.name: [] for word in words}
    for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        ears.hear(sound[at : at + CHUNK_SAMPLES], at)
        for name, score in ears.scores.items():
            scores[name].append(score)
    return Traced(scores, ears.chunks_rested / max(1, ears.chunks_scored))


def detections(word: WakeWordConfig, first: Scores, second: Scores) -> list[int]:
    """Samples at which it would have been heard, as it is configured."""
    rule = WakeRule(word)
    seconds = second.get(word.name, [])
    heard: list[int] = []
    deaf_until = 0
    for n, score in enumerate(first[word.name]):
        end = (n + 1) * CHUNK_SAMPLES
        if rule.hear(score, seconds[n] if seconds else 0.0, end, deaf=end <= deaf_until):
            heard.append(end)
            deaf_until = end + round(REFRACTORY_S * CAPTURE_RATE_HZ)
    return heard


def recall(said: Sequence[Said], word: WakeWordConfig, first: Scores, second: Scores) -> list[Path]:
    """The recordings in which, or just after which, it was heard."""
    late = round(LATE_S * CAPTURE_RATE_HZ)
    detected = detections(word, first, second)
    return [s.path for s in said if any(s.start < at <= s.end + late for at in detected)]


def word_of(path: Path, known: Sequence[str]) -> str | None:
    """The word a recording holds: the beginning of its name, or its directory."""
    for word in known:
        if path.stem.startswith(word) or path.parent.name == word:
            return word
    return None
