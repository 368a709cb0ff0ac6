"""`edgevoice say`: have the running assistant say something, in the relay's voice."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

TIMEOUT_S = 28.0


def add_say(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = commands.add_parser(
        "say",
        parents=[configured],
        help="have the assistant say something aloud",
        description="Says it in the relay's voice as soon as nobody talks with the assistant and"
        " nothing rings; in quiet hours afterwards, or never (`quiet_hours.announcements`).",
    )
    command.add_argument("text", nargs="+", metavar="TEXT", help="up to 500 letters")
    command.add_argument("--urgent", action="store_true", help="also in quiet hours")
    command.set_defaults(act=run_say)


def run_say(args: argparse.Namespace) -> int:
    from edgevoice.config_file import asked_for
    from edgevoice.daemon.control.client import request

    socket = asked_for(args).config.control.socket
    text = " ".join(" ".join(args.text).split())
    urgent = "urgent: " if args.urgent else ""
    answer = request(socket, f"say {urgent}{text}", TIMEOUT_S)
    if answer.get("quiet") and not args.urgent:
        print("it is quiet now; --urgent says it anyway")
    return 0
