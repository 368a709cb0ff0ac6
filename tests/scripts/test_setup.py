"""What scripts/setup says when it cannot go on, and that it does not do things twice."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def setup(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CHECKOUT / "scripts" / "setup", *words],
        capture_output=True,
        text=True,
        env=os.environ | environ,
        timeout=120,
        check=False,
    )


def test_help_lists_what_it_takes() -> None:
    said = setup("--help").stdout
    assert all(option in said for option in ("--dev", "--device", "--relay", "--into"))
    assert "set -euo" not in said


def test_an_unknown_option_is_refused() -> None:
    done = setup("--everything")
    assert done.returncode == 1
    assert "--everything" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--device", "--relay"], "--device and --relay exclude each other"),
        (["--into"], "--into needs a folder"),
    ],
)
def test_options_that_make_no_sense_are_refused(words: list[str], told: str) -> None:
    done = setup(*words)
    assert done.returncode == 1
    assert told in done.stderr


def test_the_demo_explains_itself_before_anything_is_installed(tmp_path: Path) -> None:
    done = subprocess.run(
        [CHECKOUT / "scripts" / "run", "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"EDGEVOICE_VENV": f"{tmp_path}/v"},
        cwd=tmp_path,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "kitchen" in done.stdout
    assert not (tmp_path / "v").exists()


def test_an_unusable_interpreter_is_named(tmp_path: Path) -> None:
    done = setup(
        "--relay", "--no-models", EDGEVOICE_PYTHON="/bin/false", EDGEVOICE_VENV=f"{tmp_path}/v"
    )
    assert done.returncode == 1
    assert "EDGEVOICE_PYTHON=/bin/false is not a Python 3.13 3.12 3.11" in done.stderr


@pytest.mark.slow
def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    done = setup(
        "--relay", "--no-models", EDGEVOICE_PYTHON=sys.executable, EDGEVOICE_VENV=str(tmp_path)
    )
    assert done.returncode == 1
    assert "is in the way" in done.stderr
    assert (tmp_path / "precious").read_text() == "x"


@pytest.mark.slow
def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    done = setup(
        "--relay",
        "--no-models",
        EDGEVOICE_PYTHON=sys.executable,
        EDGEVOICE_VENV=str(tmp_path / "v"),
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_EXTRA_INDEX_URL="",
        PIP_FIND_LINKS="",
        PIP_NO_CACHE_DIR="1",
        PIP_RETRIES="0",
    )
    assert done.returncode == 1
    assert "that needs the network" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    not (CHECKOUT / ".venv/.edgevoice-packages").exists(), reason="no scripts/setup ran here"
)
@pytest.mark.skipif(
    (CHECKOUT / ".venv").is_symlink(),
    reason="the environment belongs to another checkout",
)
def test_a_second_run_takes_no_time_and_says_nothing() -> None:
    setup("--dev", "--no-models")
    began = time.perf_counter()
    done = setup("--dev", "--no-models")
    assert (done.returncode, done.stdout) == (0, "")
    assert time.perf_counter() - began < 2
