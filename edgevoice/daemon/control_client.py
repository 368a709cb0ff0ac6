"""Asks the running daemon something over its Unix socket. Blocking; used by the command line."""

import json
import socket
from typing import Any

from edgevoice.errors import ControlError

TIMEOUT_S = 3.0


def request(path: str, command: str) -> dict[str, Any]:
    """The daemon's answer to one command; raises ControlError when there is none or it refuses."""
    try:
        line = _exchange(path, json.dumps({"command": command}).encode() + b"\n")
    except PermissionError as refused:
        raise ControlError(
            f"{path}: permission denied; join the group edgevoice or use sudo"
        ) from (refused)
    except OSError as trouble:
        raise ControlError(
            f"no daemon answers on {path} ({trouble}); start it: systemctl start edgevoice"
        ) from trouble
    return _read(line, path)


def _exchange(path: str, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.connect(path)
        connection.sendall(line)
        with connection.makefile("rb") as answers:
            return answers.readline()


def _read(line: bytes, path: str) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError as garbled:
        raise ControlError(f"{path} gave no answer; is it edgevoice that listens there?") from (
            garbled
        )
    if not isinstance(answer, dict) or not answer.pop("ok", False):
        raise ControlError(str(answer.get("error", "refused")))
    return answer
