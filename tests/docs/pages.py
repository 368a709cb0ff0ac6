"""What the documentation is made of: pages, fenced blocks, links, headings, names of tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
"""Before a block that is only to be read, with the reason."""


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str
    not_run: str
    """Why it is neither run nor checked; empty: it is."""

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@cache
def pages() -> tuple[Path, ...]:
    """Those that an owner reads."""
    return (ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md")))


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(*languages: str) -> list[Block]:
    """All fenced blocks, or those in these languages."""
    return [
        b for page in pages() for b in _blocks(page) if not languages or b.language in languages
    ]


def _blocks(page: Path) -> Iterator[Block]:
    lines = text(page).split("\n")
    begun: int | None = None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if begun is None:
            begun = number
            continue
        marker = NOT_RUN.fullmatch(lines[begun - 1] if begun else "")
        inside = "\n".join(lines[begun + 1 : number])
        yield Block(page, begun + 1, lines[begun][3:], inside, marker[1] if marker else "")
        begun = None
    assert begun is None, f"{page.name}: a block without an end"


def prose(page: Path) -> str:
    """Without fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text(page), flags=re.MULTILINE | re.DOTALL)


def spans(page: Path) -> Iterator[str]:
    """What is set as code within sentences."""
    for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose(page)):
        yield " ".join(span.split())


def links(page: Path) -> Iterator[str]:
    without_code = re.sub(r"`[^`]*`", "", prose(page))
    yield from re.findall(r"\]\(([^)\s]+)\)", without_code)


@cache
def anchors(page: Path) -> frozenset[str]:
    """As GitHub makes them from headings."""
    titles = re.findall(r"^#{1,6} (.+)$", prose(page), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles)
