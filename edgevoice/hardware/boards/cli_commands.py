"""The command line of `edgevoice board`.

What it does is imported when it does it, so that `edgevoice --help` stays quick.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

ENABLE_I2C = "turn I2C on until the next reboot, to look at what is on the pins; needs root"


def add_board(
    commands: Commands, configured: argparse.ArgumentParser, inherited: argparse.ArgumentParser
) -> None:
    """`inherited` are the same options for the commands inside."""
    board = commands.add_parser(
        "board",
        parents=[configured],
        help="find out which board this is, and tell edgevoice",
        description="Says which board is on the pins or on USB and by which signs, which one is"
        " configured, and what the kernel lacks for it.",
    )
    board.set_defaults(act=_later("show"))
    inner = board.add_subparsers(title="commands", metavar="COMMAND")
    every = inner.add_parser("list", help="the boards edgevoice knows, by name")
    every.set_defaults(act=_later("list_boards"))
    detect = inner.add_parser(
        "detect", parents=[inherited], help="look for the board, and only that"
    )
    detect.add_argument("--json", action="store_true", help="print one JSON object instead")
    detect.add_argument("--enable-i2c", action="store_true", help=ENABLE_I2C)
    detect.set_defaults(act=_later("detect_board"))
    use = inner.add_parser("use", parents=[inherited], help="write the board's name into config.d")
    use.add_argument("name", metavar="NAME", help="as `edgevoice board list` has it")
    use.set_defaults(act=_later("use_board"))
    overlay = inner.add_parser(
        "overlay",
        parents=[inherited],
        help="what config.txt needs for the board",
        description="Shows the lines that the firmware's config.txt needs before the kernel knows"
        " the board, and whether they are there.",
    )
    overlay.add_argument("name", nargs="?", metavar="NAME", help="default: the configured board")
    overlay.add_argument(
        "--write", action="store_true", help="add what is missing; a copy of the file is kept"
    )
    overlay.set_defaults(act=_later("show_overlay"))


def _later(name: str) -> Callable[[argparse.Namespace], int]:
    def act(args: argparse.Namespace) -> int:
        from edgevoice.hardware.boards import command

        perform: Callable[[argparse.Namespace], int] = getattr(command, name)
        return perform(args)

    return act
