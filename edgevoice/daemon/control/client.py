"""Asks the running daemon something over its Unix socket. Blocking; used by the command line."""

import errno
import json
import socket
from typing import Any

from edgevoice.errors import ControlError

TIMEOUT_S = 3.0

LINE_BYTES = 4_096
"""Of a question; an answer may be as long as `ANSWER_BYTES`."""
ANSWER_BYTES = 8 << 20


def request(path: str, command: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """The daemon's answer to one command; raises ControlError when there is none or it refuses."""
    asked = json.dumps({"command": command}).encode() + b"\n"
    if len(asked) > LINE_BYTES:
        raise ControlError(f"a command of {len(asked)} bytes is too long; {LINE_BYTES} is the most")
    try:
        line = _exchange(path, asked, timeout_s)
    except PermissionError as refused:
        raise ControlError(
            f"{path}: permission denied; join the group edgevoice or use sudo"
        ) from (refused)
    except OSError as trouble:
        raise ControlError(
            f"no daemon answers on {path} ({trouble}); start it: systemctl start edgevoice"
        ) from trouble
    return read(line, path)


def is_down(error: ControlError) -> bool:
    """What `request` raised means that nobody listens there, and no other trouble."""
    return isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, PermissionError)


def answers(path: str) -> bool:
    """Whether anybody listens there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        return connection.connect_ex(path) not in (errno.ENOENT, errno.ECONNREFUSED)


def _exchange(path: str, line: bytes, timeout_s: float) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        connection.connect(path)
        connection.sendall(line)
        with connection.makefile("rb") as answers:
            return answers.readline(ANSWER_BYTES)


def read(line: bytes, path: str) -> dict[str, Any]:
    """What the daemon answered on the socket at that path; ControlError where it refused."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ControlError(f"{path} gave no answer; is it edgevoice that listens there?")
    if not answer.pop("ok", False):
        raise ControlError(str(answer.get("error", "refused")))
    return answer
