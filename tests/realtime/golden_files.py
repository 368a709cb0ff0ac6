"""The stored events: one file for each type, named after it."""

from pathlib import Path
from typing import Any

import msgspec

_FOLDER = Path(__file__).with_name("golden")


def types(side: str) -> list[str]:
    return sorted(file.stem for file in (_FOLDER / side).glob("*.json"))


def text(side: str, type: str) -> str:
    return (_FOLDER / side / f"{type}.json").read_text(encoding="utf-8")


def raw(side: str, type: str) -> dict[str, Any]:
    return msgspec.json.decode(text(side, type), type=dict[str, Any])
