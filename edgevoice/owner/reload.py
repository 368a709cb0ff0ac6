"""`edgevoice reload`: the running device reads its configuration anew; we say what came of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

WAIT_S = 50.0
"""For the verdict. The device waits up to 30 s for the end of a conversation; systemd waits 60."""
BETWEEN_S = 3.0
"""Between two devices nobody answers for no longer than this."""
LOOK_S = 0.1


def add_reload(commands: Commands, configured: argparse.ArgumentParser) -> None:
    reload = commands.add_parser(
        "reload",
        parents=[configured],
        help="have the running assistant read its configuration again",
        description="Has the running assistant read its configuration again. One with mistakes is"
        " refused and the old one stays; a conversation that is going on is finished first."
        " `systemctl reload edgevoice` does the same.",
    )
    reload.set_defaults(act=reload_device)


def reload_device(args: argparse.Namespace) -> int:
    from edgevoice.config_file import control_socket
    from edgevoice.errors import ControlError

    socket = control_socket(args)
    number = _asked(socket)
    told = _verdict(socket, f"reloaded {number}")
    if told["refused"]:
        raise ControlError(told["said"])
    print(told["said"])
    return 0


def _asked(socket: str) -> object:
    """The number of our reload. While another one is carried out nobody may answer."""
    import time

    from edgevoice.daemon.control.client import is_down, request
    from edgevoice.errors import ControlError

    until = time.monotonic() + BETWEEN_S
    while True:
        try:
            return request(socket, "reload")["number"]
        except ControlError as error:
            if not is_down(error) or time.monotonic() > until:
                raise
        time.sleep(LOOK_S)


def _verdict(socket: str, question: str) -> dict[str, object]:
    """Between two devices nobody answers for a moment."""
    import time
    from contextlib import suppress

    from edgevoice.daemon.control.client import request
    from edgevoice.errors import ControlError

    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        with suppress(ControlError):
            told = request(socket, question)
            if told["done"]:
                return told
        time.sleep(LOOK_S)
    raise ControlError(
        f"no verdict within {WAIT_S:g} s; `systemctl status edgevoice` says what it is doing"
    )
