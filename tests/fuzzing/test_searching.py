"""What drives the targets: what is found is kept, made short, and can be seen again."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzzing import targets
from tests.fuzzing.shrinking import broken, shrunk
from tests.fuzzing.targets import _fragile

CHECKOUT = Path(__file__).resolve().parents[2]
RUNS = 100
"""Of each target: a moment. The same ones each time."""

needs_atheris = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="atheris has wheels for x86_64 only"
)


def fuzz(*arguments: str, module: str = "tests.fuzzing") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=CHECKOUT,
        check=False,
    )


def uncaught(said: str) -> str:
    """What broke a contract, of all that a search says."""
    at = said.find("=== Uncaught")
    return said[at : at + 3_000] if at >= 0 else said[-3_000:]


def test_the_shortest_is_found_that_breaks_in_the_same_place() -> None:
    shortest = shrunk(_fragile.contract, b"!" + b"some words" * 50)
    assert len(shortest) == 4
    assert shortest.startswith(b"!")


def test_what_holds_is_not_made_shorter() -> None:
    assert broken(_fragile.contract, b"fine") == ""
    assert shrunk(_fragile.contract, b"fine") == b"fine"


def test_a_file_is_played_again(tmp_path: Path) -> None:
    (tmp_path / "found").write_bytes(b"!" + bytes(40))
    ended = fuzz("--reproduce", "_fragile", str(tmp_path / "found"))
    assert ended.returncode == 1
    assert "4 of 41 bytes do" in ended.stdout
    assert "LookupError: this is found in a moment" in ended.stdout


def test_a_target_that_is_not_there_is_told_with_those_that_are() -> None:
    ended = fuzz("nope", "--seconds", "1")
    assert ended.returncode == 2
    assert "no target nope; there are: answers" in ended.stdout


@pytest.mark.slow
@needs_atheris
def test_what_is_found_is_kept_and_how_to_see_it_is_said(tmp_path: Path) -> None:
    ended = fuzz("_fragile", "--seconds", "20", "--crashes", str(tmp_path))
    assert ended.returncode == 1
    (kept,) = (tmp_path / "_fragile").iterdir()
    assert broken(_fragile.contract, kept.read_bytes())
    assert f"scripts/fuzz --reproduce _fragile {kept}" in ended.stdout


@pytest.mark.slow
@needs_atheris
def test_what_is_new_is_added_to_ones_own_corpus(tmp_path: Path) -> None:
    ended = fuzz("headers", "--seconds", "1", "--corpus", str(tmp_path / "grown"))
    assert ended.returncode == 0, uncaught(ended.stdout)
    assert "1 of 1 held" in ended.stdout
    assert any((tmp_path / "grown" / "headers").iterdir())


@pytest.mark.slow
@needs_atheris
def test_a_short_search_finds_nothing(tmp_path: Path) -> None:
    """One process, which imports and instruments everything once."""
    options = ("--into", str(tmp_path), "--runs", str(RUNS), "--seconds", "2")
    ended = fuzz(*options, *targets.names(), module="tests.fuzzing.searching")
    assert ended.returncode == 0, uncaught(ended.stdout)
    assert list(tmp_path.glob("*/*")) == []
