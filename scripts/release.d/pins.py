"""What scripts/lock has pinned: each package once for every version, with its hashes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[2]
CONSTRAINTS = CHECKOUT / "scripts/constraints.txt"


@dataclass(frozen=True, slots=True)
class Pin:
    name: str
    version: str
    marker: str
    """Where it is this version; empty: everywhere."""
    hashes: tuple[str, ...]
    """SHA-256 of the files that may be installed."""


def read(path: Path = CONSTRAINTS) -> list[Pin]:
    return sorted(_pins(path.read_text()), key=lambda pin: (pin.name, pin.version))


def _pins(text: str) -> Iterator[Pin]:
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        told, *hashes = (part.strip() for part in line.split("--hash=sha256:"))
        wanted = Requirement(told)
        version = re.fullmatch(r"==([^*,]+)", str(wanted.specifier))
        if version is None or not hashes:
            raise SystemExit(f"{told} is not one version with hashes; run scripts/lock")
        marker = str(wanted.marker or "")
        yield Pin(canonicalize_name(wanted.name), version[1], marker, tuple(sorted(hashes)))


def rounds(pins: list[Pin]) -> list[list[Pin]]:
    """So that no package is twice in one of them."""
    found: list[list[Pin]] = []
    for pin in pins:
        for one in found:
            if pin.name not in {other.name for other in one}:
                one.append(pin)
                break
        else:
            found.append([pin])
    return found
