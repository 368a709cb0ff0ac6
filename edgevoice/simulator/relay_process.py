"""A relay for the length of a scenario: a real process, on loopback, with a fresh token."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from edgevoice.errors import LinkError, ScenarioError
from edgevoice.hardware.system.child_process import end
from edgevoice.relay.access import tokens

log = logging.getLogger(__name__)

READY = "edgevoice relay ready on "
"""What the relay prints, followed by its URL, once it can be called."""

START_S = 60.0
"""Loading the models took 4 s here; a small board is ten times slower."""

STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class RunningRelay:
    url: str
    token: str
    pid: int


@asynccontextmanager
async def relay_process(
    engine: str, directory: Path, settings: tuple[str, ...] = (), inside: tuple[str, ...] = ()
) -> AsyncIterator[RunningRelay]:
    """Start one, wait until it is ready, stop it at the end. Its log is `directory`/relay.log.

    `inside`: of the Namespace it is to run in.
    """
    tokens_file = directory / "tokens"
    tokens_file.unlink(missing_ok=True)
    token = tokens.create(str(tokens_file), "simulator")
    given = (
        f"relay.engine={engine}",
        "relay.port=0",
        f"relay.tokens_file={tokens_file}",
        "relay.store=memory",
    )
    log_path = directory / "relay.log"
    with log_path.open("wb") as log_file:
        process = await asyncio.create_subprocess_exec(
            *inside,
            sys.executable,
            "-m",
            "edgevoice",
            "relay",
            *(word for setting in (*given, *settings) for word in ("--set", setting)),
            stdout=asyncio.subprocess.PIPE,
            stderr=log_file,
        )
        try:
            yield RunningRelay(await _url(process, log_path), token, process.pid)
        finally:
            if not await end(process, STOP_S):
                log.warning("the relay did not stop within %.0f s and was killed", STOP_S)


async def _url(process: asyncio.subprocess.Process, log_path: Path) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            while line := (await process.stdout.readline()).decode(errors="replace"):
                if line.startswith(READY):
                    return line.removeprefix(READY).strip()
    except TimeoutError as late:
        raise LinkError(f"the relay was not ready within {START_S:.0f} s; see {log_path}") from late
    raise ScenarioError(f"the relay did not start: {_last_line(log_path)} (see {log_path})")


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"
