"""`edgevoice setup`: what comes after the Debian package, by the script that came with it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgevoice.errors import ConfigError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

SCRIPT = Path(sys.prefix) / "setup" / "setup"

Execute = Callable[[Path, Sequence[str]], object]


def add_setup(commands: Commands) -> None:
    setup = commands.add_parser(
        "setup",
        help="make a freshly installed Debian package answer: models, board, relay, services",
        description="Fetches the models, which are no part of the Debian package, after showing"
        " their licences; finds the board; introduces it to its relay; starts the services and"
        " watches them; asks the doctor. A second run does what is left to do.",
    )
    setup.add_argument(
        "--relay",
        metavar="here|none|only|URL",
        help="where answers come from: this board (here), another machine (its URL), or to be"
        " decided (none); only: no microphone here, this machine answers for others",
    )
    setup.add_argument("--board", metavar="NAME", help="as `edgevoice board list` has it")
    setup.add_argument("--yes", action="store_true", help="ask nothing, do what is recommended")
    setup.add_argument("--dry-run", action="store_true", help="only say what would be done")
    setup.set_defaults(act=run_setup)


def run_setup(
    args: argparse.Namespace, script: Path = SCRIPT, execute: Execute | None = None
) -> int:
    if not script.exists():
        raise ConfigError(
            "setup goes with the Debian package, and this edgevoice was installed otherwise: in a"
            " clone, sudo scripts/install does it"
        )
    (execute or _become)(script, [str(script), *_words(args)])
    return 0


def _become(script: Path, words: Sequence[str]) -> None:
    """The script in this program's place, with its terminal."""
    os.execv(script, list(words))


def _words(args: argparse.Namespace) -> Iterator[str]:
    for name in ("relay", "board"):
        if value := getattr(args, name):
            yield from (f"--{name}", value)
    for name in ("yes", "dry_run"):
        if getattr(args, name):
            yield "--" + name.replace("_", "-")
