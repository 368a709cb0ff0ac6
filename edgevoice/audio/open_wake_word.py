"""openWakeWord's models, run so that nothing is computed twice.

Each 80 ms of sound passes a spectrogram, then the embedding network, then one
small head per wake word. The embedding network is the one that
`models/conversions/stream_embedding.py` made stateful, so it sees 8 new spectrogram frames
where openWakeWord shows it all 76 again: same scores, a quarter of the work.

What the scores lead to is `wake_word.py`'s concern.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio import inference, models
from edgevoice.audio.frames import Samples
from edgevoice.audio.wake_engine import CHUNK_SAMPLES, check_chunk, highest_scores
from edgevoice.errors import ModelError

OVERLAP_SAMPLES = 480
"""The spectrogram's windows reach this far back into the previous chunk."""

MELS = 32
EMBEDDING = 96

EMBEDDING_CHUNKS = 10
"""An embedding is made of 76 spectrogram frames, of which a chunk has 8."""
LONGEST = 250
"""Of a head, in embeddings: 20 s. They look at 16 to 34; a damaged file may say billions."""

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
    """Scores of all heads for each 80 ms; `heads` maps names to head files."""

    def __init__(self, models_dir: str | Path, heads: Mapping[str, Path]) -> None:
        self._mel = inference.session(models.find(models_dir, "melspectrogram.onnx"))
        self._embed = inference.session(models.find(models_dir, "emb_stream.onnx"))
        self._heads = {name: load_head(path) for name, path in heads.items()}
        self._mel_input, *_ = self._mel.inputs
        self._embed_input, *self._states = self._embed.inputs
        self._longest = max((head.length for head in self._heads.values()), default=1)
        self.not_numbers = 0
        self._primed = self._memory = self._empty()
        for _ in range(PRIMING_CHUNKS):
            self.listen(np.zeros(CHUNK_SAMPLES, np.int16))
        self._primed = self._memory

    @property
    def reach_chunks(self) -> int:
        """After so many chunks nothing is left of what was heard before them.

        One for the spectrogram's overlap, then a whole window for the oldest of the
        embeddings that the longest head looks at.
        """
        return 1 + EMBEDDING_CHUNKS + self._longest - 1

    def reset(self) -> None:
        """Forget: what comes next follows 4 s of silence."""
        self._memory = self._primed

    def push(self, chunk: Samples) -> dict[str, float]:
        """The next 1280 samples; a score per head. A score that is no number is 0, and counted."""
        self.listen(chunk)
        heard = self._memory.embeddings[None]
        return {
            name: self._number(float(head.judge(heard[:, -head.length :]).reshape(-1)[0]))
            for name, head in self._heads.items()
        }

    def highest(self, sound: Samples) -> dict[str, float]:
        heard, self._memory = self._memory, self._primed
        try:
            return highest_scores(self, sound)
        finally:
            self._memory = heard

    def listen(self, chunk: Samples) -> None:
        """The next 1280 samples, to be remembered only."""
        check_chunk(chunk)
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

    def _number(self, score: float) -> float:
        if isfinite(score):
            return score
        self.not_numbers += 1
        return 0.0

    def _empty(self) -> _Memory:
        shapes = self._embed.inputs
        return _Memory(
            np.zeros(OVERLAP_SAMPLES, np.float32),
            {name: inference.zeros_for(shapes[name]) for name in self._states},
            np.zeros((self._longest, EMBEDDING), np.float32),
        )


class _Head(Protocol):
    """The small network that knows one wake word."""

    length: int

    def judge(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]: ...


class _OnnxHead:
    def __init__(self, path: Path) -> None:
        self._session = inference.session(path)
        self._input, *_ = self._session.inputs
        self.length = _length(path, list(self._session.inputs.values()))

    def judge(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        scores: NDArray[np.float32]
        scores, *_ = self._session.run({self._input: embeddings})
        return scores


class _LiteHead:
    def __init__(self, path: Path) -> None:
        from edgevoice.audio.lite_rt import LiteSession  # an extra, not on every board

        self._session = LiteSession(path)
        self.length = _length(path, self._session.inputs)

    def judge(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._session.run(embeddings)


def load_head(path: Path) -> _Head:
    """ModelError where it is no head, or knows several words at once."""
    head: _Head = _LiteHead(path) if path.suffix == ".tflite" else _OnnxHead(path)
    scores = head.judge(np.zeros((1, head.length, EMBEDDING), np.float32))
    if scores.size != 1:
        raise ModelError(
            f"{path} is not a head for one wake word: it gives {scores.size} scores;"
            " correct wake.words.model"
        )
    return head


def _length(path: Path, inputs: Sequence[tuple[int | str | None, ...]]) -> int:
    """How many embeddings it looks at; ModelError where it is something else."""
    shape, *others = inputs
    length = shape[1] if len(shape) == 3 else None
    if others or not isinstance(length, int) or not 0 < length <= LONGEST or shape[2] != EMBEDDING:
        raise ModelError(
            f"{path} is not an openWakeWord head: it takes {shape},"
            f" a head takes (1, some, {EMBEDDING}); correct wake.words.model"
        )
    return length
