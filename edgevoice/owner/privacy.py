"""`edgevoice privacy`: when audio left the board, and what is kept on it."""

import argparse
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from edgevoice.config_file import asked_for
from edgevoice.daemon.control.client import is_down, request
from edgevoice.errors import ControlError
from edgevoice.owner.turns import state_directory
from edgevoice.owner.wording import clock, duration, moment, now, plain, size

ASK_S = 10.0
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def main(args: argparse.Namespace) -> int:
    config, at = asked_for(args).config, now()
    since = beginning(args.since, at)
    told = ask(config.control.socket, config.control.state_dir, since)
    print(json.dumps(told) if args.json else "\n".join(lines(told, at)))
    return 0


def beginning(since: str, at: datetime) -> datetime:
    """`12h`, `7d`, `2026-11-01`, `2026-11-01T08:00`, or nothing: midnight. Of local time."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if not since or since == "today":
        return midnight
    if ago := re.fullmatch(r"(\d{1,5})([mhdw])", since, re.ASCII):
        return at - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    found = moment(since)
    if found is None:
        raise ControlError(f'"{since}" is no time: write 12h, 7d, 2026-11-01 or 2026-11-01T08:00')
    return found


def ask(socket: str, state_dir: str, since: datetime) -> dict[str, Any]:
    """The running assistant, or its files where none runs."""
    try:
        return request(socket, f"privacy {since.isoformat()}", ASK_S)
    except ControlError as error:
        if not is_down(error):
            raise
    from edgevoice.daemon.diary.kept import kept
    from edgevoice.daemon.diary.privacy_files import read_privacy

    directory = state_directory(state_dir)
    return {**read_privacy(directory).told(since, is_open=False), "kept": kept(directory)}


RECORDING = "the sound of the last turns is being kept on the board: `edgevoice record off`"


def lines(told: Mapping[str, Any], at: datetime) -> list[str]:
    since = clock(told["since"], at)
    return [
        *_intervals(told, at, since),
        *_closed(told, at),
        *_notes(told, at),
        *([RECORDING] if told.get("recording") else []),
        "",
        *_kept(told["kept"]),
    ]


def _intervals(told: Mapping[str, Any], at: datetime, since: str) -> list[str]:
    intervals = told["intervals"]
    rows = [_interval(interval, at) for interval in intervals]
    if told.get("left_out"):
        rows.insert(0, f"({told['left_out']} earlier ones are left out)")
    if told.get("open_since"):
        rows.append(f"{clock(told['open_since'], at):<13} audio is leaving the board now")
    if not rows:
        return [f"no audio has left the board since {since}"]
    seconds = sum(interval["seconds"] or 0.0 for interval in intervals)
    sent = sum(interval["pcm_bytes"] or 0 for interval in intervals)
    head = f"{'from':<13} {'for':>12}  {'sound':>10}  {'why':<12} to"
    times = "once" if len(intervals) == 1 else f"{len(intervals)} times"
    summed = f"{times} since {since}: {duration(seconds)}, {size(sent)} of sound, uncompressed"
    return [head, *rows, summed]


def _interval(interval: Mapping[str, Any], at: datetime) -> str:
    if interval["interrupted"]:
        took, sound = "interrupted", "?"
    else:
        took, sound = duration(interval["seconds"]), size(interval["pcm_bytes"])
    why, to = plain(interval["why"]), plain(interval["to"])
    end = "; its end was not written down: power cut or killed" if interval["interrupted"] else ""
    return f"{clock(interval['from'], at):<13} {took:>12}  {sound:>10}  {why:<12} {to}{end}"


def _closed(told: Mapping[str, Any], at: datetime) -> list[str]:
    rows = []
    for closed in told["microphone_closed"]:
        until = f"to {clock(closed['until'], at)}" if closed["until"] else "and still is"
        rows.append(f"the microphone was closed (muted) from {clock(closed['from'], at)} {until}")
    return rows


NOTED = {
    "recording": "recordings were switched {recording}",
    "forgotten": "erased: {forgotten}",
    "dropped": "{dropped} with {lines} lines was dropped, being the oldest",
    "lost_lines": "{lost_lines} lines were lost: the disk took none",
}


def _notes(told: Mapping[str, Any], at: datetime) -> list[str]:
    rows = []
    for note in told["notes"]:
        kind = next((kind for kind in NOTED if kind in note), None)
        if kind is not None:
            said = {name: _listed(value) for name, value in note.items()}
            rows.append(f"{clock(note['at'], at):<13} {NOTED[kind].format_map(_Missing(said))}")
    return rows


class _Missing(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "?"


def _listed(value: Any) -> str:
    return plain(", ".join(map(str, value)) if isinstance(value, list) else value)


def _kept(kept: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not kept:
        return ["nothing is kept on the board"]
    rows = ["kept on the board:"]
    for what, entry in kept.items():
        command = entry.get("erased_by")
        erased = f"erased by `edgevoice {command}`" if command else ""
        files = f"{entry['files']} file{'' if entry['files'] == 1 else 's'}"
        rows.append(f"  {what:<52} {files:>8}, {size(entry['bytes']):>10}  {erased}".rstrip())
    return rows
