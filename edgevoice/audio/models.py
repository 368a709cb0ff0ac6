"""Where the model files are. Fetching them is the business of edgevoice/models."""

import os
import sys
from pathlib import Path

from edgevoice.errors import ModelError

SYSTEM_DIR = Path("/usr/share/edgevoice/models")


def search_path(models_dir: str | Path = "") -> list[Path]:
    """Directories in the order they are looked into; an explicit one is the only one."""
    if models_dir:
        return [Path(models_dir)]
    named = os.environ.get("EDGEVOICE_MODELS", "")
    installed = Path(sys.prefix) / "share" / "edgevoice" / "models"
    return [*([Path(named)] if named else []), installed, SYSTEM_DIR]


def find(models_dir: str | Path, name: str) -> Path:
    """The file of this name (`alexa_v0.1.onnx`, `moonshine/base-en/tokenizer.bin`)."""
    looked_in = search_path(models_dir)
    for directory in looked_in:
        if (directory / name).is_file():
            return directory / name
    places = ", ".join(str(directory) for directory in looked_in)
    raise ModelError(
        f"model {name} not found in {places}; `edgevoice models install` fetches what is missing"
        " (with sudo, where root has installed edgevoice)"
    )


def names(models_dir: str | Path, pattern: str) -> list[str]:
    """Names of the files that match, in all places `find` looks into."""
    places = search_path(models_dir)
    return sorted({path.name for directory in places for path in directory.glob(pattern)})
