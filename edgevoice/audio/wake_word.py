"""Wake words: listens with one or two engines, and says which word was said, and where.

In a quiet room the engines rest behind a gate and catch up when there may be speech;
their scores are then those they would have given without rest (openWakeWord's to the
bit, microWakeWord's to 0.01).

Counts samples and knows no time. What a detection leads to is the transceiver's.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.quiet_gate import QuietGate
from edgevoice.audio.wake_engine import CHUNK_SAMPLES, WakeEngine
from edgevoice.audio.wake_models import head_of, micro_of
from edgevoice.audio.wake_rule import Heard, Miss, WakeRule
from edgevoice.config import WakeConfig, WakeWordConfig


@dataclass(frozen=True, slots=True)
class Detection:
    """A wake phrase was heard; samples are indices on the device's sample clock."""

    name: str
    score: float
    phrase_start: int
    phrase_end: int
    detected_at: int
    action: Literal["listen", "stop"] = "listen"


# A head fires around the end of its phrase, and a phrase must never be said to reach
# into the word after it. Measured from the end by energy (25 dB below the peak):
# "alexa", 48 clean recordings of as many speakers, fires 390 ms before to 90 ms after
# (median 100 ms before), the same whether silence or a command follows after 0 to
# 0.4 s; the "hey ..." heads up to 180 ms after on recordings and up to 290 ms after on
# synthetic voices. What an unknown head does is unknown: it gets the later limit.
# "alexa" goes on for 180 ms (median; 410 ms at most in 95 of 100) after its `phrase_end`.
FIRES_AT_MOST_AFTER_S = {"alexa": 0.1}
FIRES_AT_MOST_AFTER_S_ELSE = 0.3
# microWakeWord averages its scores over 150 ms: up to 260 ms after the phrase in 95 of 100,
# and up to a chunk later here.
MICRO_FIRES_AT_MOST_AFTER_S = 0.4

SKIPPED_CHUNKS = 3
"""Chunks are left out by threes, so that microWakeWord, which looks at every 30 ms, goes on
looking where it would have looked."""


class WakeWords:
    """Listens for wake words in blocks of any size."""

    def __init__(self, models_dir: str | Path, wake: WakeConfig) -> None:
        self._engines = _engines(models_dir, wake)
        self._rules = [WakeRule(word) for word in wake.words]
        self._gate = QuietGate() if wake.quiet_gate else None
        reach = max((engine.reach_chunks for engine in self._engines.values()), default=1)
        self._unheard: deque[Samples] = deque(maxlen=reach + SKIPPED_CHUNKS - 1)
        self._slept = 0
        self._refractory_samples = round(wake.refractory_s * CAPTURE_RATE_HZ)
        self._phrase_samples = round(wake.phrase_s * CAPTURE_RATE_HZ)
        self._waiting: Samples = np.zeros(0, np.int16)
        self._end: int | None = None
        self._deaf_until = 0
        self._missed: list[Miss] = []
        self._hinted = False
        self.scores: dict[str, float] = {}
        self.chunks_scored = 0
        self.chunks_rested = 0

    @property
    def not_numbers(self) -> int:
        """Scores that were NaN or infinite, and taken as 0."""
        return sum(engine.not_numbers for engine in self._engines.values())

    @property
    def near_misses(self) -> Mapping[str, int]:
        """How often each word rose to half its threshold and was not taken as said."""
        return {rule.word.name: rule.near_misses for rule in self._rules}

    def hinted(self) -> bool:
        """Since this was asked last, something began that may become a wake word."""
        hinted, self._hinted = self._hinted, False
        return hinted

    def missed(self) -> list[Miss]:
        """Words that were nearly said; told once each."""
        missed, self._missed = self._missed, []
        return missed

    @property
    def resting_s(self) -> float:
        """For how long nothing was heard but the room; 0 while something is, or without a gate."""
        return self._slept * CHUNK_SAMPLES / CAPTURE_RATE_HZ

    def reset(self) -> None:
        """What is heard next does not follow what was heard before (unmuted, new microphone)."""
        for engine in self._engines.values():
            engine.reset()
        for rule in self._rules:
            rule.reset()
        if self._gate:
            self._gate.reset()
        self._unheard.clear()
        self._slept = 0
        self._waiting = self._waiting[:0]
        self._end = None
        self._deaf_until = 0

    def hear(self, samples: Samples, first_index: int, playing: bool = False) -> list[Detection]:
        """The next block and the index of its first sample. A jump in the index resets.

        `playing`: something of our own may be in it.
        """
        if samples.dtype != np.int16 or samples.ndim != 1 or not len(samples):
            raise ValueError(f"mono int16 samples wanted, got {samples.dtype}{samples.shape}")
        if self._end not in (None, first_index):
            self.reset()
        self._end = first_index + len(samples)
        self._waiting = np.concatenate((self._waiting, samples))
        detections = []
        while len(self._waiting) >= CHUNK_SAMPLES:
            chunk, self._waiting = np.split(self._waiting, [CHUNK_SAMPLES])
            detections += self._judge(chunk, self._end - len(self._waiting), playing)
        return detections

    def is_said_in(self, sound: Samples, name: str) -> bool:
        """The word is in this sound, which is none of what is listened to. 12 ms for 2.5 s."""
        word = next(rule.word for rule in self._rules if rule.word.name == name)
        score = self._engines[word.engine].highest(sound).get(name, 0.0)
        return score >= word.threshold_playing

    def _judge(self, chunk: Samples, end: int, playing: bool) -> list[Detection]:
        """At most one detection per chunk: the clearest of the words that were heard."""
        scores = self._score(chunk)
        self.scores = {
            rule.word.name: scores[rule.word.engine][rule.word.name] for rule in self._rules
        }
        heard = []
        for rule in self._rules:
            name = rule.word.name
            second = scores.get(rule.word.confirm, {}).get(name, 0.0)
            deaf = end <= self._deaf_until
            if said := rule.hear(self.scores[name], second, end, playing, deaf):
                heard.append(self._detection(rule.word, said, end))
            self._hinted |= rule.is_hint and rule.word.action == "listen"
            if rule.missed is not None:
                self._missed.append(rule.missed)
        if heard:
            self._deaf_until = end + self._refractory_samples
        return [max(heard, key=lambda detection: detection.score)] if heard else []

    def _score(self, chunk: Samples) -> dict[str, dict[str, float]]:
        """Scores by engine and word; all 0 while the engines rest."""
        self.chunks_scored += 1
        if self._gate and not self._gate.hear(chunk):
            self.chunks_rested += 1
            self._unheard.append(chunk)
            self._slept += 1
            silent = {rule.word.name: 0.0 for rule in self._rules}
            return dict.fromkeys(self._engines, silent)
        if self._slept:
            self._catch_up()
        return {name: engine.push(chunk) for name, engine in self._engines.items()}

    def _catch_up(self) -> None:
        """All in one go: 10 ms on a desktop's core for openWakeWord, once per utterance,
        at the first sound of it; the word is decided half a second later."""
        forgotten = self._slept - len(self._unheard)
        for _ in range(-forgotten % SKIPPED_CHUNKS):
            self._unheard.popleft()
        for missed in self._unheard:
            for engine in self._engines.values():
                engine.listen(missed)
        self._unheard.clear()
        self._slept = 0

    def _detection(self, word: WakeWordConfig, heard: Heard, end: int) -> Detection:
        return Detection(
            name=word.name,
            score=heard.score,
            phrase_start=max(0, heard.at - self._phrase_samples),
            phrase_end=max(0, heard.at - _fires_at_most_after(word)),
            detected_at=end,
            action=word.action,
        )


def _fires_at_most_after(word: WakeWordConfig) -> int:
    if word.engine == "microwakeword":
        seconds = MICRO_FIRES_AT_MOST_AFTER_S
    else:
        seconds = FIRES_AT_MOST_AFTER_S.get(word.name, FIRES_AT_MOST_AFTER_S_ELSE)
    return round(seconds * CAPTURE_RATE_HZ)


def _engines(models_dir: str | Path, wake: WakeConfig) -> dict[str, WakeEngine]:
    """Those that a word asks for; the others' libraries are not even loaded."""
    engines: dict[str, WakeEngine] = {}
    heads = [word for word in wake.words if word.engine == "openwakeword"]
    if heads:
        from edgevoice.audio.open_wake_word import StreamingScorer

        found = {word.name: head_of(models_dir, wake.folder, word) for word in heads}
        engines["openwakeword"] = StreamingScorer(models_dir, found)
    micro = [word for word in wake.words if "microwakeword" in (word.engine, word.confirm)]
    if micro:
        from edgevoice.audio.micro_wake_word import MicroScorer

        engines["microwakeword"] = MicroScorer(
            {word.name: micro_of(wake.folder, word) for word in micro}
        )
    return engines
