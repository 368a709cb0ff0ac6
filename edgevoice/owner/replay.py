"""`edgevoice replay`: a flight record played again, step by step, beside what was recorded.

Exit status: 0 the same was done in each step, 1 something else was, 2 it cannot be read.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevoice.errors import FlightRecordError
from edgevoice.transceiver.flight_record import WHERE, as_text, read
from edgevoice.transceiver.inputs import EventReceived, Input
from edgevoice.transceiver.replay import Played, replay

MOST_BYTES = 64 << 20
NAMES = ("flight-record.jsonl", "flight.jsonl")
"""In the folder of a failure, and in that of a recorded turn."""
LONGEST = 400
"""Characters of an event."""
BEFORE = 3
"""Steps shown before the one that differs."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown. Steps are counted from 1."""

    since: int = 1
    until: int | None = None
    every: bool = False
    quiet: bool = False
    """Only what differs."""


def main(args: argparse.Namespace) -> int:
    path = Path(args.file)
    about, played = play(found(path), args.until)
    compared = played[args.since - 1 :]
    ears, spoken = _ears(args, path) if args.ears else ({}, [])
    if args.json:
        print(json.dumps(as_json(about, compared) | ears))
    else:
        wanted = Wanted(args.since, args.until, args.show, args.quiet)
        print("\n".join([*told(about, played, wanted), *spoken]))
    return 1 if any(step.is_same is False for step in compared) else 0


def _ears(args: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], list[str]]:
    if not folder.is_dir():
        raise FlightRecordError(f"{folder} has no sound: --ears wants the folder of a turn")
    from edgevoice.config_file import asked_for
    from edgevoice.owner import replay_ears

    config = asked_for(args).config
    heard = replay_ears.hear(folder, config)
    return {"ears": heard}, replay_ears.told(heard, config)


def found(path: Path) -> Path:
    """The record itself, of a folder of which it is a part."""
    try:
        return _found(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _found(path: Path) -> Path:
    if not path.is_dir():
        return path
    for name in NAMES:
        if (path / name).is_file():
            return path / name
    inner = sorted(folder.parent.name for name in NAMES for folder in path.glob(f"*/{name}"))
    there = f"; there is one in each of {', '.join(inner)}" if inner else ""
    raise FlightRecordError(f"{path}: no {NAMES[0]} in this folder{there}")


def play(path: Path, until: int | None = None) -> tuple[dict[str, Any], list[Played]]:
    """The record's first line, and its steps, as far as that one."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FlightRecordError(f"larger than {MOST_BYTES >> 20} MB, and so none; {WHERE}")
        about, entries = read(path.read_text(encoding="utf-8").split("\n"))
    except UnicodeDecodeError as error:
        raise FlightRecordError(f"{path}: no text, and so none; {WHERE}") from error
    except FlightRecordError as error:
        raise FlightRecordError(f"{path}: {error}") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    return about, list(replay(entries, is_masked=bool(about.get("masked"))))[:until]


def _unreadable(path: Path, error: OSError) -> FlightRecordError:
    """What failed is the assistant's own to read."""
    if isinstance(error, PermissionError):
        return FlightRecordError(f"{path}: {error.strerror}; run it with sudo")
    return FlightRecordError(f"{path}: {error.strerror}; {WHERE}")


def told(about: dict[str, Any], played: Sequence[Played], wanted: Wanted) -> list[str]:
    first = _first_difference(played, wanted.since)
    lines = _head(about)
    began = played[0].recorded.now if played else 0.0
    for number, step in enumerate(played, 1):
        if number >= wanted.since and _is_shown(number, step, first, wanted):
            lines += _step(number, step, began)
    return [*lines, *verdict(played, wanted.since)]


def _head(about: dict[str, Any]) -> list[str]:
    said = f"recorded by edgevoice {about.get('version', '?')} at {about.get('at', '?')}"
    broken, why = about.get("broken"), about.get("why")
    lines = [said + (f", after a broken invariant: {broken}" if broken else "")]
    if why and not broken:
        lines[0] += f", because {why}"
    if about.get("cut_off"):
        lines.append("its last line is cut off, as by a power cut; it is played up to there")
    return lines


def _is_shown(number: int, step: Played, first: int | None, wanted: Wanted) -> bool:
    if wanted.quiet:
        return step.is_same is False
    if wanted.every:
        return True
    return first is not None and first - BEFORE <= number <= first


def _first_difference(played: Sequence[Played], since: int) -> int | None:
    numbered = enumerate(played, 1)
    return next((n for n, step in numbered if n >= since and step.is_same is False), None)


def _step(number: int, step: Played, began: float) -> list[str]:
    """What came in, what was decided then and, where it is something else, what is now."""
    recorded = step.recorded
    mark = {True: " ", False: "!", None: "?"}[step.is_same]
    head = f"{mark} step {number}, {recorded.now - began:.3f} s: {_worded(recorded.happened)}"
    then = [*_decided("then", recorded.actions, recorded.state, recorded.broken)]
    if step.is_same is not False:
        return [head, *then]
    return [head, *then, *_decided("now", step.actions, step.state, step.broken)]


def _worded(happened: Input) -> str:
    """Events as on the wire, and no longer than can be read."""
    if not isinstance(happened, EventReceived):
        return str(happened)
    text = as_text(happened)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "\u2026"


def _decided(when: str, actions: Sequence[str], state: str, broken: str) -> Iterator[str]:
    for action in actions:
        yield f"    {when:>4} -> {action}"
    yield f"    {when:>4} == {state}"
    if broken:
        yield f"    {when:>4} this broke: {broken}"


def verdict(played: Sequence[Played], since: int = 1) -> list[str]:
    compared = [step for step in played[since - 1 :] if step.is_same is not None]
    left = len(played[since - 1 :]) - len(compared)
    beside = f"; {left} more are from the middle of something and cannot be compared"
    more = beside if left else ""
    first = _first_difference(played, since)
    if first is None:
        broke = [n for n, step in enumerate(played, 1) if n >= since and step.broken]
        again = [f"the failure happens again, in step {broke[-1]}"] if broke else []
        return [*again, f"{len(compared)} steps, and the same was done in each{more}"]
    step = played[first - 1]
    at = step.recorded.now - played[0].recorded.now
    gone = step.recorded.broken and not step.broken
    mended = ["what broke then does not break any more"] if gone else []
    return [*mended, f"something else is done first in step {first}, at {at:.3f} s{more}"]


def as_json(about: dict[str, Any], played: Sequence[Played]) -> dict[str, Any]:
    return {
        **about,
        "same": not any(step.is_same is False for step in played),
        "compared": sum(step.is_same is not None for step in played),
        "steps": [
            {
                "now": step.recorded.now,
                "input": repr(step.recorded.happened),
                "state": step.state or step.recorded.state,
                "recorded": [json.loads(action) for action in step.recorded.actions],
                "actions": [json.loads(action) for action in step.actions],
                "same": step.is_same,
                "broken": step.broken,
            }
            for step in played
        ],
    }
