"""`edgevoice setup` hands over to the script that the Debian package brings."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgevoice.errors import ConfigError
from edgevoice.installing.setup_command import add_setup, run_setup


def handed_over(script: Path, *words: str) -> list[tuple[Path, list[str]]]:
    parser = ArgumentParser()
    add_setup(parser.add_subparsers())
    ran: list[tuple[Path, list[str]]] = []

    def execute(program: Path, called: Sequence[str]) -> None:
        ran.append((program, list(called)))

    run_setup(parser.parse_args(["setup", *words]), script, execute)
    return ran


def test_the_scripts_options_are_handed_on(tmp_path: Path) -> None:
    script = tmp_path / "setup"
    script.touch()
    words = ["--relay", "here", "--board", "plain", "--yes", "--dry-run"]
    assert handed_over(script, *words) == [(script, [str(script), *words])]
    assert handed_over(script) == [(script, [str(script)])]


def test_where_no_package_was_installed_the_way_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sudo scripts/install"):
        handed_over(tmp_path / "setup")
