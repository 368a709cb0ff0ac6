"""Puts models where they are looked for, and takes them away. There is never half a file."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edgevoice.errors import ModelError
from edgevoice.models.catalogue import Derived, Model, Offer, sha256_of
from edgevoice.models.wheels import Origin, install, unpacked

CONVERSIONS = Path(__file__).with_name("conversions")
CONVERSIONS_NEED = ("onnx>=1.17", "protobuf", "ml_dtypes", "typing_extensions")
"""numpy and onnxruntime, which they also need, are there: edgevoice needs them."""
DOWNLOADS = ".downloads"
"""Below the models' directory: what came before a download broke off."""
LICENCES = "LICENCES.txt"


def complete(offers: Sequence[Offer], directory: Path, origin: Origin, wake_only: bool) -> None:
    """Fetch and make what is missing. Raises ModelError."""
    for offer in offers:
        missing = _missing(offer.package.models, directory, wake_only)
        if missing:
            _fetch(offer, missing, directory, origin)
    unmade = [
        derived
        for offer in offers
        for derived in offer.derived
        if _missing([derived.model], directory, wake_only)
    ]
    if unmade:
        _derive(unmade, directory, origin)


def remove(offer: Offer, directory: Path) -> int:
    """How many files went."""
    there = [directory / m.name for m in offer.models if (directory / m.name).is_file()]
    for path in there:
        path.unlink()
        folder = path.parent
        while folder != directory and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
    return len(there)


def write_licences(offers: Sequence[Offer], directory: Path) -> None:
    """Beside the models, for whoever finds them."""
    here = [model for offer in offers for model in offer.models]
    here = [model for model in here if (directory / model.name).is_file()]
    (directory / LICENCES).write_text(describe(here, directory) + "\n", encoding="utf-8")


def describe(models: Sequence[Model], directory: Path) -> str:
    """A table of names, sizes, licences and sources."""
    lines = []
    for model in models:
        path = directory / model.name
        size = f"{path.stat().st_size / 1e6:.1f} MB" if path.is_file() else "absent"
        lines.append(f"{model.name:44} {size:>8}  {model.licence:36} {model.source}")
    return "\n".join(lines)


def _missing(models: Sequence[Model], directory: Path, wake_only: bool) -> list[Model]:
    return [m for m in models if (m.wake or not wake_only) and not m.is_in(directory)]


def _fetch(offer: Offer, wanted: list[Model], directory: Path, origin: Origin) -> None:
    package, downloads = offer.package, directory / DOWNLOADS
    with unpacked(package, origin, downloads) as folder:
        found = [(folder / Path(m.name).relative_to(package.into), m) for m in wanted]
        for source, model in found:
            _check(source, model)
        for source, model in found:
            _put(source, model, directory)
    shutil.rmtree(downloads, ignore_errors=True)


def _check(source: Path, model: Model) -> None:
    if not source.is_file():
        raise ModelError(f"{model.name} is not in its package: run scripts/setup")
    found = sha256_of(source)
    if found != model.sha256:
        raise ModelError(
            f"{model.name} is damaged or has been changed, its SHA-256 is {found}: install it again"
        )


def _put(source: Path, model: Model, directory: Path) -> None:
    target = directory / model.name
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    shutil.copyfile(source, partial)
    partial.chmod(0o644)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, target)


def _derive(wanted: Sequence[Derived], directory: Path, origin: Origin) -> None:
    with tempfile.TemporaryDirectory(prefix="edgevoice-models-") as temporary:
        environment = dict(os.environ)
        if not importlib.util.find_spec("onnx"):
            install(CONVERSIONS_NEED, Path(temporary), Origin(folder=origin.folder))
            environment["PYTHONPATH"] = temporary
        for one in wanted:
            _convert(one, directory, Path(temporary) / "made.onnx", environment)


def _convert(one: Derived, directory: Path, made: Path, environment: dict[str, str]) -> None:
    script, source = CONVERSIONS / one.script, directory / one.made_from
    command = [sys.executable, str(script), str(source), str(made)]
    if subprocess.run(command, check=False, env=environment).returncode:
        raise ModelError(f"could not make {one.model.name}; see the lines above")
    _check(made, one.model)
    _put(made, one.model, directory)
