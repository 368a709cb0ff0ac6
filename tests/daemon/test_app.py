"""The whole device on a simulated board, in virtual time; no relay answers here."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edgevoice.config import (
    Config,
    ContextConfig,
    ControlConfig,
    IndicatorConfig,
    LinkConfig,
    TurnConfig,
)
from edgevoice.daemon.app import Device
from edgevoice.errors import ControlError
from edgevoice.hardware.system.line_file import read_lines
from edgevoice.link.credential import BearerToken
from edgevoice.link.signalling import Signalling
from edgevoice.simulator.room import Room
from edgevoice.transceiver.actions import Action
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import ButtonPressed, Input
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver
from tests.fault_report import Measured
from tests.virtual_time import VirtualTimeLoop, elapse

pytestmark = pytest.mark.models

NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


class House:
    def __init__(self, directory: Path, url: str = NOBODY, **settings: object) -> None:
        self.state = directory / "state"
        self.room = Room(directory / "speaker.wav", aloud=False)
        config = Config()
        config = replace(
            config,
            link=replace(config.link, url=url),
            control=ControlConfig(str(directory / "control.sock"), str(self.state)),
            **settings,
        )
        self.device = Device(
            config, [Signalling(config.link, BearerToken("ev_token"))], self.room.board()
        )

    @property
    def left(self) -> list[dict[str, object]]:
        """By the privacy log."""
        lines = read_lines(self.state / "privacy.log")
        return [line for line in lines if "from" in line]

    async def until(self, state: State) -> None:
        async with asyncio.timeout(10):
            while self.device.runner.transceiver.state is not state:
                await elapse(0.01)


class Broken(Transceiver):
    """Has a bug that shows whatever happens."""

    def handle(self, happened: Input, now: float) -> list[Action]:
        raise AssertionError("a bug")


@asynccontextmanager
async def running(house: House) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.ensure_future(house.device.run())
    await house.device.ready.wait()
    try:
        yield task
    finally:
        house.device.stop()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def silent_relay() -> AsyncIterator[str]:
    """Accepts connections and never says a word."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize("end", [Device.stop, None], ids=["stopped", "torn down"])
async def test_an_open_gate_is_closed_and_written_down_however_it_ends(
    tmp_path: Path, end: Callable[[Device], None] | None
) -> None:
    async with silent_relay() as url:
        house = House(tmp_path, url)
        async with running(house) as task:
            house.device.command("wake")
            await house.until(State.CONNECTING)
            assert house.device.command("status")["gate"] == "open"
            if end is None:
                task.cancel()
            else:
                end(house.device)
            await asyncio.gather(task, return_exceptions=True)
        assert house.device.command("status")["gate"] == "closed"
        assert [entry["why"] for entry in house.left] == ["control"]


async def test_a_mind_that_was_rebuilt_knows_that_the_microphone_is_lost(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        await elapse(0.5)
        house.room.microphone.unplug()
        await elapse(0.1)
        house.device.runner.transceiver = Broken(
            TurnConfig(), ContextConfig(), LinkConfig(), (), wake_phrase_samples=0
        )
        house.device.command("stop")
        await elapse(0.1)
        assert house.device.runner.transceiver.indication is Indication.ERROR
        (failure,) = (house.state / "failures").iterdir()
        assert failure.name.endswith("-invariant")
        house.room.microphone.plug_in()
        await elapse(0.1)
        assert house.device.runner.transceiver.indication is Indication.IDLE


async def test_thirty_quick_presses_open_and_close_fifteen_times(tmp_path: Path) -> None:
    async with silent_relay() as url:
        house = House(tmp_path, url)
        async with running(house):
            for _ in range(30):
                house.device.runner.post(ButtonPressed(0))
            await elapse(0.5)
            assert house.device.runner.transceiver.state is State.IDLE
            assert len(house.left) == 15
            assert {report.outcome for report in house.device.turns.reports} == {"cancelled"}


async def test_sound_that_came_while_the_program_stood_still_counts_as_lost(tmp_path: Path) -> None:
    async with silent_relay() as url:
        house = House(tmp_path, url)
        async with running(house):
            house.device.command("wake")
            await house.until(State.CONNECTING)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualTimeLoop)
            loop.now += 3.0  # longer than the microphone's blocks are kept for
            await elapse(0.1)
            house.device.command("stop")
            await elapse(0.1)
            (report,) = house.device.turns.reports
            assert 2.5 * 16_000 < report.samples.lost < 3.5 * 16_000
            status = house.device.command("status")
            assert status["dropped_blocks"] > 125
            assert status["process"]["tasks"] > 10


@pytest.mark.fault("light-missing")
@pytest.mark.parametrize("required", [True, False])
async def test_a_light_that_is_missing_closes_the_gate_only_where_it_is_required(
    tmp_path: Path, required: bool, caplog: pytest.LogCaptureFixture, measured: Measured
) -> None:
    async with silent_relay() as url:
        nowhere = IndicatorConfig("apa102", count=3, spi="99.9", required=required)
        house = House(tmp_path, url, indicator=nowhere)
        async with running(house):
            house.device.command("wake")
            await elapse(0.5)
            assert house.device.command("status")["gate"] == ("closed" if required else "open")
            told = next(r for r in caplog.records if "the indicator does not work" in r.message)
            assert told.levelno == logging.ERROR
            assert "/dev/spidev99.9" in told.message
            if required:
                assert house.left == []
                why = house.device.command("why")
                assert "no audio was sent: the indicator" in why["refusal"]["sentence"]
                measured("required: told in the log and by `edgevoice why`, no sample sent")
            else:
                measured("not required: told in the log, the conversation begins")


async def test_the_owner_sees_a_pattern_while_nothing_is_said(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        assert house.device.command("lights pairing") == {"shows": "pairing", "seconds": 4.0}
        house.device.command("mute")
        await elapse(0.1)
        with pytest.raises(ControlError, match='says "muted"'):
            house.device.command("lights pairing")
