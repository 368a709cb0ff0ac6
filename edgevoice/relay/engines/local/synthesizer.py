"""Text to speech: the hibari voice, one sentence at a time. Downloads nothing.

The only importer of hibari. Its default voice is inside its package; other voices
would be fetched at run time and are therefore not offered.
"""

from pathlib import Path
from typing import Any

import numpy as np

import edgevoice.audio.inference  # noqa: F401  keeps onnxruntime from phoning home
from edgevoice.audio.frames import Samples
from edgevoice.errors import ModelError
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ
from edgevoice.relay.engines.local.speech_text import as_spoken

VOICE = "heart"
LONGEST = 400
"""Letters of one synthesis: it cannot be stopped half-way."""


class Synthesizer:
    """The loaded voice. One thread at a time."""

    def __init__(self, seed: int, threads: int = 1) -> None:
        self._seed = seed
        self._hibari = _load(threads)

    def speak(self, sentence: str) -> Samples:
        """24 kHz. The same sentence always sounds the same; what says nothing is silent."""
        text = as_spoken(sentence)[:LONGEST]
        if not text:
            return np.zeros(0, np.int16)
        waveform = self._hibari(text, seed=self._seed)
        samples: Samples = (np.clip(waveform, -1, 1) * 32767).astype(np.int16)
        return samples


def _load(threads: int) -> Any:
    """onnxruntime's own threads do not spin with one thread, so the plain session is fine."""
    try:
        import hibari
        from hibari.voices import voice_path
    except ImportError:
        raise ModelError(
            "the voice is not installed; run: pip install 'edgevoice[local]'"
        ) from None
    if hibari.SAMPLE_RATE != SPEAKING_RATE_HZ:
        raise ModelError(f"hibari speaks at {hibari.SAMPLE_RATE} Hz; install hibari-tts 0.2")
    try:
        model = Path(voice_path(VOICE, download_missing=False))
    except (FileNotFoundError, ValueError):
        model = Path(VOICE)
    if not model.is_file():
        raise ModelError(
            f"hibari's voice {VOICE!r} is not in its package; reinstall it: "
            "pip install --force-reinstall 'hibari-tts>=0.2.1'"
        )
    return hibari.Hibari(voice=VOICE, model=str(model), threads=threads)
