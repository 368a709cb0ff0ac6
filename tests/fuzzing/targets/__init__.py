"""One file a target: `contract(data)`, and what it needs. Found here by their names."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

HERE = Path(__file__).parent
CORPUS = HERE.parent / "corpus"

Contract = Callable[[bytes], None]

MOST_BYTES = 4_096
"""Longer inputs find little and take long. A target may say otherwise."""


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("[a-z]*.py"))


def exists(name: str) -> bool:
    """Also those that are there for tests, which `names` does not tell."""
    return (HERE / f"{name}.py").is_file()


def contract(name: str) -> Contract:
    """Imports the target, and with it what is fuzzed."""
    return cast(Contract, importlib.import_module(f"{__name__}.{name}").contract)


def seeds(name: str) -> list[Path]:
    """Files that are worth looking at, because they are good or because they once were not."""
    return sorted(path for path in (CORPUS / name).glob("*") if path.is_file())
