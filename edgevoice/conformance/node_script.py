"""OpenAI's JavaScript in Node: one process, a line of JSON for each check and each report."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from edgevoice.conformance.modules import SCRIPTS, installed, program
from edgevoice.conformance.sound_checks import SPEECH
from edgevoice.conformance.target import Target
from edgevoice.errors import CheckFailed
from edgevoice.hardware.system.child_process import end

STOP_S = 5.0


class NodeScript:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def act(self, name: str) -> dict[str, Any]:
        self.tell({"check": name})
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            report = json.loads(line)
            if report["check"] == name:  # and not one that took too long
                return dict(report)
        raise CheckFailed("a report of Node", "its end; what it wrote is above")

    def tell(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")


@asynccontextmanager
async def node_script(target: Target, directory: Path) -> AsyncIterator[NodeScript]:
    modules = installed(directory)
    environment = dict(os.environ)
    if target.ca_file:
        environment["NODE_EXTRA_CA_CERTS"] = target.ca_file
    if target.insecure:
        environment |= {"NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1"}
    process = await asyncio.create_subprocess_exec(
        program("nodejs", "node", "nodejs"),
        SCRIPTS / "node.mjs",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        script = NodeScript(process)
        # By the pipe, because others can read a command line.
        script.tell(given(target) | {"modules": str(modules), "speech": str(SPEECH)})
        yield script
    finally:
        await end(process, STOP_S)


def given(target: Target) -> dict[str, str]:
    """What a client is told of the server."""
    return {
        "api": target.api,
        "socket": target.socket_url,
        "token": target.key,
        "model": target.model,
    }
