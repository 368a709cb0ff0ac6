"""Programs of the owner's that are run when something happens.

One at a time for each hook: what happens meanwhile waits in its inbox.
"""

import asyncio
import json
import logging
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

from edgevoice.config import HookConfig
from edgevoice.neighbours.happening import Happening
from edgevoice.neighbours.neighbour import Inbox

log = logging.getLogger(__name__)

INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "XDG_RUNTIME_DIR",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
)
"""What a program gets of the daemon's own environment: nothing that may hold a secret."""
MOST_COMPLAINT = 500
"""Characters of what it says on stderr that are logged when it fails."""


class Hook:
    def __init__(self, config: HookConfig) -> None:
        self._config = config
        self.name = f"hook {config.command[0]}"

    async def run(self, inbox: Inbox) -> None:
        while True:
            happening = await inbox.get()
            if happening and (not self._config.on or happening.name in self._config.on):
                await self._call(happening)

    async def _call(self, happening: Happening) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._config.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=environment(happening, os.environ),
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._config.time_limit_s):
                _, complaint = await process.communicate(as_line(happening))
        except TimeoutError:
            log.warning("%s: ended after %g s", self.name, self._config.time_limit_s)
            return
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            told = complaint.decode(errors="replace").strip()[-MOST_COMPLAINT:]
            log.warning("%s: exit status %d: %s", self.name, process.returncode, told)


def environment(happening: Happening, own: Mapping[str, str]) -> dict[str, str]:
    """EDGEVOICE_EVENT, and EDGEVOICE_WORD and the like for each field."""
    inherited = {name: own[name] for name in INHERITED if name in own}
    fields = {f"EDGEVOICE_{name.upper()}": str(value) for name, value in happening.fields.items()}
    return inherited | {"EDGEVOICE_EVENT": happening.name} | fields


def as_line(happening: Happening) -> bytes:
    """The same as JSON, for hooks and for the socket."""
    return json.dumps({"event": happening.name, **happening.fields}).encode() + b"\n"
