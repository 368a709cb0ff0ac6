"""A file on disk, for what reads files: the same one again and again."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

MEMORY = Path("/dev/shm")


def memory() -> str | None:
    """A folder in memory where there is one: no card is worn out by a million files."""
    return str(MEMORY) if MEMORY.is_dir() else None


@cache
def _folder(_process: int) -> Path:
    named = os.environ.get("TMPDIR") or memory()
    made = Path(tempfile.mkdtemp(prefix="edgevoice-fuzz-", dir=named))
    atexit.register(_removed, made, os.getpid())
    return made


def _removed(made: Path, by: int) -> None:
    if os.getpid() == by:
        shutil.rmtree(made, ignore_errors=True)


def folder() -> Path:
    """This process's own; a fork does not take its parent's away."""
    return _folder(os.getpid())


def written(name: str, data: bytes) -> Path:
    path = folder() / name
    path.write_bytes(data)
    return path
