"""Speech to text: finds the speech, levels it, asks Moonshine, distrusts the result.

Runs in worker threads and blocks; `listener.py` is how the event loop gets at it.
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.vad import SileroVad
from edgevoice.relay.engines.local.moonshine import Moonshine, Waveform
from edgevoice.relay.engines.local.speech_finder import Piece, SpeechFinder

LEVEL = 0.06
"""RMS that speech is brought to, about -24 dBFS."""
MOST_GAIN = 30.0
_LOOP = re.compile(r"(\b.{2,60}?)(?:[\s,.!?-]+\1){3,}", re.IGNORECASE | re.DOTALL)


class Recognizer:
    """The loaded models. Several threads may have a `Dictation` each."""

    def __init__(self, models_dir: str | Path = "", threads: int = 1) -> None:
        self._moonshine = Moonshine(models_dir, threads)
        self._vad = SileroVad(models_dir)

    def dictation(self) -> "Dictation":
        return Dictation(self._moonshine, SpeechFinder(self._vad))

    def warm_up(self, noise: Samples) -> None:
        """The first computation takes a second longer than the others."""
        self._moonshine.words(level(noise), lambda: False)


class Dictation:
    """One utterance that grows; what is already known is not recognised again."""

    def __init__(self, moonshine: Moonshine, finder: SpeechFinder) -> None:
        self._moonshine = moonshine
        self._finder = finder
        self._known: dict[Piece, str] = {}

    def transcribe(self, samples: Samples, cancelled: Callable[[], bool]) -> str:
        """The words in the utterance so far. `samples` begin as they did in earlier calls.

        Raises Cancelled. When no speech was added since the last call, this takes as
        long as judging the new frames: 0.2 ms each.
        """
        pieces = self._finder.look(samples)
        return " ".join(filter(None, (self._words(piece, samples, cancelled) for piece in pieces)))

    def _words(self, piece: Piece, samples: Samples, cancelled: Callable[[], bool]) -> str:
        first, stop = piece[0], min(piece[1], len(samples))
        if (first, stop) not in self._known:
            speech = level(samples[first:stop])
            self._known[first, stop] = without_loops(self._moonshine.words(speech, cancelled))
        return self._known[first, stop]


def level(samples: Samples) -> Waveform:
    """As floats, at the loudness the network knows best; silence stays silence."""
    speech: Waveform = samples.astype(np.float32) / np.float32(32768)
    rms = float(np.sqrt(np.mean(speech**2))) if len(speech) else 0.0
    gain = min(MOST_GAIN, LEVEL / max(rms, 1e-6))
    levelled: Waveform = np.clip(speech * np.float32(gain), -1, 1)
    return levelled


def without_loops(text: str) -> str:
    """A decoder that repeats itself four times and more has lost the thread; keep it once."""
    return _LOOP.sub(r"\1", text)
