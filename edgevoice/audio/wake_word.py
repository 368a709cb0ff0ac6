"""Wake words: openWakeWord's models, run so that nothing is computed twice.

Each 80 ms of sound passes a spectrogram, then the embedding network, then one
small head per wake word. The embedding network is the one that
`scripts/stream_embedding.py` made stateful, so it sees 8 new spectrogram frames
where openWakeWord shows it all 76 again: same scores, a quarter of the work.

Counts samples and knows no time. What a detection leads to is the transceiver's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio import inference, models
from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.config import WakeWordConfig
from edgevoice.errors import ModelError

CHUNK_SAMPLES = 1280
OVERLAP_SAMPLES = 480
"""The spectrogram's windows reach this far back into the previous chunk."""

MELS = 32
EMBEDDING = 96

_VERSION = "_v0.1.onnx"

PRIMING_CHUNKS = 50
"""After 4 s of silence everything the models remember is silence. On empty memory
they fire in quiet rooms: hey_mycroft was seen to score 1.00 after 0.8 s of nothing."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the models remember of the sound so far."""

    overlap: NDArray[np.float32]
    convolutions: dict[str, NDArray[np.float32]]
    embeddings: NDArray[np.float32]


class StreamingScorer:
    """Scores of all heads for each 80 ms; `heads` maps names to head files (.onnx)."""

    def __init__(self, models_dir: str | Path, heads: Mapping[str, Path]) -> None:
        self._mel = inference.session(models.find(models_dir, "melspectrogram.onnx"))
        self._embed = inference.session(models.find(models_dir, "emb_stream.onnx"))
        self._heads = {name: _Head(path) for name, path in heads.items()}
        self._mel_input, *_ = self._mel.inputs
        self._embed_input, *self._states = self._embed.inputs
        self.not_numbers = 0
        self._primed = self._memory = self._empty()
        for _ in range(PRIMING_CHUNKS):
            self._listen(np.zeros(CHUNK_SAMPLES, np.int16))
        self._primed = self._memory

    def reset(self) -> None:
        """Forget: what comes next follows 4 s of silence."""
        self._memory = self._primed

    def push(self, chunk: Samples) -> dict[str, float]:
        """The next 1280 samples; a score per head. A score that is no number is 0, and counted."""
        if chunk.dtype != np.int16 or chunk.shape != (CHUNK_SAMPLES,):
            raise ValueError(
                f"{CHUNK_SAMPLES} int16 samples wanted, got {chunk.dtype}{chunk.shape}"
            )
        self._listen(chunk)
        return {
            name: self._number(h.score(self._memory.embeddings)) for name, h in self._heads.items()
        }

    def _number(self, score: float) -> float:
        if isfinite(score):
            return score
        self.not_numbers += 1
        return 0.0

    def _listen(self, chunk: Samples) -> None:
        past = self._memory
        sound = np.concatenate((past.overlap, chunk.astype(np.float32)))
        (mel,) = self._mel.run({self._mel_input: sound[None]})
        # openWakeWord's scaling of the spectrogram to what the embedding was trained on.
        frames = mel.reshape(1, -1, MELS, 1) / 10 + 2
        new, *kept = self._embed.run({self._embed_input: frames, **past.convolutions})
        self._memory = _Memory(
            sound[-OVERLAP_SAMPLES:],
            dict(zip(self._states, kept, strict=True)),
            np.concatenate((past.embeddings[1:], new.reshape(1, EMBEDDING))),
        )

    def _empty(self) -> _Memory:
        shapes = self._embed.inputs
        longest = max((head.length for head in self._heads.values()), default=1)
        return _Memory(
            np.zeros(OVERLAP_SAMPLES, np.float32),
            {name: inference.zeros_for(shapes[name]) for name in self._states},
            np.zeros((longest, EMBEDDING), np.float32),
        )


class _Head:
    """The small network that knows one wake word."""

    def __init__(self, path: Path) -> None:
        self._session = inference.session(path)
        (self._input, shape), *others = self._session.inputs.items()
        length = shape[1] if len(shape) == 3 else None
        if others or not isinstance(length, int) or shape[2] != EMBEDDING:
            raise ModelError(
                f"{path} is not an openWakeWord head: it takes {shape},"
                f" a head takes (1, some, {EMBEDDING}); correct wake.words.model"
            )
        self.length = length

    def score(self, embeddings: NDArray[np.float32]) -> float:
        score, *_ = self._session.run({self._input: embeddings[None, -self.length :]})
        return float(score.reshape(-1)[0])


@dataclass(frozen=True, slots=True)
class Detection:
    """A wake phrase was heard; samples are indices on the device's sample clock."""

    name: str
    score: float
    phrase_start: int
    phrase_end: int
    detected_at: int


# A head fires around the end of its phrase, and a phrase must never be said to reach
# into the word after it. Measured from the end by energy (25 dB below the peak):
# "alexa", 48 clean recordings of as many speakers, fires 390 ms before to 90 ms after
# (median 100 ms before), the same whether silence or a command follows after 0 to
# 0.4 s; the "hey ..." heads up to 180 ms after on recordings and up to 290 ms after on
# synthetic voices. What an unknown head does is unknown: it gets the later limit.
# "alexa" goes on for 180 ms (median; 410 ms at most in 95 of 100) after its `phrase_end`.
FIRES_AT_MOST_AFTER_S = {"alexa": 0.1}
FIRES_AT_MOST_AFTER_S_ELSE = 0.3


class WakeWords:
    """Listens for wake words in blocks of any size."""

    def __init__(
        self,
        models_dir: str | Path,
        words: Sequence[WakeWordConfig],
        refractory_s: float = 2.0,
        phrase_s: float = 1.2,
    ) -> None:
        self._scorer = StreamingScorer(models_dir, {w.name: _head(models_dir, w) for w in words})
        self._words = {word.name: word.threshold for word in words}
        self._refractory_samples = round(refractory_s * CAPTURE_RATE_HZ)
        self._phrase_samples = round(phrase_s * CAPTURE_RATE_HZ)
        self._waiting: Samples = np.zeros(0, np.int16)
        self._end: int | None = None
        self._deaf_until = 0
        self._high: set[str] = set()
        self.scores: dict[str, float] = {}
        self.chunks_scored = 0

    @property
    def not_numbers(self) -> int:
        """Scores that were NaN or infinite, and taken as 0."""
        return self._scorer.not_numbers

    def reset(self) -> None:
        """What is heard next does not follow what was heard before (unmuted, new microphone)."""
        self._scorer.reset()
        self._waiting = self._waiting[:0]
        self._end = None
        self._deaf_until = 0
        self._high = set()

    def hear(self, samples: Samples, first_index: int) -> list[Detection]:
        """The next block and the index of its first sample. A jump in the index resets."""
        if samples.dtype != np.int16 or samples.ndim != 1 or not len(samples):
            raise ValueError(f"mono int16 samples wanted, got {samples.dtype}{samples.shape}")
        if self._end not in (None, first_index):
            self.reset()
        self._end = first_index + len(samples)
        self._waiting = np.concatenate((self._waiting, samples))
        detections = []
        while len(self._waiting) >= CHUNK_SAMPLES:
            chunk, self._waiting = np.split(self._waiting, [CHUNK_SAMPLES])
            detections += self._score(chunk, self._end - len(self._waiting))
        return detections

    def _score(self, chunk: Samples, end: int) -> list[Detection]:
        """At most one detection per chunk: the clearest of the words that were heard."""
        self.scores = self._scorer.push(chunk)
        self.chunks_scored += 1
        high = {name for name, score in self.scores.items() if score >= self._words[name]}
        # A score stays high for up to a second; only its rise is a detection, so that
        # a word said while we are deaf is not heard too late, at the wrong place.
        rising = high - self._high
        self._high = high
        if not rising or end <= self._deaf_until:
            return []
        self._deaf_until = end + self._refractory_samples
        return [self._detection(max(rising, key=self.scores.__getitem__), end)]

    def _detection(self, name: str, end: int) -> Detection:
        return Detection(
            name=name,
            score=self.scores[name],
            phrase_start=max(0, end - self._phrase_samples),
            phrase_end=max(0, end - _fires_at_most_after(name)),
            detected_at=end,
        )


def _fires_at_most_after(name: str) -> int:
    seconds = FIRES_AT_MOST_AFTER_S.get(name, FIRES_AT_MOST_AFTER_S_ELSE)
    return round(seconds * CAPTURE_RATE_HZ)


def _head(models_dir: str | Path, word: WakeWordConfig) -> Path:
    """The head's file: by its own path, or by its name among the installed models."""
    if word.model and not word.model.endswith(".onnx"):
        raise ModelError(f"wake.words.model {word.model} is not .onnx; export the head as ONNX")
    if Path(word.model).is_absolute():
        return Path(word.model)
    try:
        return models.find(models_dir, word.model or f"{word.name}{_VERSION}")
    except ModelError as error:
        installed = ", ".join(models.names(models_dir, f"*{_VERSION}")) or "none"
        raise ModelError(
            f'no model for the wake word "{word.name}": {error};'
            f" or set wake.words.model to its .onnx file; installed: {installed}"
        ) from None
