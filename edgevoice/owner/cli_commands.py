"""The command line of what an owner asks of the running assistant.

`CONTROLS` are commands of the control socket that print what they are told: another
one is one more line. What has more to it has an `add_*` of its own.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


@dataclass(frozen=True, slots=True)
class Control:
    help: str
    argument: str = ""
    """What its argument is called, where it may have one."""
    meaning: str = ""
    """Of the argument."""


CONTROLS = {
    "wake": Control("start listening, as the wake word does"),
    "mute": Control("close the microphone until `unmute`, also after a reboot"),
    "unmute": Control("open the microphone again"),
    "stop": Control("end the conversation that is going on"),
    "record": Control(
        "keep the sound of the last turns on this board, or stop doing so",
        "ORDER",
        "on, off, status, or last (where it is); erased by `forget --all`",
    ),
    "volume": Control(
        "say how loud it is, or make it louder or softer", "PERCENT", "0 to 100, or +10, or -10"
    ),
}


def add_owner(commands: Commands, configured: argparse.ArgumentParser) -> None:
    """All of them."""
    add_status(commands, configured)
    add_controls(commands, configured)
    add_why(commands, configured)
    add_turns(commands, configured)
    add_privacy(commands, configured)
    add_forget(commands, configured)
    add_replay(commands, configured)


def add_controls(commands: Commands, configured: argparse.ArgumentParser) -> None:
    for name, control in CONTROLS.items():
        command = commands.add_parser(name, parents=[configured], help=control.help)
        if control.argument:
            command.add_argument(
                "argument", nargs="?", default="", metavar=control.argument, help=control.meaning
            )
        command.add_argument("--json", action="store_true", help="print the answer as JSON")
        command.set_defaults(act=ask_and_tell, command=name, argument="")


def add_status(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = _asking(commands, configured, "status", "say what the running assistant is doing")
    command.add_argument(
        "--watch", action="store_true", help="go on, with a level meter, until Ctrl-C"
    )
    command.set_defaults(act=show_status)


def add_why(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = _asking(commands, configured, "why", "say why it woke, did not, stopped or was slow")
    command.set_defaults(act=show_why)


def add_turns(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = _asking(commands, configured, "turns", "show where the time of the last turns went")
    command.add_argument(
        "number", nargs="?", type=count, metavar="NUMBER", help="one of them, with all its stages"
    )
    command.add_argument("--last", type=count, metavar="N", help="so many (default: 10)")
    command.add_argument("--plot", metavar="FILE", help="draw them: a .png or .svg (extra: plot)")
    command.set_defaults(act=show_turns)


def add_privacy(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = _asking(commands, configured, "privacy", "show when audio left, and to whom")
    command.add_argument(
        "--since",
        default="",
        metavar="TIME",
        help="12h, 7d, 2026-11-01 or 2026-11-01T08:00 (default: today)",
    )
    command.set_defaults(act=show_privacy)


def _asking(
    commands: Commands, configured: argparse.ArgumentParser, name: str, told: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, parents=[configured], help=told)
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    return command


def count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_COUNTED:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number from 1 to {MOST_COUNTED}')
    return int(text)


MOST_COUNTED = 1_000_000


def show_status(args: argparse.Namespace) -> int:
    from edgevoice.owner.status import main

    return main(args)


def show_why(args: argparse.Namespace) -> int:
    from edgevoice.owner.why import main

    return main(args)


def show_turns(args: argparse.Namespace) -> int:
    from edgevoice.owner.turns import main

    return main(args)


def show_privacy(args: argparse.Namespace) -> int:
    from edgevoice.owner.privacy import main

    return main(args)


def add_forget(commands: Commands, configured: argparse.ArgumentParser) -> None:
    told = "erase what was said; with --all every trace of anybody"
    command = _asking(commands, configured, "forget", told)
    command.add_argument(
        "--all",
        action="store_true",
        help="also turns, reasons, recordings, flight record, timers and the privacy log",
    )
    command.add_argument(
        "--key", action="store_true", help="also the board's key: it must then be paired anew"
    )
    command.add_argument(
        "--relay", action="store_true", help="also ask the relays to forget our conversations"
    )
    command.add_argument(
        "--failure",
        metavar="NAME",
        help="only what led to this failure, when you have looked at it; `doctor` names the last",
    )
    command.add_argument("--yes", action="store_true", help="do not ask whether this is meant")
    command.set_defaults(act=forget)


def forget(args: argparse.Namespace) -> int:
    from edgevoice.owner.forget import main

    return main(args)


def add_replay(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = commands.add_parser(
        "replay",
        parents=[configured],
        help="play a flight record again, and see whether the same is done",
        description="Plays the inputs of a flight record, which every failure leaves in a folder"
        " of its own (`edgevoice why`), or of a recorded turn into a fresh transceiver. Prints"
        " the first step in which something else is done: what came in, what was decided then,"
        " what is decided now.",
        epilog="Exit status 0: the same was done in each step, and if something broke, it breaks"
        " again. 1: something else is done. 2: the record cannot be read. The record of a turn"
        " holds what was said.",
    )
    command.add_argument(
        "file", metavar="FILE", help="the record, or the folder of a failure or of a turn"
    )
    command.add_argument("--show", action="store_true", help="print every step")
    command.add_argument("--quiet", action="store_true", help="print only what differs")
    command.add_argument(
        "--from", dest="since", type=count, default=1, metavar="STEP", help="compare from here on"
    )
    command.add_argument("--until", type=count, metavar="STEP", help="play no further than this")
    command.add_argument(
        "--ears", action="store_true", help="of a turn: hear its sound again, too (wake word, VAD)"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead")
    command.set_defaults(act=run_replay)


def run_replay(args: argparse.Namespace) -> int:
    from edgevoice.owner.replay import main

    return main(args)


def _worded(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "none"
    return str(value)


def ask_and_tell(args: argparse.Namespace) -> int:
    from edgevoice.config_file import asked_for
    from edgevoice.daemon.control.client import request

    socket = asked_for(args).config.control.socket
    answer = request(socket, f"{args.command} {args.argument}".rstrip())
    if args.json:
        import json

        print(json.dumps(answer))
    else:
        for name, value in answer.items():
            print(f"{name}: {_worded(value)}")
    return 0
