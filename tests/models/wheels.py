"""A toy package with models, as a wheel."""

import hashlib
import zipfile
from pathlib import Path

EAR = b"the weights of an ear"
VOICE = b"the weights of a mouth"
WHEEL = "toy_models-1.0-py3-none-any.whl"
ENTRIES = {
    "toy_models/ear.onnx": EAR,
    "toy_models/deep/voice.onnx": VOICE,
    "toy_models-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: toy-models\nVersion: 1.0\n",
    "toy_models-1.0.dist-info/WHEEL": (
        b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    "toy_models-1.0.dist-info/RECORD": b"",
}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path) -> Path:
    path = folder / WHEEL
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in ENTRIES.items():
            wheel.writestr(name, content)
    return path


def entry(wheel_sha256: str, ear: str = digest(EAR), voice: str = digest(VOICE)) -> str:
    """Its place in a catalogue."""
    return f"""
[[package]]
requirement = "toy-models==1.0"
sha256 = "{wheel_sha256}"
licence = "MIT"
source = "https://example.org"
folder = "toy_models"
into = "toys"
wake = true
[package.files]
"ear.onnx" = "{ear}"
"deep/voice.onnx" = "{voice}"
"""
