"""What an installation consists of: packages, and from what they say which needs which."""

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from itertools import product
from pathlib import Path

import pins
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

sys.path.append(str(pins.CHECKOUT / "scripts/build-deb.d"))

import licences

PROFILES = {
    "device": ("device", "appliance"),
    "relay": ("relay", "appliance", "local", "mcp", "wyoming"),
}
"""Extras, as scripts/setup installs them."""
PYTHONS, PROCESSORS = ("3.11", "3.12", "3.13"), ("x86_64", "aarch64")
OURSELVES = "edgevoice"

Needs = dict[str, set[str]]
"""Of each package, by their names."""


class Parts:
    """Those of a profile, for every Python and processor that is supported; or of a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: of packages; None: the one that this runs from."""
        where = {} if folder is None else {"path": [str(folder)]}
        self._here: dict[str, Distribution] = {
            canonicalize_name(one.name): one for one in distributions(**where)
        }

    def of_profile(self, name: str) -> tuple[list[pins.Pin], Needs]:
        needs: Needs = {}
        waiting = [(OURSELVES, frozenset(PROFILES[name]))]
        seen = set(waiting)
        while waiting:
            package, extras = waiting.pop()
            for need in self._needs(package, extras):
                part = canonicalize_name(need.name), frozenset(need.extras)
                needs.setdefault(package, set()).add(part[0])
                if part not in seen:
                    seen.add(part)
                    waiting.append(part)
        names = {package for package, _ in seen}
        found = [pin for pin in pins.read() if pin.name in names and _is_for_us(pin.marker)]
        if missing := names - {pin.name for pin in found} - {OURSELVES}:
            raise SystemExit(f"not pinned: {', '.join(sorted(missing))}; run scripts/lock")
        return found, needs

    def of_folder(self) -> tuple[list[pins.Pin], Needs]:
        """What is there, and nothing else."""
        versions = {name: one.version for name, one in self._here.items()}
        found = [pin for pin in pins.read() if versions.get(pin.name) == pin.version]
        known = {pin.name for pin in found}
        needs = {
            name: {canonicalize_name(need.name) for need in self._needs(name)} & known
            for name in known
        }
        return found, needs | {OURSELVES: known}

    def licence(self, name: str) -> str:
        """As the package says it; empty where it is for another Python or processor."""
        here = self._here.get(name)
        return licences.told(here.metadata) if here is not None else ""

    def _needs(self, package: str, extras: Iterable[str] = ()) -> Iterator[Requirement]:
        here = self._here.get(package)
        for line in (here.requires or ()) if here is not None else ():
            need = Requirement(line)
            if need.marker is None or _is_for_us(str(need.marker), extras):
                yield need


def _is_for_us(marker: str, extras: Iterable[str] = ()) -> bool:
    """It holds on one of the machines that are supported."""
    if not marker:
        return True
    told = Requirement(f"a; {marker}").marker
    assert told is not None
    return any(
        told.evaluate({**_machine(python, processor), "extra": extra})
        for python, processor in product(PYTHONS, PROCESSORS)
        for extra in ("", *extras)
    )


def _machine(python: str, processor: str) -> dict[str, str]:
    return {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": processor,
    }
