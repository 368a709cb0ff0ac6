"""The two programs of a soak, each a process of its own, and what an owner can do with them."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from edgevoice.daemon.control.client import request
from edgevoice.errors import ControlError, LaboratoryError
from edgevoice.hardware.system.child_process import end
from edgevoice.relay.access import tokens
from edgevoice.simulator.relay_process import READY
from edgevoice.simulator.soak.watcher import Watcher

START_S = 60.0
STOP_S = 8.0
ORDER_S = 10.0
DEVICE = "edgevoice.simulator.soak.device"
FOLLOW_UP_S = 2.0


class House:
    """Start with `open`, and `close` in the end."""

    def __init__(
        self, directory: Path, engine: str, clock: Callable[[], float], device_module: str = DEVICE
    ) -> None:
        self.directory = directory
        self.clock = clock
        self._engine = engine
        self._device_module = device_module
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket = str(directory / "control.sock")
        self.state_dir = directory / "state"
        self.watcher = Watcher(directory / "events.sock", clock)
        self.follow_up_s = FOLLOW_UP_S
        self.relay_life = 0
        self.reloads: list[int] = []
        """Numbers of those whose verdict is still awaited."""
        self.stranger = ""
        """A token of somebody who means no good."""
        self._relay: Process | None = None
        self._device: Process | None = None

    async def open(self) -> None:
        self.state_dir.mkdir(parents=True, exist_ok=True)
        for name in ("device", "relay"):
            (self.directory / f"{name}.log").unlink(missing_ok=True)
        tokens_file = self.directory / "tokens"
        tokens_file.unlink(missing_ok=True)
        (self.directory / "token").write_text(tokens.create(str(tokens_file), "device"))
        self.stranger = tokens.create(str(tokens_file), "stranger")
        self.configure()
        await self.start_relay()
        await self._start_device()

    async def close(self) -> None:
        for process in (self._device, self._relay):
            if process is not None:
                await _end(process)

    # The relay.

    @property
    def relay_pid(self) -> int:
        return 0 if self._relay is None or self._relay.returncode is not None else self._relay.pid

    async def start_relay(self) -> None:
        """Returns when it can be called."""
        with (self.directory / "relay.log").open("ab") as log:
            self._relay = await asyncio.create_subprocess_exec(
                *python("edgevoice", "relay", "-c", str(self.directory / "relay.yaml")),
                stdout=PIPE,
                stderr=log,
            )
        self.relay_life += 1
        assert self._relay.stdout is not None
        async with asyncio.timeout(START_S):
            while line := (await self._relay.stdout.readline()).decode():
                if line.startswith(READY):
                    return
        raise LaboratoryError(f"the relay did not start; see {self.directory}/relay.log")

    async def stop_relay(self, *, kill: bool) -> None:
        relay = self._relay
        if relay is None or relay.returncode is not None:
            return
        if kill:
            relay.kill()
            await relay.wait()
        else:
            await _end(relay)

    # The device.

    @property
    def device_pid(self) -> int:
        process = self._device
        return 0 if process is None or process.returncode is not None else process.pid

    async def _start_device(self) -> None:
        with (self.directory / "device.log").open("ab") as log:
            self._device = await asyncio.create_subprocess_exec(
                *python(self._device_module, str(self.directory / "device.yaml")),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
            )
        async with asyncio.timeout(START_S):
            while not await self.answers():
                if self._device.returncode is not None:
                    raise LaboratoryError(
                        f"the device did not start; see {self.directory}/device.log"
                    )
                await asyncio.sleep(0.1)

    async def answers(self) -> bool:
        with suppress(ControlError):
            await self.ask("status")
            return True
        return False

    async def ask(self, command: str, patience_s: float = ORDER_S) -> dict[str, Any]:
        """What `edgevoice COMMAND` is answered. ControlError: refused, or nobody is there."""
        return await asyncio.to_thread(request, self.socket, command, patience_s)

    async def order(self, line: str) -> float:
        """To the sound card; how long it will take."""
        device = self._device
        assert device is not None and device.stdin is not None and device.stdout is not None
        try:
            device.stdin.write(f"{line}\n".encode())
            async with asyncio.timeout(ORDER_S):
                return float(await device.stdout.readline())
        except (OSError, ValueError, TimeoutError) as trouble:
            raise LaboratoryError(
                f"the device does not obey ({trouble}); see {self.directory}/device.log"
            ) from trouble

    def signal(self, number: int, *, relay: bool) -> None:
        if pid := self.relay_pid if relay else self.device_pid:
            os.kill(pid, number)

    # Their configuration.

    def configure(self) -> None:
        """Write both files as they ought to be."""
        self._write("device", self._device_settings())
        self._write("relay", {"relay": self._relay_settings()})

    def spoil(self) -> None:
        """Write both files as they ought not to be."""
        for name in ("device", "relay"):
            (self.directory / f"{name}.yaml").write_text("turn: {follow_up: yes\n  nonsense: [")

    async def reload_device(self) -> None:
        """The verdict is awaited in `reloaded`: a conversation is finished first."""
        self.reloads.append(int((await self.ask("reload"))["number"]))

    def reload_relay(self) -> None:
        self.signal(signal.SIGHUP, relay=True)

    async def reloaded(self) -> str | None:
        """The verdict on the oldest reload that is pending; None: not yet, or none is."""
        with suppress(ControlError):
            if self.reloads and (told := await self.ask(f"reloaded {self.reloads[0]}"))["done"]:
                self.reloads.pop(0)
                return str(told["said"])
        return None

    def _write(self, name: str, settings: dict[str, Any]) -> None:
        path = self.directory / f"{name}.yaml"
        written = path.with_suffix(".new")
        written.write_text(yaml.safe_dump(json.loads(json.dumps(settings, default=str))))
        written.replace(path)

    def _device_settings(self) -> dict[str, Any]:
        return {
            "microphone": {"backend": "silence"},
            "speaker": {"backend": "null"},
            "indicator": {"kind": "none"},
            "link": {"url": self.url, "token_file": self.directory / "token"},
            "control": {"socket": self.socket, "state_dir": self.state_dir},
            "neighbours": {"events_socket": self.directory / "events.sock"},
            "turn": {
                "follow_up_s": self.follow_up_s,
                "no_speech_s": 4.0,
                "minutes_per_day": 0,
            },
        }

    def _relay_settings(self) -> dict[str, Any]:
        return {
            "engine": self._engine,
            "port": self.port,
            "tokens_file": self.directory / "tokens",
            "store": "memory",
            "limits": {"starts_per_minute": 600, "minutes_per_day": 0},
        }


def python(module: str, *words: str) -> list[str]:
    return [sys.executable, "-m", module, *words]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGCONT)
    await end(process, STOP_S)
