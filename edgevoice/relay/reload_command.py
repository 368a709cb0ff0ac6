"""`edgevoice relay reload PID`: what `systemctl reload edgevoice-relay` runs.

It finds the mistakes itself, before the running relay is told anything: so the reload fails
with file and line, and nobody needs /bin/kill, which small systems lack.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_relay_reload(commands: Commands, configured: argparse.ArgumentParser) -> None:
    reload = commands.add_parser(
        "reload",
        parents=[configured],
        help="have a running relay read its configuration again (systemctl reload)",
    )
    reload.add_argument("pid", type=process, metavar="PID", help="its process")
    reload.set_defaults(act=reload_relay)


def process(text: str) -> int:
    """Of one process: 0 and -1 would be all there are, and 1 is everybody's parent."""
    if not text.isdecimal() or int(text) < 2 or len(text) > 9:
        raise argparse.ArgumentTypeError(f'"{text}" is not the number of a process')
    return int(text)


def reload_relay(args: argparse.Namespace) -> int:
    import os
    import signal

    from edgevoice.config_file import asked_for
    from edgevoice.relay.access.tls import tls_context

    tls_context(asked_for(args).config.relay)
    os.kill(args.pid, signal.SIGHUP)
    return 0
