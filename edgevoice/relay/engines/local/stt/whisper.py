"""Whisper on this machine. The only importer of faster-whisper.

An utterance is recognised as a whole: the network takes half a minute of sound at
a time, and pieces of it cost as much as all of it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgevoice.audio import models
from edgevoice.audio.frames import Samples
from edgevoice.audio.vad import SileroVad
from edgevoice.config import SttConfig
from edgevoice.errors import ModelError
from edgevoice.relay.engines.local.moonshine import Cancelled
from edgevoice.relay.engines.local.recognizer import level, without_loops
from edgevoice.relay.engines.local.speech_finder import SpeechFinder


class Whisper:
    """The loaded network. Several threads may have a `WhisperDictation` each."""

    def __init__(self, config: SttConfig, models_dir: str | Path = "", threads: int = 1) -> None:
        self._language = config.language or "en"
        self._vad = SileroVad(models_dir)
        self._model = _load(_folder(models_dir, config.model), threads)

    def dictation(self) -> "WhisperDictation":
        return WhisperDictation(self, SpeechFinder(self._vad))

    def warm_up(self, noise: Samples) -> None:
        self.words(noise, lambda: False)

    def words(self, samples: Samples, cancelled: Callable[[], bool]) -> str:
        """Raises Cancelled between two segments; one cannot be stopped half-way."""
        segments, _ = self._model.transcribe(
            level(samples),
            language=self._language,
            beam_size=1,
            without_timestamps=True,
            condition_on_previous_text=False,
        )
        words = []
        for segment in segments:  # each step computes one
            if cancelled():
                raise Cancelled
            words.append(str(segment.text).strip())
        return without_loops(" ".join(words))


class WhisperDictation:
    """One utterance that grows; the same speech is not recognised twice."""

    def __init__(self, whisper: Whisper, finder: SpeechFinder) -> None:
        self._whisper = whisper
        self._finder = finder
        self._known: tuple[int, int] | None = None
        self._words = ""

    def transcribe(self, samples: Samples, cancelled: Callable[[], bool]) -> str:
        pieces = self._finder.look(samples)
        if not pieces:
            return ""  # of silence and noise Whisper makes words
        if cancelled():
            raise Cancelled
        span = pieces[0][0], min(pieces[-1][1], len(samples))
        if span != self._known:
            self._words = self._whisper.words(samples[slice(*span)], cancelled)
            self._known = span
        return self._words


def _folder(models_dir: str | Path, name: str) -> Path:
    """As it is written, or below the models' folder."""
    if (Path(name) / "model.bin").is_file():
        return Path(name)
    return models.find(models_dir, f"{name}/model.bin").parent


def _load(folder: Path, threads: int) -> Any:
    try:
        from faster_whisper import WhisperModel
    except ImportError:
        raise ModelError(
            "relay.local.stt.backend faster-whisper needs its package: pip install faster-whisper"
        ) from None
    try:
        return WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(
            f"faster-whisper cannot load {folder} ({error}): `edgevoice models list` shows others"
        ) from None
