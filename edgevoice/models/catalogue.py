"""What models there are: the file catalogue.toml, read.

An offer is what an owner asks for by name: the files of one Python package, and what
is made from them. Needs nothing but the standard library.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevoice.errors import ModelError

CATALOGUE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True)
class Model:
    """One file, wanted at `name` below the models' directory."""

    name: str
    sha256: str
    licence: str
    source: str
    wake: bool
    """A board needs it; the rest is for the relay."""

    def is_in(self, directory: Path) -> bool:
        return sha256_of(directory / self.name) == self.sha256


@dataclass(frozen=True, slots=True)
class Package:
    """Where files come from: a wheel, and the folder in it."""

    requirement: str
    sha256: str
    folder: str
    into: str
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """A file that is made of another one."""

    model: Model
    made_from: str
    script: str


@dataclass(frozen=True, slots=True)
class Offer:
    name: str
    package: Package
    derived: tuple[Derived, ...]
    use: str
    """What it is for."""
    boards: str
    """Where it is worth its memory and time."""
    setting: str
    """What to change for it to be used; empty: nothing."""
    megabytes: float
    """To be downloaded."""
    optional: bool
    """Only for whoever asks for it; otherwise `scripts/setup` installs it."""

    @property
    def models(self) -> tuple[Model, ...]:
        return (*self.package.models, *(derived.model for derived in self.derived))

    @property
    def licence(self) -> str:
        return self.package.models[0].licence

    @property
    def source(self) -> str:
        return self.package.models[0].source

    def is_in(self, directory: Path) -> bool:
        """All of it is there; what the files hold is not looked at."""
        return all((directory / model.name).is_file() for model in self.models)


def read(path: Path = CATALOGUE) -> list[Offer]:
    """All offers. ModelError where the file is no catalogue."""
    try:
        return _offers(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}): name another catalogue"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"{path} is no catalogue of models ({error!r}); install edgevoice again, or correct"
            " --catalogue"
        ) from None


def _offers(data: dict[str, Any]) -> list[Offer]:
    derived = [
        Derived(_model(name, entry["sha256"], entry), entry["from"], entry["by"])
        for name, entry in data.get("derived", {}).items()
    ]
    return [_offer(entry, derived) for entry in data["package"]]


def _offer(entry: dict[str, Any], derived: list[Derived]) -> Offer:
    into = entry.get("into", "")
    models = tuple(
        _model(str(Path(into, name)), digest, entry) for name, digest in entry["files"].items()
    )
    if not models:
        raise ValueError("a package without files")
    names = {model.name for model in models}
    requirement, sha256 = _text(entry, "requirement"), _text(entry, "sha256")
    return Offer(
        name=entry.get("name", requirement.partition("==")[0]),
        package=Package(requirement, sha256, _text(entry, "folder"), into, models),
        derived=tuple(one for one in derived if one.made_from in names),
        use=entry.get("use", ""),
        boards=entry.get("boards", ""),
        setting=entry.get("setting", ""),
        megabytes=entry.get("megabytes", 0.0),
        optional=entry.get("optional", False),
    )


def _model(name: str, digest: str, entry: dict[str, Any]) -> Model:
    if not name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"{name} is no name below the models' directory")
    return Model(
        name,
        _text({name: digest}, name),
        _text(entry, "licence"),
        _text(entry, "source"),
        entry.get("wake", False),
    )


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def sha256_of(path: Path) -> str:
    """Empty where there is no such file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
