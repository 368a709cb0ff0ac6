"""The command line of `edgevoice doctor`, `listen` and `wake-test`.

What they do is imported when they do it, so that `edgevoice --help` stays quick.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

WRITE = "put what is recommended into 90-audio.yaml in config.d, after showing what changes"


def add_doctor(commands: Commands, configured: argparse.ArgumentParser) -> None:
    doctor = commands.add_parser(
        "doctor",
        parents=[configured],
        help="find out what is wrong, or measure the sound",
        description="Checks configuration, models, sound cards and the running assistant. With"
        " --audio it also plays chirps and measures what the microphone hears of them.",
        epilog="Exit status 1 when something failed; each line says what to do next.",
    )
    doctor.add_argument(
        "--audio", action="store_true", help="play chirps: delay, echo, noise, clipping, clocks"
    )
    doctor.add_argument(
        "--volume",
        type=percent,
        metavar="PERCENT",
        help="how loud the chirps are (default: speaker.volume_percent)",
    )
    doctor.add_argument("--write", action="store_true", help=WRITE)
    doctor.add_argument("--json", action="store_true", help="print one JSON object instead")
    doctor.set_defaults(act=run_doctor)


def add_listen(commands: Commands, configured: argparse.ArgumentParser) -> None:
    listen = commands.add_parser(
        "listen",
        parents=[configured],
        help="show level, speech and wake scores as they are heard",
        description="Shows what the running assistant hears, or opens the microphone by itself"
        " where none runs. Nothing is recorded. Ctrl-C ends it.",
    )
    listen.add_argument("--json", action="store_true", help="one JSON object per line")
    listen.add_argument(
        "--seconds", type=positive, metavar="N", help="end by itself after so many seconds"
    )
    listen.set_defaults(act=run_listen)


def add_wake_test(commands: Commands, configured: argparse.ArgumentParser) -> None:
    test = commands.add_parser(
        "wake-test",
        parents=[configured],
        help="find the threshold of a wake word for this room and its voices",
        description="Records the room, then somebody who says the wake word on cue; or reads both"
        " from WAV files. Prints what is missed and what wakes falsely at each threshold, and"
        " recommends one.",
    )
    test.add_argument("--word", metavar="NAME", help="which wake word (default: the first)")
    test.add_argument(
        "--seconds", type=positive, default=60.0, metavar="N", help="of the room (default: 60)"
    )
    test.add_argument(
        "--times", type=count, default=10, metavar="N", help="the word is said (default: 10)"
    )
    test.add_argument(
        "--noise", nargs="+", metavar="FILE", help="the room, instead of recording it"
    )
    test.add_argument(
        "--utterances", nargs="+", metavar="FILE", help="the word said, as files or folders"
    )
    test.add_argument("--keep", metavar="DIR", help="keep what is recorded; else it is forgotten")
    test.add_argument("--write", action="store_true", help=WRITE)
    test.add_argument("--json", action="store_true", help="print one JSON object instead")
    test.set_defaults(act=run_wake_test)


def percent(text: str) -> int:
    number = count(text)
    if number > 100:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 100")
    return number


def count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number of 1 or more')
    return int(text)


def positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 86_400:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of seconds')
    return number


def run_doctor(args: argparse.Namespace) -> int:
    from edgevoice.doctor.app import main

    if not args.audio and (args.write or args.volume is not None):
        raise SystemExit("edgevoice doctor: --write and --volume go with --audio")
    return main(args)


def run_listen(args: argparse.Namespace) -> int:
    from edgevoice.doctor.listen import main

    return main(args)


def run_wake_test(args: argparse.Namespace) -> int:
    from edgevoice.doctor.wake_test import main

    return main(args)
