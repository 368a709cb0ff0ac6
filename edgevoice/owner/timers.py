"""`edgevoice timers` and `edgevoice dnd`: from words on the command line to the device's tools.

Reading the words is pure; the device judges what they ask for.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgevoice.errors import ControlError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

UNITS = (3600, 60, 1)
LENGTH = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,4})m(?:in)?)?(?:(\d{1,5})s)?", re.ASCII)
CLOCK = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
EPILOG = """\
  edgevoice timers                                what is set, and what is left
  edgevoice timers add 5m pasta                   a timer
  edgevoice timers add 7:30 --weekdays wake up    an alarm
  edgevoice timers more 5m pasta                  five minutes longer (`-- -5m`: shorter)
  edgevoice timers pause pasta                    and `resume pasta`
  edgevoice timers cancel pasta                   or `cancel --all`
  edgevoice timers snooze                         what rings, or was stopped just now
"""


DAYS = {
    "weekdays": "again and again, from Monday to Friday",
    "weekends": "on Saturdays and Sundays",
    "daily": "every day",
    "tomorrow": "once, but not today",
}


class AndWords(argparse.Action):
    """Days that may stand between the time and the name: what follows them is the name."""

    def __call__(self, parser: Any, namespace: Any, values: Any, *_option: Any) -> None:
        named = list(values)
        days = self.dest if self.dest in DAYS else named.pop(0)
        namespace.days = days
        namespace.words = [*(namespace.words or []), *named]


def add_timers(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = commands.add_parser(
        "timers",
        parents=[configured],
        help="show timers and alarms, set and cancel them",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "what",
        nargs="?",
        default="list",
        choices=("list", "add", "more", "cancel", "pause", "resume", "snooze"),
        help="what to do (default: list)",
    )
    command.add_argument(
        "words", nargs="*", metavar="WORD", help="how long or when, and what it is called"
    )
    days = command.add_mutually_exclusive_group()
    for name, told in DAYS.items():
        days.add_argument(f"--{name}", nargs="*", action=AndWords, metavar="WORD", help=told)
    days.add_argument(
        "--days", nargs="+", action=AndWords, metavar=("DAYS", "WORD"), help="monday,friday"
    )
    command.add_argument("--all", action="store_true", help="cancel everything")
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.set_defaults(act=run_timers, days="")


def add_dnd(commands: Commands, configured: argparse.ArgumentParser) -> None:
    command = commands.add_parser(
        "dnd",
        parents=[configured],
        help="do not disturb: no chimes, announcements wait; alarms ring anyway",
    )
    command.add_argument(
        "order", nargs="*", metavar="ORDER", help="on, off, or until 7:00; nothing: say how it is"
    )
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.set_defaults(act=run_dnd)


def run_timers(args: argparse.Namespace) -> int:
    from edgevoice.config_file import asked_for
    from edgevoice.daemon.control.client import request

    socket = asked_for(args).config.control.socket
    answers = [
        request(socket, f"timers {name} {json.dumps(arguments)}")
        for name, arguments in asked(
            args.what,
            args.words,
            days="" if args.days == "tomorrow" else args.days,
            tomorrow=args.days == "tomorrow",
            everything=args.all,
        )
    ]
    if args.json:
        print(json.dumps(answers[0] if len(answers) == 1 else answers))
    else:
        for line in [line for answer in answers for line in told(answer)]:
            print(line)
    return 0


def run_dnd(args: argparse.Namespace) -> int:
    from edgevoice.config_file import asked_for
    from edgevoice.daemon.control.client import request

    socket = asked_for(args).config.control.socket
    answer = request(socket, f"dnd {' '.join(args.order)}".rstrip())
    if args.json:
        print(json.dumps(answer))
    else:
        until = f" until {answer['until']}" if "until" in answer else ""
        print(f"quiet{until}" if answer["quiet"] else "not quiet")
    return 0


def asked(
    what: str,
    words: Sequence[str],
    *,
    days: str = "",
    tomorrow: bool = False,
    everything: bool = False,
) -> list[tuple[str, dict[str, Any]]]:
    """The tools to use, with their arguments. ControlError for what cannot be read."""
    label = {"label": " ".join(words)} if words else {}
    match what:
        case "add":
            return [_added(words, days, tomorrow)]
        case "more":
            seconds, *name = words or [""]
            more = {"label": " ".join(name)} if name else {}
            return [("add_to_timer", {"seconds": length(seconds), **more})]
        case "cancel" if everything:
            return [("cancel_timer", {"all": True}), ("cancel_alarm", {"all": True})]
        case "cancel":
            return [("cancel_any", label)]
        case "pause" | "resume":
            return [(f"{what}_timer", label)]
        case "snooze":
            minutes = {"minutes": max(1, length(words[0]) // 60)} if words else {}
            return [("snooze", minutes)]
        case _:
            return [("list_timers", {})]


def _added(words: Sequence[str], days: str, tomorrow: bool) -> tuple[str, dict[str, Any]]:
    when, *name = words or [""]
    label = {"label": " ".join(name)} if name else {}
    if not CLOCK.fullmatch(when):
        if days or tomorrow:
            raise ControlError(f'days are for alarms: a time such as 7:30 is wanted, not "{when}"')
        return "set_timer", {"seconds": length(when), **label}
    more: dict[str, Any] = {"days": days} if days else {}
    if tomorrow:
        more["day"] = "tomorrow"
    return "set_alarm", {"time": when, **more, **label}


def length(text: str) -> int:
    """Seconds of "5m", "1h30m", "90s", "5" (minutes), "-5m". ControlError for the rest."""
    sign, bare = (-1, text[1:]) if text.startswith("-") else (1, text)
    bare += "m" if bare.isascii() and bare.isdigit() else ""
    found = LENGTH.fullmatch(bare)
    parts = zip(found.groups(), UNITS, strict=True) if found else ()
    seconds = sum(int(number or 0) * unit for number, unit in parts)
    if not seconds:
        raise ControlError(
            f'"{text[:20]}" is no time: say how long (5m, 1h30m, 90s) or when (7:30)'
        )
    return sign * seconds


def told(answer: dict[str, Any]) -> list[str]:
    """An answer of the device's, line by line."""
    if "timers" in answer or "alarms" in answer:
        return _listed(answer) or ["nothing is set"]
    if "cancelled_all" in answer:
        return [f"{name}: cancelled" for name in answer["cancelled_all"]]
    if "snoozed" in answer and isinstance(answer["snoozed"], list):
        return [f"{name}: again in {answer['minutes']:g} minutes" for name in answer["snoozed"]]
    for word in ("cancelled", "stopped"):
        if word in answer:
            return [f"{answer[word]}: {word}"]
    return [_alarm(answer) if "time" in answer else _timer(answer)]


def _listed(answer: dict[str, Any]) -> list[str]:
    return [
        *(f"{name}: rings now" for name in answer.get("ringing", ())),
        *map(_timer, answer["timers"]),
        *map(_alarm, answer["alarms"]),
        *(f"{one['label']}: rang at {one['at']}, missed" for one in answer.get("missed", ())),
    ]


def _timer(timer: dict[str, Any]) -> str:
    left = timer.get("remaining_s", timer.get("seconds", 0))
    hours, rest = divmod(int(left), 3600)
    shown = f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
    return f"{timer['label']}: {shown} left{', paused' if timer.get('paused') else ''}"


def _alarm(alarm: dict[str, Any]) -> str:
    return f"{alarm['label']}: {alarm['time']} {alarm['days']}, next {alarm['next']}"
