"""What the program keeps in its state folder, by file: what it is, and which erasing takes it.

Whatever is there and not listed is told as unknown; nobody else should put anything there.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept:
    patterns: tuple[str, ...]
    what: str
    erased_by: str
    """`forget`, `forget --all`, `forget --key`, or nothing: it is no trace of anybody."""


KEPT = (
    Kept(("context.json*",), "the conversation, while it is remembered", "forget"),
    Kept(("privacy.log*", "privacy-*.log*"), "when audio left the board", "forget --all"),
    Kept(("turns.jsonl*",), "how long turns took", "forget --all"),
    Kept(("reasons.json*",), "why it woke, did not, or stopped", "forget --all"),
    Kept(("recordings", "recordings/*"), "recordings of the last turns", "forget --all"),
    Kept(("failures", "failures/*"), "what led to failures, without words", "forget --all"),
    # Not written any more, and left by the version that did.
    Kept(("flight-record*",), "what led to a failure, with what was said", "forget --all"),
    Kept(("timers.json*",), "timers and alarms, with their names", "forget --all"),
    Kept(("run.json*",), "when the program began and ended", "forget --all"),
    Kept(("device.key*",), "the board's key, by which relays know it", "forget --key"),
    Kept(("settings.json*", "lowered.json*", "quiet.json*"), "mute, volume, quiet hours", ""),
)

UNKNOWN = Kept(("*",), "unknown", "")


def kind_of(name: str) -> Kept:
    """`name` is relative to the state folder."""
    for known in KEPT:
        if any(fnmatch(name, pattern) for pattern in known.patterns):
            return known
    return UNKNOWN


def found(directory: Path) -> Iterator[tuple[Path, Kept]]:
    """Every file there is, in order of name. What cannot be looked at is left out."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() or path.is_symlink():
            yield path, kind_of(str(path.relative_to(directory)))


def erasing(*, everything: bool, key: bool) -> frozenset[str]:
    """The commands that these stand for."""
    commands = {"forget"}
    if everything:
        commands.add("forget --all")
    if key:
        commands.add("forget --key")
    return frozenset(commands)


def erasable(directory: Path, by: frozenset[str]) -> list[str]:
    """What there is that these commands erase, in words."""
    return sorted({known.what for _, known in found(directory) if known.erased_by in by})


def erase(directory: Path, by: frozenset[str]) -> list[str]:
    """All files that these commands erase; those that stay against our will. Blocking."""
    stuck = []
    for path, known in list(found(directory)):
        if known.erased_by in by:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                stuck.append(f"{path}: {error.strerror}")
    for name in ("recordings", "failures"):
        _remove_empty(directory / name)
    return stuck


def _remove_empty(top: Path) -> None:
    # Root may do this, too, in a folder where others may put links.
    folders = () if top.is_symlink() else top.glob("**/")
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):  # what is in it has been told
            folder.rmdir()


def kept(directory: Path) -> dict[str, dict[str, Any]]:
    """Number of files and bytes, by what they are."""
    told: dict[str, dict[str, Any]] = {}
    for path, known in found(directory):
        try:
            size = path.lstat().st_size
        except OSError:  # erased while we looked
            continue
        entry = told.setdefault(
            known.what, {"files": 0, "bytes": 0, "erased_by": known.erased_by or None}
        )
        entry["files"] += 1
        entry["bytes"] += size
    return told
