"""Which file knows a wake word: one of the owner's own, or an installed one."""

from pathlib import Path

from edgevoice.audio import models
from edgevoice.config import WakeWordConfig
from edgevoice.errors import ModelError

INSTALLED = "_v0.1.onnx"

HEADS = (".onnx", ".tflite")
NAMES_END = (".onnx", ".tflite", "_v0.1.onnx", "_v0.1.tflite")
"""How a head of one's own may be called after its word."""


def head_of(models_dir: str | Path, folder: str | Path, word: WakeWordConfig) -> Path:
    """The openWakeWord head: by its path, by its name in the folder, or installed."""
    if word.model:
        return _named(models_dir, Path(folder), word)
    for path in (Path(folder, f"{word.name}{end}") for end in NAMES_END):
        # A .tflite with a .json beside it is one for microwakeword.
        if path.is_file() and not (path.suffix == ".tflite" and _description(path).is_file()):
            return path
    try:
        return models.find(models_dir, f"{word.name}{INSTALLED}")
    except ModelError as error:
        installed = ", ".join(models.names(models_dir, f"*{INSTALLED}")) or "none"
        raise ModelError(
            f'no model for the wake word "{word.name}": {error}; or put {word.name}.onnx into'
            f" {folder}, or set wake.words.model to its file; installed: {installed}"
        ) from None


def micro_of(folder: str | Path, word: WakeWordConfig) -> Path:
    """The description of the microWakeWord model, a .json: by path, in the folder, or packaged."""
    from edgevoice.audio.micro_wake_word import packaged_models  # an extra, not on every board

    packaged = packaged_models()
    named = word.model if word.engine == "microwakeword" else ""
    wanted = Path(folder, named or word.name)
    for path in (wanted.with_suffix(".json"), _description(wanted)):
        if path.is_file():
            return path
    if not named and word.name in packaged:
        return packaged[word.name]
    raise ModelError(
        f'no microWakeWord model for the wake word "{word.name}": put {word.name}.tflite and'
        f" {word.name}.json into {folder}; packaged: {', '.join(packaged)}"
    )


def _named(models_dir: str | Path, folder: Path, word: WakeWordConfig) -> Path:
    if Path(word.model).suffix not in HEADS:
        raise ModelError(
            f"wake.words.model {word.model} is neither .onnx nor .tflite; export the head as ONNX"
        )
    own = folder / word.model  # an absolute path stays what it is
    if own.is_file() or Path(word.model).is_absolute():
        return own
    return models.find(models_dir, word.model)


def _description(model: Path) -> Path:
    return model.with_suffix(".json")
