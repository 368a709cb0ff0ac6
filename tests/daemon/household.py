"""The device's program on a simulated board, told and watched by a service manager of its own."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import Config, ControlConfig
from edgevoice.daemon.app import Device
from edgevoice.daemon.board import Board, load_models
from edgevoice.daemon.program import Prepared, Program
from edgevoice.errors import ConfigError, SpeakerError
from edgevoice.hardware.sound.microphone import Microphone, OnBlock, OnFound, OnLost
from edgevoice.hardware.sound.speaker import Speaker
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone
from edgevoice.hardware.system.line_file import read_lines
from edgevoice.hardware.system.service_manager import ServiceManager
from edgevoice.link.credential import BearerToken
from edgevoice.link.signalling import Signalling
from edgevoice.simulator.room import Room
from edgevoice.transceiver.states import State
from tests.virtual_time import elapse

NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


class Systemd(ServiceManager):
    """Writes down what it is told."""

    def __init__(self, watchdog_interval_s: float | None = None) -> None:
        super().__init__({})
        self.watchdog_interval_s = watchdog_interval_s
        self.told: list[str] = []

    def _send(self, message: str) -> None:
        self.told.append(message.partition("\n")[0])

    @property
    def status_line(self) -> str:
        lines = [line for line in self.told if line.startswith("STATUS=")]
        return lines[-1].removeprefix("STATUS=")

    @property
    def signs(self) -> list[str]:
        """All but words, patience and the watchdog."""
        return [
            line for line in self.told if not line.startswith(("STATUS=", "WATCHDOG=", "EXTEND"))
        ]


class Household:
    """`written` is what the next reload reads: a configuration, or a text of mistakes."""

    def __init__(self, directory: Path, url: str = NOBODY, **settings: Any) -> None:
        self.directory = directory
        config = Config()
        self.config = replace(
            config,
            link=replace(config.link, url=url),
            control=ControlConfig(str(directory / "control.sock"), str(directory / "state")),
            **settings,
        )
        self.written: Config | str = self.config
        self.systemd = Systemd()
        self.rooms: list[Room] = []
        self.prepared: Callable[[Config], Prepared] = prepared
        self.unplugged = False
        """The next board's microphone; once."""
        self.broken = False
        """The next board's speaker; once."""
        self.program = Program(
            self.config,
            self._read,
            self._board,
            self.systemd,
            lambda config: self.prepared(config),
        )

    def _read(self) -> Config:
        if isinstance(self.written, str):
            raise ConfigError(self.written)
        return self.written

    def _board(self, config: Config) -> Board:
        room = Room(self.directory / f"speaker-{len(self.rooms)}.wav", aloud=False)
        self.rooms.append(room)
        board = room.board()
        if self.unplugged:
            board = replace(board, microphone=partial(_unplugged, board))
        if self.broken:
            board = replace(board, speaker=_no_speaker)
        self.unplugged = self.broken = False
        return board

    def write(self, **settings: Any) -> None:
        assert isinstance(self.written, Config)
        self.written = replace(self.written, **settings)

    @property
    def device(self) -> Device:
        assert self.program.device is not None
        return self.program.device

    @property
    def room(self) -> Room:
        return self.rooms[-1]

    @property
    def left(self) -> list[dict[str, Any]]:
        """By the privacy log."""
        lines = read_lines(self.directory / "state" / "privacy.log")
        return [line for line in lines if "from" in line]

    async def reload(self) -> dict[str, Any]:
        """Ask as the command line does; the verdict."""
        number = self.tell("reload")["number"]
        async with asyncio.timeout(100):
            while not (told := self.tell(f"reloaded {number}"))["done"]:
                await elapse(0.1)
        return told

    def tell(self, command: str) -> dict[str, Any]:
        answer = self.device.command(command)
        assert isinstance(answer, dict)
        return answer

    async def ask(self, command: str) -> Any:
        """What is not answered at once."""
        answer = self.device.command(command)
        assert not isinstance(answer, dict)
        return await answer  # type: ignore[misc]

    async def until(self, state: State) -> None:
        async with asyncio.timeout(10):
            while self.device.runner.transceiver.state is not state:
                await elapse(0.01)


def _unplugged(board: Board, block: OnBlock, lost: OnLost, found: OnFound) -> Microphone:
    microphone = board.microphone(block, lost, found)
    assert isinstance(microphone, VirtualMicrophone)
    microphone.unplug()
    return microphone


def _no_speaker(playout: PlayoutBuffer, lost: OnLost, found: OnFound) -> Speaker:
    raise SpeakerError("the speaker is taken")


def prepared(config: Config) -> Prepared:
    called = [Signalling(config.link, BearerToken("ev_token"))]
    return Prepared(config, called, load_models(config))


@asynccontextmanager
async def living(household: Household) -> AsyncIterator["asyncio.Task[None]"]:
    ours = logging.getLogger("edgevoice")
    level = ours.level  # which a reload sets
    task = asyncio.ensure_future(household.program.run())
    async with asyncio.timeout(30):
        while "READY=1" not in household.systemd.told and not task.done():
            await elapse(0.01)
    try:
        yield task
    finally:
        household.program.stop()
        await asyncio.gather(task, return_exceptions=True)
        ours.setLevel(level)
