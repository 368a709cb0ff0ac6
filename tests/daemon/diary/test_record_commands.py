"""`edgevoice record`, end to end on a simulated board, and the turn replayed."""

import asyncio
import json
from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.config import RecordingConfig
from edgevoice.errors import ControlError
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.states import State
from tests.daemon.diary.test_forgetting import told
from tests.daemon.test_app import House, running, silent_relay
from tests.virtual_time import elapse

pytestmark = pytest.mark.models


async def talk(house: House) -> None:
    house.device.command("wake")
    await house.until(State.CONNECTING)
    await elapse(1)
    house.device.command("stop")
    await elapse(0.5)


async def test_a_turn_is_recorded_replayed_and_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with silent_relay() as url:
        house = House(tmp_path, url)
        async with running(house):
            await talk(house)
            with pytest.raises(ControlError, match="no turn is recorded"):
                await told(house, "record last")
            assert (await told(house, "record on"))["on"] is True
            assert house.device._light.shown is Indication.RECORDING
            await elapse(2)
            await talk(house)
            assert house.device.command("status")["recording"] == {"on": True, "turns": 5}
            folder = (await told(house, "record last"))["folder"]
            notes = (await told(house, "privacy"))["notes"]
            assert [note["recording"] for note in notes] == ["on"]
            assert await asyncio.to_thread(main, ["replay", "--json", "--ears", folder]) == 0
            played = json.loads(capsys.readouterr().out)
            assert played["same"] is True and played["compared"] > 0
            assert 3 < played["ears"]["seconds"] < 8 and played["ears"]["wakes"] == []
        house = House(tmp_path, url)
        async with running(house):
            await elapse(0.1)
            assert house.device.command("status")["recording"]["on"] is True
            await told(house, "forget all")
            assert (await told(house, "record"))["kept"] == []
            assert not (house.state / "recordings").exists()
            await told(house, "record off")
            assert house.device._light.shown is Indication.IDLE


async def test_the_configuration_may_ask_for_it_and_the_owner_has_the_last_word(
    tmp_path: Path,
) -> None:
    settings = {"recording": RecordingConfig(enabled=True, turns=3)}
    for expected in (True, False):
        house = House(tmp_path, **settings)
        async with running(house):
            assert house.device.command("status")["recording"]["on"] is expected
            await told(house, "record off")
            with pytest.raises(ControlError, match="on, off, status, last"):
                house.device.command("record everything")
