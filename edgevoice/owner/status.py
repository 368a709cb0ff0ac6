"""`edgevoice status`: what the assistant is doing, in a few lines; live with `--watch`."""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TextIO

from edgevoice.config_file import asked_for
from edgevoice.daemon.control.client import request
from edgevoice.errors import ControlError
from edgevoice.owner.wording import clock, duration, moment, now, plain

LOOK_S = 0.2
METER = 30
LOWEST_DBFS = -70.0


def main(args: argparse.Namespace) -> int:
    socket = asked_for(args).config.control.socket
    if args.watch:
        return watch(lambda: request(socket, "status"), sys.stdout, as_json=args.json)
    told = request(socket, "status")
    print(json.dumps(told) if args.json else "\n".join(lines(told, now())))
    return 0


def lines(told: Mapping[str, Any], at: datetime) -> list[str]:
    """As people read it. What an older or younger daemon does not tell is left out."""
    rows = [
        ("state", _state(told, at)),
        ("microphone", _microphone(told)),
        ("wake word", plain(told["deaf"]) if told.get("deaf") else ""),
        ("processor", _processor(told)),
        ("speaker", _speaker(told)),
        ("relay", _relay(told)),
        ("recording", "on: the last turns are kept on this board" if _records(told) else ""),
        ("ringing", ", ".join(plain(name) for name in told.get("ringing") or ())),
        ("timers", _timers(told)),
        ("alarms", _alarms(told)),
        ("missed", ", ".join(plain(one.get("label", "?")) for one in told.get("missed") or ())),
        ("quiet", _quiet(told)),
        ("last turn", _last_turn(told, at)),
        ("today", _today(told)),
        ("trouble", plain(told["last_error"]) if told.get("last_error") else ""),
    ]
    return [f"{name:<11} {text}" for name, text in rows if text]


def _state(told: Mapping[str, Any], at: datetime) -> str:
    state = plain(told.get("state", "?"))
    if told.get("muted"):
        state += ", and muted: `edgevoice unmute` opens the microphone"
    since = told.get("state_since")
    if since is None:
        return state
    began = moment(since)
    age = f" ({duration(max(0.0, (at - began).total_seconds()))})" if began else ""
    return f"{state}, since {clock(since, at)}{age}"


def _microphone(told: Mapping[str, Any]) -> str:
    if told.get("muted"):
        return "closed"
    if told.get("microphone") == "lost":
        return "lost: `edgevoice doctor` says what to do"
    level = told.get("rms_dbfs")
    heard = f", {level:.0f} dBFS" if isinstance(level, int | float) else ""
    leaving = "; what it hears leaves the board" if told.get("gate") == "open" else ""
    return f"ok{heard}{leaving}"


def _processor(told: Mapping[str, Any]) -> str:
    skipped_s = told.get("skipped_s")
    if not isinstance(skipped_s, int | float) or not skipped_s:
        return ""
    return f"was too slow: {duration(skipped_s)} of sound not listened to (`edgevoice doctor`)"


def _speaker(told: Mapping[str, Any]) -> str:
    volume = f"volume {told['volume']} %" if "volume" in told else ""
    if told.get("speaker") == "lost":
        return "lost: `edgevoice doctor` says what to do"
    return f"ok, {volume}" if volume else "ok"


def _relay(told: Mapping[str, Any]) -> str:
    reach = told.get("reach")
    if not isinstance(reach, Mapping):
        return plain(told.get("relay", "?"))
    url = plain(reach.get("url", "?"))
    if reach.get("error"):
        return f"{url} is not reachable: {plain(reach['error'])}"
    rtt = reach.get("rtt_ms")
    if told.get("relay") == "offline":
        return f"{url} could not be used in the last session: `edgevoice why`"
    if isinstance(rtt, int | float):
        return f"{url}, reachable ({rtt:.0f} ms)"
    return f"{url}, {'reachable' if reach.get('reachable') else 'not tried yet'}"


def _records(told: Mapping[str, Any]) -> bool:
    recording = told.get("recording")
    return bool(recording.get("on")) if isinstance(recording, Mapping) else False


def _timers(told: Mapping[str, Any]) -> str:
    timers = told.get("timers")
    if not isinstance(timers, list):
        return ""
    named = [timer for timer in timers if isinstance(timer, Mapping)]
    return ", ".join(_timer(timer) for timer in named)


def _timer(timer: Mapping[str, Any]) -> str:
    label = plain(timer.get("label") or timer.get("name") or "timer")
    left = timer.get("remaining_s")
    if not isinstance(left, int | float):
        return label
    paused = ", paused" if timer.get("paused") else ""
    return f"{label} in {duration(float(round(left)))}{paused}"


def _alarms(told: Mapping[str, Any]) -> str:
    alarms = told.get("alarms")
    named = (
        [alarm for alarm in alarms if isinstance(alarm, Mapping)]
        if (isinstance(alarms, list))
        else []
    )
    return ", ".join(f"{plain(a.get('label', '?'))} {plain(a.get('next', '?'))}" for a in named)


def _quiet(told: Mapping[str, Any]) -> str:
    quiet = told.get("do_not_disturb")
    if not isinstance(quiet, Mapping) or not quiet.get("quiet"):
        return ""
    return (
        f"do not disturb until {plain(quiet['until'])}"
        if quiet.get("until")
        else ("do not disturb until `edgevoice dnd off`")
    )


def _last_turn(told: Mapping[str, Any], at: datetime) -> str:
    turn = told.get("last_turn_kept") or told.get("last_turn")
    if not isinstance(turn, Mapping):
        return ""
    when = turn.get("at")
    parts = [plain(turn.get("outcome", "?"))]
    marks = turn.get("marks")
    if isinstance(marks, Mapping) and {"end of speech", "first answer sample"} <= marks.keys():
        parts.append(f"after {duration(marks['first answer sample'] - marks['end of speech'])}")
    samples = turn.get("samples")
    if isinstance(samples, Mapping) and samples.get("lost"):
        parts.append(f"{samples['lost']} samples lost")
    return (f"{clock(when, at)}: " if when else "") + ", ".join(parts)


def _today(told: Mapping[str, Any]) -> str:
    today = told.get("today")
    if not isinstance(today, Mapping):
        return ""
    sessions = today.get("sessions", 0)
    count = f"{sessions} conversation{'' if sessions == 1 else 's'}"
    return f"{count}, {today.get('minutes', 0)} min of sound left the board"


# Live.


def watch(
    ask: Callable[[], Mapping[str, Any]],
    out: TextIO,
    *,
    as_json: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Until Ctrl-C. Drawn over in a terminal; elsewhere a line, or an object, per change."""
    ask()  # what is wrong from the start is an error like any other
    live = _Drawn(out) if out.isatty() and not as_json else _Written(out, as_json)
    try:
        while True:
            try:
                live.show(ask(), now())
            except ControlError as error:
                live.complain(str(error))
            wait(LOOK_S)
    except KeyboardInterrupt:
        return 0
    finally:
        live.close()


class _Drawn:
    """In place; nothing of the screen above it is touched."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._height = 0

    def show(self, told: Mapping[str, Any], at: datetime) -> None:
        self._draw([*lines(told, at), f"{'level':<11} {meter(told.get('rms_dbfs'))}"])

    def complain(self, what: str) -> None:
        self._draw([plain(what)])

    def _draw(self, shown: list[str]) -> None:
        width = max(20, shutil.get_terminal_size().columns - 1)
        up = f"\x1b[{self._height}A" if self._height else ""
        rows = "".join(f"\x1b[2K{line[:width]}\n" for line in shown)
        self._out.write(f"\x1b[?25l{up}\r{rows}\x1b[J")
        self._out.flush()
        self._height = len(shown)

    def close(self) -> None:
        self._out.write("\x1b[?25h")
        self._out.flush()


class _Written:
    def __init__(self, out: TextIO, as_json: bool) -> None:
        self._out = out
        self._as_json = as_json
        self._before: Any = None

    def show(self, told: Mapping[str, Any], at: datetime) -> None:
        changing = {name: told.get(name) for name in CHANGES}
        if changing == self._before:
            return
        self._before = changing
        self._say(json.dumps(told) if self._as_json else f"{at:%H:%M:%S} {summary(told)}")

    def complain(self, what: str) -> None:
        if what != self._before:
            self._before = what
            self._say(json.dumps({"error": what}) if self._as_json else plain(what))

    def _say(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()

    def close(self) -> None:
        pass


CHANGES = ("state", "muted", "microphone", "speaker", "relay", "gate", "volume", "recording")


def summary(told: Mapping[str, Any]) -> str:
    parts = [plain(told.get("state", "?"))]
    parts += ["muted"] if told.get("muted") else []
    parts += [f"{name} lost" for name in ("microphone", "speaker") if told.get(name) == "lost"]
    parts += ["offline"] if told.get("relay") == "offline" else []
    parts += ["recording"] if _records(told) else []
    parts += [f"gate {told.get('gate', '?')}", f"volume {told.get('volume', '?')} %"]
    return ", ".join(parts)


def meter(dbfs: Any) -> str:
    if not isinstance(dbfs, int | float):
        return ""
    filled = round(METER * min(1.0, max(0.0, (dbfs - LOWEST_DBFS) / -LOWEST_DBFS)))
    return f"[{'#' * filled}{'-' * (METER - filled)}] {dbfs:.0f} dBFS"
