"""`edgevoice turns`: where the time of the last turns went, and what is usual."""

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from edgevoice.config_file import asked_for
from edgevoice.daemon.control.client import is_down, request
from edgevoice.errors import ControlError
from edgevoice.owner.wording import clock, duration, now, plain

SHOWN = 10
PLOTTED = 20
COLUMNS = {
    "connecting": "connect",
    "end of turn": "end of turn",
    "thinking": "think",
    "first words": "words",
    "answer": "answer",
}
"""Legs of which a line has room, and what they are called there."""


def main(args: argparse.Namespace) -> int:
    config = asked_for(args).config
    number: int | None = args.number
    most = args.last or (PLOTTED if args.plot else SHOWN)
    told = ask(config.control.socket, config.control.state_dir, 500 if number else most)
    if number is not None:
        return _detail(told, number, as_json=args.json)
    if args.plot:
        from edgevoice.owner.turn_plot import plot

        plot(told, Path(args.plot))
        print(f"drawn in {args.plot}")
    elif args.json:
        print(json.dumps(told))
    else:
        print("\n".join(lines(told, now())))
    return 0


def ask(socket: str, state_dir: str, most: int) -> dict[str, Any]:
    """The running assistant, or its file where none runs."""
    try:
        return request(socket, f"turns {most}")
    except ControlError as error:
        if not is_down(error):
            raise
    from edgevoice.daemon.diary.turn_history import read_history, told

    return told(read_history(state_directory(state_dir)), most)


def state_directory(configured: str) -> Path:
    """ControlError where it may not be looked at."""
    directory = Path(configured)
    try:
        list(directory.iterdir())
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ControlError(
            f"no daemon runs, and {directory} cannot be read ({error.strerror}): use sudo"
        ) from error
    return directory


def lines(told: Mapping[str, Any], today: datetime) -> list[str]:
    turns = told["turns"]
    if not turns:
        return ["no turn has been taken yet"]
    head = f"{'turn':>5}  {'when':<13}{'cause':<11}{'outcome':<16}"
    rows = [head + "".join(f"{name:>12}" for name in COLUMNS.values())]
    rows += [_row(turn, today) for turn in turns]
    rows += ["", *_usual(told)]
    return rows


def _row(turn: Mapping[str, Any], today: datetime) -> str:
    from edgevoice.daemon.diary.legs import legs

    took = legs(turn["marks"])
    cells = [f"{took[leg] * 1e3:>9.0f} ms" if leg in took else f"{'':>12}" for leg in COLUMNS]
    cause, outcome = plain(turn.get("cause", "?")), plain(turn["outcome"])
    when = clock(turn["at"], today)
    return f"{turn['turn']:>5}  {when:<13}{cause[:10]:<11}{outcome[:15]:<16}{''.join(cells)}"


def counted(turns: int) -> str:
    return "in one turn" if turns == 1 else f"in {turns} turns"


def _usual(told: Mapping[str, Any]) -> list[str]:
    rows = [f"{counted(told['kept']):<18}{'p50':>12}{'p95':>12}"]
    for name, usual in told["usual"].items():
        p50, p95 = usual["p50_s"] * 1e3, usual["p95_s"] * 1e3
        rows.append(f"{name:<18}{p50:>9.0f} ms{p95:>9.0f} ms   of {usual['turns']}")
    return rows


def _detail(told: Mapping[str, Any], number: int, *, as_json: bool) -> int:
    found = [turn for turn in told["turns"] if turn["turn"] == number]
    if not found:
        raise ControlError(f"turn {number} is not kept; {_range(told['turns'])}")
    print(json.dumps(found[0]) if as_json else "\n".join(waterfall(found[0], now())))
    return 0


def _range(turns: Sequence[Mapping[str, Any]]) -> str:
    return f"{turns[0]['turn']} to {turns[-1]['turn']} are" if turns else "none is"


WIDTH = 40


def waterfall(turn: Mapping[str, Any], today: datetime) -> list[str]:
    """One stage a line, each bar from the stage before to this one."""
    marks: Mapping[str, float] = turn["marks"]
    whole = max([*marks.values(), 0.001])
    head = f"turn {turn['turn']}, {clock(turn['at'], today)}, {plain(turn.get('cause', '?'))}:"
    rows, before = [f"{head} {plain(turn['outcome'])}"], 0.0
    for stage, at in marks.items():
        start, end = round(WIDTH * before / whole), round(WIDTH * at / whole)
        bar = " " * start + "#" * max(1, end - start)
        took = f"+{duration(max(0.0, at - before))}"
        rows.append(f"  {plain(stage):<20}{at:8.3f} s  {took:>12}  |{bar[: WIDTH + 1]}")
        before = at
    samples = turn["samples"]
    shown = (f"{name} {plain(samples[name])}" for name in SAMPLES if samples.get(name) is not None)
    return [*rows, f"  samples: {', '.join(shown)}"]


SAMPLES = ("captured", "sent", "received", "gaps", "lost")
