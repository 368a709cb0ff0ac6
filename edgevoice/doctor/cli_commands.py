"""The command line of `edgevoice doctor`, `listen` and `wake-test`.

What they do is imported when they do it, so that `edgevoice --help` stays quick.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

WRITE = "put what is recommended into 90-audio.yaml in config.d, after showing what changes"


DESCRIPTION = """\
Checks everything from the board up to the relay, and says in one line each how
it is and what to do. Needs no root, plays nothing and changes nothing. With
--audio it also plays chirps and measures what the microphone hears of them.
"""


def add_doctor(commands: Commands, configured: argparse.ArgumentParser) -> None:
    doctor = commands.add_parser(
        "doctor",
        parents=[configured],
        help="find out what is wrong, or measure the sound",
        description=DESCRIPTION,
        epilog=epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doctor.add_argument(
        "checks", nargs="*", metavar="CHECK", type=subject, help="only these; see below"
    )
    doctor.add_argument(
        "--security",
        action="store_true",
        help="instead: whether the set-up is secure, by provisions of ETSI EN 303 645",
    )
    doctor.add_argument(
        "--relay",
        action="store_true",
        help="also the relay here, where it is no service",
    )
    doctor.add_argument(
        "--bundle",
        nargs="?",
        const="",
        metavar="FILE",
        help="collect what helps others to help, without secrets, names and words: shows it, and"
        " asks before it writes a .tar.gz",
    )
    doctor.add_argument("--yes", action="store_true", help="write the bundle without asking")
    doctor.add_argument("--quiet", action="store_true", help="say only what is not fine")
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


SUBJECTS = {
    "board": "model, profile, overlay and drivers",
    "power": "voltage, heat, memory",
    "disk": "room, wear, what is kept",
    "clock": "the time",
    "sound": "cards, who holds them, servers, mixer, microphone, loudspeaker",
    "pins": "button, light, lamps",
    "models": "wake words and their speed here",
    "versions": "what runs here",
    "unit": "the service and its sandbox",
    "assistant": "what runs now",
    "privacy": "what leaves the board, and what could be reached",
    "network": "each relay: name, certificate, login, media, latency",
    "relay": "the relay on this machine, where there is one",
}
"""Each is asked for by its name, in `plan.py`'s order."""


def epilog() -> str:
    lines = [f"  {name:10} {told}" for name, told in SUBJECTS.items()]
    end = "Exit status 1 when something failed; each line says what to do next."
    return "\n".join(["checks:", *lines, "", end])


def subject(text: str) -> str:
    if text not in SUBJECTS:
        raise argparse.ArgumentTypeError(f'"{text}" is none of: {", ".join(SUBJECTS)}')
    return text


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
    if args.yes and args.bundle is None:
        raise SystemExit("edgevoice doctor: --yes goes with --bundle")
    if args.security and args.checks:
        raise SystemExit("edgevoice doctor: --security has checks of its own; name no others")
    return main(args)


def run_listen(args: argparse.Namespace) -> int:
    from edgevoice.doctor.listen import main

    return main(args)


def run_wake_test(args: argparse.Namespace) -> int:
    from edgevoice.doctor.wake_test import main

    return main(args)
