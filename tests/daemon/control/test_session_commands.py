"""What every board can be asked to do."""

from pathlib import Path

import pytest

from edgevoice.config import ButtonConfig
from edgevoice.errors import ControlError
from edgevoice.realtime.items import user_audio
from edgevoice.realtime.server_events import ConversationItemAdded
from edgevoice.transceiver.inputs import EventReceived
from tests.daemon.test_app import House, running
from tests.virtual_time import elapse

pytestmark = pytest.mark.models


async def test_the_volume_is_told_set_changed_and_remembered(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        command = house.device.command
        assert command("volume") == {"volume": 70}
        assert command("volume 40") == {"volume": 40}
        assert command("volume +10") == {"volume": 50}
        assert command("volume -20") == {"volume": 30}
        assert command("status")["volume"] == 30
    assert '"volume_percent": 30' in (tmp_path / "state" / "settings.json").read_text()


async def test_a_meter_is_told_what_is_heard(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        await elapse(0.5)
        told = house.device.command("levels")
        assert set(told) == {"rms_dbfs", "peak_dbfs", "speech", "scores", "erle_db"}
        assert told["rms_dbfs"] == -120.0
        assert told["erle_db"] is None


@pytest.mark.parametrize("line", ["dance", "", "volume loud", "volume 101", "mute now"])
async def test_what_cannot_be_done_is_refused(tmp_path: Path, line: str) -> None:
    house = House(tmp_path)
    async with running(house):
        with pytest.raises(ControlError):
            house.device.command(line)


async def test_two_buttons_make_it_louder_and_softer(tmp_path: Path) -> None:
    house = House(tmp_path, button=ButtonConfig(louder_pin=5, softer_pin=6))
    async with running(house):
        for pin, percent in ((5, 80), (5, 90), (6, 80)):
            house.room.pins.drive(pin, False)
            await elapse(0.2)
            house.room.pins.drive(pin, True)
            await elapse(0.2)
            assert house.device.command("volume") == {"volume": percent}


async def test_nobody_overrules_the_mute_switch(tmp_path: Path) -> None:
    house = House(tmp_path, button=ButtonConfig(mute_pin=4, mute_level="high"))
    async with running(house):
        await elapse(0.2)
        assert house.device.command("status")["muted"]
        with pytest.raises(ControlError, match="switch"):
            house.device.command("unmute")
        house.room.pins.drive(4, False)
        await elapse(0.2)
        assert not house.device.command("status")["muted"]


async def test_what_was_said_is_remembered_over_a_restart_and_forgotten_when_asked(
    tmp_path: Path,
) -> None:
    said = EventReceived(ConversationItemAdded(item=user_audio("hello", "u1", "completed")))
    house = House(tmp_path)
    async with running(house):
        house.device.command("wake")
        house.device.runner.post(said)
        await elapse(0.1)
        house.device.command("stop")
    house = House(tmp_path)
    async with running(house):
        await elapse(0.1)
        counted = house.device.command("status")["context"]
        assert (counted["items"], counted["total"]["sent_items"]) == (1, 0)
        erased = house.device.command("forget")
        assert (erased["erased_items"], erased["erased_bytes"]) == (1, counted["bytes"])
        await elapse(0.1)
        assert house.device.command("status")["context"]["items"] == 0
    assert not (tmp_path / "context.json").exists()
    assert House(tmp_path).device.runner.transceiver.memory.remembered is None
