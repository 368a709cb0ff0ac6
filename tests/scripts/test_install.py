"""What scripts/install says before it does anything."""

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def install(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CHECKOUT / "scripts/install", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environ,
        check=False,
    )


def test_help_lists_what_it_takes() -> None:
    said = install("--help").stdout
    options = ("--relay", "--board", "--yes", "--dry-run", "--rollback", "--uninstall", "--purge")
    assert all(option in said for option in options)
    assert "set -euo" not in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--everything"], "unknown option --everything; scripts/install --help lists them"),
        (["--relay"], "--relay needs a value"),
        (["--relay", "elsewhere"], "--relay elsewhere: here, none, only, or a URL"),
        (["--rollback", "--uninstall"], "--rollback and --uninstall exclude each other"),
        (["--purge"], "--purge goes with --uninstall"),
    ],
)
def test_options_that_make_no_sense_are_refused(words: list[str], told: str) -> None:
    done = install(*words)
    assert done.returncode == 1
    assert told in done.stderr


def test_whoever_is_not_root_is_told_the_command(tmp_path: Path) -> None:
    somebody = tmp_path / "id"
    somebody.write_text("#!/bin/sh\necho 1000\n")
    somebody.chmod(0o755)
    done = install("--relay", "here", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "root has to do this: sudo scripts/install --relay here" in done.stderr
