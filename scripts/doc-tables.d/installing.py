"""The table of what scripts/install and scripts/setup say when they give up."""

import re
from collections.abc import Iterator
from pathlib import Path

from errors import Row, table
from remedies import parted
from sentences import GAP

SCRIPTS = Path(__file__).resolve().parents[1]
FAILS = re.compile(r'\bfail ((?:"(?:[^"\\]|\\.)*"(?:[ ]|\\\n)*)+)')
PUT_IN = re.compile(r"\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\$\{[^}]*\}|\$\w+|\$[*@#?]")


def rows() -> list[Row]:
    files = [SCRIPTS / "install", SCRIPTS / "setup", *sorted((SCRIPTS / "install.d").glob("*.sh"))]
    return sorted({row for path in files for row in _of(path)})


def _of(path: Path) -> Iterator[Row]:
    text = path.read_text(encoding="utf-8")
    for found in FAILS.finditer(text):
        words = " ".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found[1]))
        sentence = " ".join(PUT_IN.sub(GAP, words).replace("\\", "").split())
        if sentence != GAP:
            trouble, remedy = parted(sentence)
            line = text.count("\n", 0, found.start()) + 1
            yield Row(trouble, remedy, "install", f"scripts/{path.name}:{line}")


def install_table() -> str:
    return table(("message", "what helps"), [(row.message, row.remedy) for row in rows()])
