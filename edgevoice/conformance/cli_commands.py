"""The command line of `edgevoice conformance`; what it does is imported when it does it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_conformance(commands: Commands) -> None:
    command = commands.add_parser(
        "conformance",
        help="check that a server serves OpenAI's own clients",
        description="Talks to a server of OpenAI's Realtime API: by the protocol itself over HTTP,"
        " WebSocket and WebRTC, and with OpenAI's clients for Python, Node and browsers as far as"
        " they are installed. Any server will do, not only a relay of ours.",
        epilog="Exit status 1 when a check failed; what is not installed is skipped. A relay takes"
        " 12 calls per minute and token, and every check makes one or two: --pause 10 keeps within"
        " it, or raise relay.limits.starts_per_minute for the time of it.",
    )
    command.add_argument("url", nargs="?", metavar="URL", help="such as https://relay.example:8790")
    command.add_argument("--token-file", metavar="FILE", help="the token or API key is in it")
    command.add_argument(
        "--model", default="gpt-realtime-2.1", help="asked for (default: %(default)s)"
    )
    trust = command.add_mutually_exclusive_group()
    trust.add_argument("--ca-file", metavar="FILE", help="the server's CA, where it is private")
    trust.add_argument("--insecure", action="store_true", help="trust any certificate")
    command.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="a check such as socket.turn, or all of a client such as socket; may be repeated",
    )
    command.add_argument(
        "--pause", type=float, default=0.0, metavar="S", help="seconds between two checks"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead")
    command.add_argument(
        "--install",
        action="store_true",
        help="fetch OpenAI's JavaScript packages (83 MB, by npm) for the checks with Node and"
        " Chromium, and do nothing else",
    )
    command.add_argument(
        "--modules", metavar="DIR", help="where these packages are (default: beside edgevoice)"
    )
    command.set_defaults(act=run_conformance)


def run_conformance(args: argparse.Namespace) -> int:
    from edgevoice.conformance.app import main

    return main(args)
