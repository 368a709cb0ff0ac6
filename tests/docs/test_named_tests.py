"""Tests that the documentation names exist, and what must be published is."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.docs.pages import ROOT, pages, text

NAMED = re.compile(r"`(?:(tests/[\w/]+\.py)(?:::(test_\w+))?|(test_\w+))`")
PROVISIONS = {
    "5.1": 5, "5.2": 3, "5.3": 16, "5.4": 4, "5.5": 8, "5.6": 9, "5.7": 2, "5.8": 3, "5.9": 3,
    "5.10": 1, "5.11": 4, "5.12": 3, "5.13": 1, "6": 5,
}  # fmt: skip
"""How many each has, by the standard."""
ETSI = ROOT / "docs" / "etsi-en-303-645.md"


def named(page: Path) -> Iterator[tuple[str, str]]:
    """File and name; a name alone is of the file named before it."""
    file = ""
    for path, inside, alone in NAMED.findall(text(page)):
        file = path or file
        yield file, inside or alone


@cache
def defined(file: str) -> frozenset[str]:
    code = (ROOT / file).read_text(encoding="utf-8")
    return frozenset(re.findall(r"^ *(?:async )?def (test_\w+)\(", code, re.MULTILINE))


def test_every_test_that_is_named_exists():
    everywhere = (*pages(), ROOT / "ARCHITECTURE.md")
    found = [(page, *one) for page in everywhere for one in named(page)]
    assert len(found) > 60
    for page, file, name in found:
        assert (ROOT / file).is_file(), f"{page.name}: {file}"
        assert not name or name in defined(file), f"{page.name}: {file}::{name}"


def rows() -> Iterator[tuple[list[str], str, str]]:
    """Of the table of provisions: which, what is done, and the tests."""
    for line in text(ETSI).split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "provision":
            first, *more = cells[0].split(", ")
            chapter = first.rpartition("-")[0]
            yield [first, *(f"{chapter}{number}" for number in more)], cells[1], cells[2]


def test_every_provision_is_there_once():
    told = [provision for provisions, _, _ in rows() for provision in provisions]
    there = [f"{part}-{n + 1}" for part, most in PROVISIONS.items() for n in range(most)]
    assert sorted(told) == sorted(there)


def test_what_no_test_proves_says_why():
    excused = ("not applicable", "not met", "the times are in", "CHANGELOG.md")
    for provisions, does, tests in rows():
        assert tests or does.startswith(excused), provisions


def test_security_says_how_to_report_and_what_is_supported():
    security = text(ROOT / "SECURITY.md")
    for wanted in ("## Supported versions", "24 months", "## Reporting", "within", "14 days"):
        assert wanted in security
    from edgevoice import __version__

    assert f"(now {__version__.rpartition('.')[0]})" in security
