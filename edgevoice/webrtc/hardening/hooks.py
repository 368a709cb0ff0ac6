"""How a hook is put in place, and when not. Which hooks there are say the files beside this one.

A hook names the versions it was written for and the shape it expects there: the
parameters of the function it replaces and the attributes it touches. A *security*
hook that does not fit stops the program, because without it a stranger could end
or overwhelm a session. A *comfort* hook that does not fit is left out and logged.
"""

import functools
import inspect
import logging
import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from edgevoice.errors import UnsupportedLibrary

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Versions:
    """From `lowest` up to but without `beyond`; major and minor number."""

    package: str
    lowest: tuple[int, int]
    beyond: tuple[int, int]

    @property
    def requirement(self) -> str:
        low, high = self.lowest, self.beyond
        return f"{self.package}>={low[0]}.{low[1]},<{high[0]}.{high[1]}"

    def include(self, version: str) -> bool:
        numbers = re.match(r"(\d+)\.(\d+)", version)
        return numbers is not None and (
            self.lowest <= (int(numbers[1]), int(numbers[2])) < self.beyond
        )


AIORTC = Versions("aiortc", (1, 16), (1, 17))
AIOICE = Versions("aioice", (0, 13), (0, 14))


@dataclass(frozen=True, slots=True)
class Hook:
    """Replaces the function at `path` by what `make` builds around it."""

    path: str
    parameters: tuple[str, ...]
    make: Callable[[Any], Any]
    versions: Versions
    relies_on: tuple[str, ...] = ()
    is_security: bool = False

    @property
    def name(self) -> str:
        return self.make.__name__

    def fits(self) -> bool:
        original = find(self.path)
        return (
            callable(original)
            and tuple(inspect.signature(original).parameters) == self.parameters
            and all(map(exists, self.relies_on))
        )

    def apply(self) -> None:
        original = find(self.path)
        replace(self.path, functools.update_wrapper(self.make(original), original))


@dataclass(frozen=True, slots=True)
class Setting:
    """Replaces the module constant at `path`."""

    path: str
    value: float
    versions: Versions
    is_security: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition(":")[2]

    def fits(self) -> bool:
        return isinstance(find(self.path), int | float)

    def apply(self) -> None:
        replace(self.path, self.value)


@dataclass(frozen=True, slots=True)
class Reliance:
    """Replaces nothing: what a function of ours, called `name`, does to single objects."""

    name: str
    path: str
    versions: Versions
    relies_on: tuple[str, ...]
    is_security: bool = True

    def fits(self) -> bool:
        return all(map(exists, self.relies_on))

    def apply(self) -> None:
        pass


AnyHook = Hook | Setting | Reliance


def find(path: str) -> Any:
    """What is at `module:name`, or None."""
    try:
        return pkgutil.resolve_name(path)
    except (ImportError, AttributeError):
        return None


def replace(path: str, by: Any) -> None:
    owner, _, name = path.replace(":", ".").rpartition(".")
    setattr(pkgutil.resolve_name(owner), name, by)


def attributes(owner: str, *names: str) -> tuple[str, ...]:
    """Paths of these attributes; private ones as the interpreter spells them."""
    private = f"_{owner.rpartition(':')[2]}"
    return tuple(f"{owner}.{private if name.startswith('__') else ''}{name}" for name in names)


def exists(path: str) -> bool:
    """On the class, or named by its `__init__`: instances are not there to be asked yet."""
    if find(path) is not None:
        return True
    owner_path, _, name = path.rpartition(".")
    owner = find(owner_path)
    if hasattr(owner, name) or name in getattr(owner, "__annotations__", ()):
        return True
    code = getattr(inspect.unwrap(getattr(owner, "__init__", len)), "__code__", None)
    return code is not None and name in code.co_names


def apply(hooks: Iterable[AnyHook]) -> tuple[str, ...]:
    """Put them in place; returns the names of the comfort hooks that were left out.

    Raises UnsupportedLibrary, and changes nothing, when a security hook does not fit.
    """
    hooks = tuple(hooks)
    unfit = [hook for hook in hooks if not hook.fits()]
    for hook in unfit:
        if hook.is_security:
            raise unsupported(hook)
    for hook in hooks:
        if hook in unfit:
            log.warning("%s has changed; running without the hook %s", hook.path, hook.name)
        else:
            hook.apply()
    return tuple(hook.name for hook in unfit)


def unsupported(hook: AnyHook) -> UnsupportedLibrary:
    package = hook.versions.package
    return UnsupportedLibrary(
        f"{package} {metadata.version(package)} is not what edgevoice can protect ({hook.name}:"
        f" {hook.path} has changed): pip install '{hook.versions.requirement}'"
    )


def warn_of_untested(versions: Iterable[Versions]) -> None:
    for wanted in versions:
        installed = metadata.version(wanted.package)
        if not wanted.include(installed):
            log.warning(
                "%s %s is not a version edgevoice was tested with (%s)",
                wanted.package,
                installed,
                wanted.requirement,
            )
