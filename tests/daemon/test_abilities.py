"""The tools of a board, called as a relay would call them."""

import json
from pathlib import Path
from typing import Any

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import LampConfig
from edgevoice.daemon.abilities import Volume, timer_tools, toolbox
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.hardware.lamps import Lamps
from edgevoice.hardware.pins import MockPins
from edgevoice.hardware.state_file import StateFile


class House:
    """Needs a running loop, as timers do."""

    def __init__(self, directory: Path) -> None:
        self.pins = MockPins()
        self.playout = PlayoutBuffer(48_000)
        self.memory = SettingsMemory(StateFile(directory / "settings.json"))
        self.memory.load()
        self.volume = Volume(self.playout, self.memory)
        self.lamps = Lamps((LampConfig("lamp", 22),), lambda: self.pins)
        self.lamps.open()
        self.box = toolbox(self.volume, self.lamps, timer_tools(directory, lambda happened: None))

    async def call(self, tool: str, **arguments: Any) -> Any:
        return json.loads(await self.box.call(tool, json.dumps(arguments)))


async def test_a_lamp_is_switched_at_its_pin(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert await house.call("switch_light", name="lamp", on=True) == {"name": "lamp", "on": True}
    assert house.pins.is_high(22)
    await house.call("switch_light", name="lamp", on=False)
    assert not house.pins.is_high(22)


async def test_half_the_volume_is_a_quarter_of_the_amplitude_and_is_remembered(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    house.volume.restore(70)
    assert await house.call("set_volume", percent=50) == {"percent": 50}
    assert house.playout.volume == 0.25
    assert house.memory.volume_percent == 50
    house.volume.restore(70)
    assert house.volume.percent == 50


async def test_louder_and_softer_stop_at_the_ends(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.volume.restore(90)
    assert await house.call("change_volume", delta=30) == {"percent": 100}
    assert await house.call("change_volume", delta=-100) == {"percent": 0}


async def test_every_tool_is_described_for_the_relay(tmp_path: Path) -> None:
    names = {tool["name"] for tool in House(tmp_path).box.definitions()}
    assert names == {
        "set_volume",
        "change_volume",
        "switch_light",
        "set_timer",
        "cancel_timer",
        "list_timers",
        "end_conversation",
    }
