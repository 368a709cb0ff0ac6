"""A running device tells its owner afterwards what happened, and does so after a restart."""

from pathlib import Path

import pytest

from edgevoice.audio.wake_rule import Miss
from edgevoice.errors import ControlError
from edgevoice.transceiver.states import State
from tests.daemon.diary.test_forgetting import told
from tests.daemon.test_app import House, running, silent_relay
from tests.virtual_time import elapse

pytestmark = pytest.mark.models


async def talk(house: House) -> None:
    house.device.command("wake")
    await house.until(State.CONNECTING)
    house.device.command("stop")
    await elapse(0.1)


async def test_what_happened_is_told_and_survives_a_restart(tmp_path: Path) -> None:
    async with silent_relay() as url:
        house = House(tmp_path, url)
        async with running(house):
            await talk(house)
            house.device._ears.on_missed(Miss("alexa", 0.4, 0.5, "below"))
            status = house.device.command("status")
            assert status["today"]["sessions"] == 1 and status["state_since"]
            assert status["reach"]["url"] == url
        house = House(tmp_path, url)
        async with running(house):
            await elapse(0.1)
            why = await told(house, "why")
            assert "`edgevoice wake`" in why["wake"]["sentence"]
            assert "`edgevoice stop`" in why["stop"]["sentence"]
            assert "0.10 under 0.5" in why["non-wake"]["sentence"]
            assert "good order" in why["restart"]["sentence"]
            (turn,) = (await told(house, "turns 5"))["turns"]
            assert turn["outcome"] == "stopped"
            (interval,) = (await told(house, "privacy"))["intervals"]
            assert interval["why"] == "control" and not interval["interrupted"]
            assert house.device.command("status")["today"]["sessions"] == 1


async def test_an_open_gate_is_told_as_such(tmp_path: Path) -> None:
    async with silent_relay() as url:
        house = House(tmp_path, url)
        async with running(house):
            house.device.command("wake")
            await house.until(State.CONNECTING)
            privacy = await told(house, "privacy")
            assert privacy["intervals"] == [] and privacy["open_since"]


async def test_what_keeps_it_from_hearing_is_told(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        assert (await told(house, "why"))["deaf"] is None
        await elapse(61)
        assert "nothing was louder than the room" in (await told(house, "why"))["deaf"]
        house.device.command("mute")
        await elapse(0.1)
        assert "`edgevoice unmute`" in (await told(house, "why"))["deaf"]
        assert (await told(house, "privacy"))["microphone_closed"][0]["until"] is None


@pytest.mark.parametrize("command", ["turns many", "turns 0", "turns 501", "privacy yesterday"])
async def test_what_cannot_be_told_is_refused(tmp_path: Path, command: str) -> None:
    house = House(tmp_path)
    async with running(house):
        with pytest.raises(ControlError):
            await told(house, command)


async def test_a_state_folder_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    async with silent_relay() as url:
        house = House(tmp_path, url)
        house.state.write_text("in the way")
        async with running(house):
            await talk(house)
            assert len((await told(house, "turns"))["turns"]) == 1
            assert (await told(house, "why"))["wake"] is not None
