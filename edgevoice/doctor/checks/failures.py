"""What the assistant has kept of its failures (`daemon/diary/failures.py`)."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

from edgevoice.config import Config
from edgevoice.daemon.diary.failures import ABOUT, FOLDER, Kind, kept
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine

WORDED: dict[Kind, str] = {
    "invariant": "an invariant broke",
    "crash": "it broke down",
    "stall": "something stood still",
    "session": "a session was cut off",
    "expectation": "it did not do as expected",
}
_PLACE = re.compile(r"(edgevoice/[\w/]+\.py:\d+ \w+)$")


def failures(machine: Machine, config: Config) -> Iterator[Finding]:
    """Nothing where there was none, or where only the service's own user may look."""
    found = told(machine, config)
    if not found:
        return
    last = found[-1]
    text = f"{len(found)} kept, the last one of {last['at']}: {WORDED[last['kind']]}"
    folder, name = f"{config.control.state_dir}/{FOLDER}/{last['name']}", last["name"]
    todo = f"edgevoice replay {folder}; once seen, edgevoice forget --failure {name}"
    yield Finding("warn", "failures", text, todo)


def told(machine: Machine, config: Config) -> list[dict[str, Any]]:
    """Oldest first; of each when, of what kind, and where in our code."""
    folder = machine.path(f"{config.control.state_dir}/{FOLDER}")
    found = []
    for path in kept(folder):
        name = f"{config.control.state_dir}/{FOLDER}/{path.name}"
        kind, at = _known(machine.text(f"{name}/{ABOUT}"))
        if kind:
            places = map(_PLACE.search, machine.text(f"{name}/stacks.txt").splitlines())
            where = [place[1] for place in places if place]
            found.append({"name": path.name, "kind": kind, "at": at, "where": where})
    return found


def _known(text: str) -> tuple[str, str]:
    """Kind and time, if it is of ours."""
    try:
        about = json.loads(text)
        at = datetime.fromisoformat(about["at"]).isoformat(timespec="seconds")
    except (ValueError, KeyError, TypeError):
        return "", ""
    return (about["kind"], at) if about.get("kind") in get_args(Kind) else ("", "")
