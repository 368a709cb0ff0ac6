"""microWakeWord's models, for boards that cannot afford openWakeWord, and as a second opinion.

The only importer of pymicro_wakeword, which brings models, features and the library that
runs them. What the scores lead to is `wake_word.py`'s concern.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.tflite_file import require_tflite
from edgevoice.audio.wake_engine import CHUNK_SAMPLES, check_chunk, highest_scores
from edgevoice.errors import ModelError

try:
    import pymicro_wakeword
    from pymicro_wakeword import wakeword
except ImportError:
    pymicro_wakeword = None  # type: ignore[assignment]

FEATURES = 40
"""Of each 10 ms, by the micro frontend of TensorFlow."""

UINT8_AND_INT8 = (3, 9)
"""As TensorFlow Lite's C interface numbers types."""

REACH_CHUNKS = 38
"""The networks look back for less than 2 s, but the frontend's idea of the noise fades by
2.5 per cent in 10 ms. After 3 s scores differ by 0.01 at most from what they would be."""


class MicroScorer:
    """Scores of all words for each 80 ms: the highest of the two or three within."""

    def __init__(self, words: Mapping[str, Path]) -> None:
        """`words` maps names to the .json beside each model."""
        require_package()
        self._features = pymicro_wakeword.MicroWakeWordFeatures()
        self._words = words
        self._models = {name: load_word(path) for name, path in words.items()}
        self.not_numbers = 0
        self._prime()

    @property
    def reach_chunks(self) -> int:
        return REACH_CHUNKS

    def reset(self) -> None:
        """What comes next follows silence. The package can only forget by loading again: 0.4 ms."""
        self._features.reset()
        for model in self._models.values():
            model.reset()
        self._prime()

    def highest(self, sound: Samples) -> dict[str, float]:
        """By another one: what the package remembers cannot be put aside."""
        return highest_scores(MicroScorer(self._words), sound)

    def listen(self, chunk: Samples) -> None:
        self.push(chunk)

    def push(self, chunk: Samples) -> dict[str, float]:
        check_chunk(chunk)
        highest = dict.fromkeys(self._models, 0.0)
        for features in self._features.process_streaming(chunk.tobytes()):
            for name, model in self._models.items():
                highest[name] = max(highest[name], float(model.process_streaming_prob(features)))
        return highest

    def _prime(self) -> None:
        for _ in range(REACH_CHUNKS):
            self.listen(np.zeros(CHUNK_SAMPLES, np.int16))


def require_package() -> None:
    if pymicro_wakeword is None:
        raise ModelError(
            "the engine microwakeword needs the package pymicro-wakeword, which is not"
            " installed: pip install 'edgevoice[microwakeword]'"
        )


def packaged_models() -> dict[str, Path]:
    """Words whose models come with the package."""
    require_package()
    folder = Path(pymicro_wakeword.__file__).parent / "models"
    return {path.stem: path for path in sorted(folder.glob("*.json"))}


def load_word(description: Path) -> Any:
    """A word's model, by the .json beside it. ModelError where it cannot be used."""
    try:
        told = json.loads(description.read_text())
        tflite = description.parent / told["model"]
        _require_micro(tflite)
        return pymicro_wakeword.MicroWakeWord.from_config(description)
    except OSError as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"model {description} cannot be read ({error.strerror}): copy it there again,"
            " for all to read"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(
            f"{description} does not describe a microWakeWord model ({error!r}): it must be JSON"
            " with model, wake_word and micro.probability_cutoff, micro.sliding_window_size"
        ) from None


def _require_micro(path: Path) -> None:
    """The library takes a null pointer for a model that it could not load, and crashes."""
    require_tflite(path)
    libraries = Path(pymicro_wakeword.__file__).parent / "lib"
    lite = wakeword.TfLiteWakeWord(next(libraries.glob("*tensorflowlite_c*"))).lib
    model = lite.TfLiteModelCreateFromFile(str(path).encode())
    interpreter = lite.TfLiteInterpreterCreate(model, None) if model else None
    try:
        if not interpreter or lite.TfLiteInterpreterAllocateTensors(interpreter):
            raise ModelError(f"model {path} cannot be loaded: it is damaged; copy it there again")
        tensor = lite.TfLiteInterpreterGetInputTensor(interpreter, 0)
        shape = tuple(
            lite.TfLiteTensorDim(tensor, n) for n in range(lite.TfLiteTensorNumDims(tensor))
        )
        quantized = lite.TfLiteTensorType(tensor) in UINT8_AND_INT8
        if len(shape) != 3 or shape[2] != FEATURES or not quantized:
            raise ModelError(
                f"{path} is not a microWakeWord model: it takes {shape}, such a model takes"
                f" (1, some, {FEATURES}) in 8 bits; is it one for openwakeword?"
            )
    finally:
        if interpreter:
            lite.TfLiteInterpreterDelete(interpreter)
        if model:
            lite.TfLiteModelDelete(model)
