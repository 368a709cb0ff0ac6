"""What a wake-word engine is: sound in chunks of 80 ms, a score per word and chunk."""

from typing import Protocol

import numpy as np

from edgevoice.audio.frames import Samples

CHUNK_SAMPLES = 1280


class WakeEngine(Protocol):
    """However many words it knows, what it does to the sound is done once."""

    @property
    def reach_chunks(self) -> int:
        """After so many chunks nothing is left of what was heard before them."""

    @property
    def not_numbers(self) -> int:
        """Scores that were NaN or infinite, and taken as 0."""

    def listen(self, chunk: Samples) -> None:
        """The next chunk, to be remembered only."""

    def push(self, chunk: Samples) -> dict[str, float]:
        """The next chunk, and the scores of all words at its end."""

    def highest(self, sound: Samples) -> dict[str, float]:
        """The highest scores in a sound by itself, beside what is being listened to."""

    def reset(self) -> None:
        """What comes next follows a long silence."""


def highest_scores(engine: WakeEngine, sound: Samples) -> dict[str, float]:
    """Of an engine that has heard nothing yet."""
    whole = len(sound) // CHUNK_SAMPLES * CHUNK_SAMPLES
    scores = [engine.push(chunk) for chunk in sound[:whole].reshape(-1, CHUNK_SAMPLES)]
    names = scores[0] if scores else {}
    return {name: max(score[name] for score in scores) for name in names}


def check_chunk(chunk: Samples) -> None:
    if chunk.dtype != np.int16 or chunk.shape != (CHUNK_SAMPLES,):
        raise ValueError(f"{CHUNK_SAMPLES} int16 samples wanted, got {chunk.dtype}{chunk.shape}")
