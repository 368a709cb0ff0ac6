"""A relay and a device as real processes, for tests that end, signal and starve them."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevoice.daemon.control.client import request
from edgevoice.errors import ControlError
from tests.waiting import own_seconds, until

WAIT_S = 20.0
LOOK_S = 0.05
KILLED_AFTER_S = 10.0
"""TimeoutStopSec of the unit."""
TCP_LISTEN = "0A"
RUNNING: list[Path] = []
"""Folders of the devices that run now, for tests/failing_devices.py."""


@dataclass
class DeviceProcess:
    process: asyncio.subprocess.Process
    socket: Path
    state: Path
    log: Path

    async def ask(self, command: str) -> dict[str, Any]:
        return await asyncio.to_thread(request, str(self.socket), command)

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """Its status once it has these values; fails with the log after a while."""
        return await self.until_that(lambda status: wanted.items() <= status.items(), str(wanted))

    async def until_that(
        self, holds: Callable[[dict[str, Any]], bool], wanted: str, within_s: float = WAIT_S
    ) -> dict[str, Any]:
        """Its status once this holds of it; `wanted` says what in words."""
        status = await self._status()
        try:
            async with asyncio.timeout(within_s):
                while not (status and holds(status)):
                    assert self.process.returncode is None, self.log.read_text()
                    await asyncio.sleep(LOOK_S)
                    status = await self._status()
        except TimeoutError:
            raise AssertionError(
                f"{wanted} wanted, {status} seen\n{self.log.read_text()}"
            ) from None
        return status

    def listens_on(self) -> list[str]:
        """Local addresses of its TCP ports to which others could connect."""
        proc = Path(f"/proc/{self.process.pid}")
        its = set()
        for file in (proc / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                its.add(os.readlink(file))
        tables = [(proc / "net" / name).read_text() for name in ("tcp", "tcp6")]
        rows = [row.split() for table in tables for row in table.splitlines()[1:]]
        return [row[1] for row in rows if row[3] == TCP_LISTEN and f"socket:[{row[9]}]" in its]

    def says(self, level: str, words: str) -> bool:
        """A line of its log."""
        lines = self.log.read_text().splitlines()
        return any(f" {level} " in line and words in line for line in lines)

    async def shows(self, light: str) -> None:
        """Soon: that of a device without pins is on its console."""
        await until(lambda: self._light() == light)

    def _light(self) -> str:
        shown = [line for line in self.log.read_text().splitlines() if line[:1] in ("○", "●")]
        return shown[-1][2:] if shown else ""

    async def _status(self) -> dict[str, Any]:
        try:
            return await self.ask("status")
        except ControlError:
            return {}

    async def ended(self, within_s: float) -> int:
        """Its exit status; fails where it took more of its own time, see `own_seconds`."""
        took_s = await own_seconds(self.process, KILLED_AFTER_S)
        assert took_s <= within_s, f"ended after {took_s:.2f} s\n{self.log.read_text()}"
        return await self.process.wait()


@asynccontextmanager
async def device_process(
    directory: Path, url: str, token: str, *, inside: tuple[str, ...] = (), **settings: Any
) -> AsyncIterator[DeviceProcess]:
    """`edgevoice run` with a silent microphone unless the settings say otherwise.

    `inside`: what is written before the command, of a network namespace or another time.
    Without a token the device has its key only.
    """
    if token:
        (directory / "token").write_text(token)
    given = {
        "microphone.backend": "silence",
        "speaker.backend": "null",
        "link.url": url,
        "link.token_file": directory / "token",
        "control.socket": directory / "control.sock",
        "control.state_dir": directory / "state",
        **{name.replace("__", "."): value for name, value in settings.items()},
    }
    log = directory / "device.log"
    RUNNING.append(directory)
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *inside, *edgevoice("run", given), stdout=file, stderr=file
        )
    try:
        yield DeviceProcess(process, directory / "control.sock", directory / "state", log)
    finally:
        RUNNING.remove(directory)
        if process.returncode is None:
            process.kill()
            await process.wait()


def edgevoice(command: str, settings: dict[str, Any]) -> list[str]:
    """The command line; values are written as JSON, which is YAML too."""
    words = [sys.executable, "-m", "edgevoice", command]
    for name, value in settings.items():
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        words += ["--set", f"{name}={text}"]
    return words


def is_root() -> bool:
    return os.geteuid() == 0
