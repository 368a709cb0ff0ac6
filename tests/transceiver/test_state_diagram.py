"""The script that draws the states, run as its users run it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgevoice.transceiver.states import REASONS, TRANSITIONS

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "state-diagram"
EMPTY = "# States\n\n<!-- states:begin -->\n<!-- states:end -->\n\nand more\n"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "ARCHITECTURE.md"
    path.write_text(EMPTY)
    return path


def test_it_draws_every_legal_move_and_no_other(document):
    assert run(document).returncode == 0
    arrows = re.findall(r"^    ([A-Z]+) --> ([A-Z]+): \S", document.read_text(), re.MULTILINE)
    legal = [(a.name, b.name) for a, targets in TRANSITIONS.items() for b in targets]
    assert sorted(arrows) == sorted(legal)
    assert "[*] --> IDLE" in document.read_text()


def test_every_move_has_its_reason():
    assert set(REASONS) == {(a, b) for a, targets in TRANSITIONS.items() for b in targets}


def test_the_rest_of_the_document_stays(document):
    run(document)
    text = document.read_text()
    assert text.startswith("# States\n\n<!-- states:begin -->\n```mermaid\n")
    assert text.endswith("\n```\n<!-- states:end -->\n\nand more\n")


def test_check_tells_and_changes_nothing(document):
    failed = run("--check", document)
    assert failed.returncode == 1
    assert "run scripts/state-diagram" in failed.stderr
    assert document.read_text() == EMPTY
    run(document)
    assert run("--check", document).returncode == 0


@pytest.mark.parametrize(
    "text",
    ["no markers", "<!-- states:end -->\n<!-- states:begin -->", EMPTY + EMPTY],
    ids=["none", "the wrong way round", "twice"],
)
def test_a_document_without_its_markers_is_left_alone(document, text):
    document.write_text(text)
    failed = run(document)
    assert failed.returncode == 2
    assert "states:begin" in failed.stderr
    assert document.read_text() == text


def test_a_document_that_is_missing(tmp_path):
    assert run(tmp_path / "none.md").returncode == 2


def test_the_diagram_of_the_architecture_is_that_of_the_table():
    assert run("--check").returncode == 0, "run scripts/state-diagram"
