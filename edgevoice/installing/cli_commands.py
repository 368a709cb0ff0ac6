"""The command line of `edgevoice self-test`. What it does is imported when it does it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

PARTS = ("device", "relay")


def add_self_test(commands: Commands, configured: argparse.ArgumentParser) -> None:
    test = commands.add_parser(
        "self-test",
        parents=[configured],
        help="see that this installation is whole, without touching anything",
        description="Loads all parts, reads the configuration, and lets the wake word hear a"
        " recording. Opens no microphone, plays nothing, and may run beside the assistant."
        " `scripts/install` runs it before a new version takes the place of the old one.",
        epilog="Exit status 1 when something failed.",
    )
    test.add_argument(
        "--part",
        action="append",
        choices=PARTS,
        help="only this part, may be repeated (default: those that are installed)",
    )
    test.add_argument(
        "--turn",
        action="store_true",
        help="also let a recorded voice ask a question, and wait for the answer (10 s)",
    )
    test.set_defaults(act=run_self_test)


def run_self_test(args: argparse.Namespace) -> int:
    from edgevoice.installing.self_test import main

    return main(args)
