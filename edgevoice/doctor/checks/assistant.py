"""The running assistant: how it is, and whether it leaves the sound card to us."""

from collections.abc import Callable
from typing import Any

from edgevoice.config import Config
from edgevoice.daemon.control import client as control_client
from edgevoice.doctor.finding import Finding
from edgevoice.errors import ControlError

STOP = "sudo systemctl stop edgevoice"
START = "sudo systemctl start edgevoice"

Ask = Callable[[str, str], dict[str, Any]]
"""Socket and command; ControlError where nobody answers."""


def running(config: Config, ask: Ask = control_client.request) -> Finding:
    """How the assistant is, if it runs."""
    try:
        status = ask(config.control.socket, "status")
    except ControlError as error:
        return Finding("warn", "assistant", str(error))
    told = f"edgevoice {status.get('version')} runs, {status.get('state')}"
    if status.get("microphone") == "lost":
        todo = "plug it in again, then: edgevoice doctor sound"
        return Finding("fail", "assistant", f"{told}, without a microphone", todo)
    if status.get("muted"):
        return Finding("warn", "assistant", f"{told}, muted", "edgevoice unmute")
    return Finding("ok", "assistant", told)


def is_free(config: Config, ask: Ask = control_client.request) -> Finding | None:
    """None, or why nothing can be measured now."""
    try:
        ask(config.control.socket, "status")
    except ControlError as error:
        if not isinstance(error.__cause__, PermissionError):
            return None
    return Finding(
        "fail",
        "sound card",
        "the running assistant holds it, and would hear what is played",
        f"stop it for so long: {STOP}; afterwards: {START}",
    )
