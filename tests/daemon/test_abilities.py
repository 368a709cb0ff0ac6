"""The tools of a board, called as a relay would call them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import LampConfig
from edgevoice.daemon.abilities import Volume, toolbox
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.errors import AudioError, ControlError
from edgevoice.hardware.gpio.pins import MockPins
from edgevoice.hardware.lamps import Lamps
from edgevoice.hardware.sound.mixer import Mixer
from edgevoice.hardware.system.state_file import StateFile
from tests.virtual_time import elapse


class House:
    """Needs a running loop, as timers do."""

    def __init__(self, directory: Path, mixer: Mixer | None = None) -> None:
        self.pins = MockPins()
        self.playout = PlayoutBuffer(48_000)
        self.memory = SettingsMemory(StateFile(directory / "settings.json"))
        self.memory.load()
        self.volume = Volume(self.playout, self.memory, mixer)
        self.lamps = Lamps((LampConfig("lamp", 22),), lambda: self.pins)
        self.lamps.open()
        self.box = toolbox(self.volume, self.lamps)

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
    assert house.memory.volume_percent == 0


async def test_a_change_of_volume_is_told_and_a_restored_one_is_not(tmp_path: Path) -> None:
    house, told = House(tmp_path), list[int]()
    house.volume.on_change = told.append
    house.volume.restore(40)
    house.volume.change(+10)
    house.volume.set(120)
    assert told == [50, 100]


async def test_louder_than_silence_is_heard(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.call("set_volume", percent=0)
    assert house.playout.volume == 0
    assert await house.call("change_volume", delta=10) == {"percent": 20}
    assert house.playout.volume > 0.03
    assert await house.call("change_volume", delta=10) == {"percent": 30}
    assert await house.call("change_volume", delta=-25) == {"percent": 5}


@pytest.mark.parametrize(
    ("typed", "percent"), [("40", 40), ("+10", 80), ("-10", 60), (" 5% ", 5), ("+100", 100)]
)
async def test_it_is_turned_as_people_type_it(typed: str, percent: int, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.volume.restore(70)
    assert house.volume.turn(typed) == percent == house.volume.percent


@pytest.mark.parametrize("typed", ["", "loud", "101", "+-3", "1e9", "٣", "4 0"])
async def test_what_is_no_volume_is_refused(typed: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.volume.restore(70)
    with pytest.raises(ControlError, match=r"0 to 100, or as \+10"):
        house.volume.turn(typed)
    assert house.volume.percent == 70


class CardMixer:
    """A card's mixer: what it was set to, and whether its card is there."""

    def __init__(self) -> None:
        self.percents: list[int] = []
        self.gone = False

    def set(self, percent: int) -> None:
        if self.gone:
            raise AudioError("the card is gone")
        self.percents.append(percent)


@asynccontextmanager
async def with_mixer(directory: Path, mixer: CardMixer) -> AsyncIterator[House]:
    house = House(directory, mixer)
    house.volume.restore(70)
    running = asyncio.ensure_future(house.volume.run())
    await elapse(0.1)
    yield house
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_mixer_takes_over_from_the_software(tmp_path: Path) -> None:
    mixer = CardMixer()
    async with with_mixer(tmp_path, mixer) as house:
        assert mixer.percents == [70]
        assert house.volume.by_mixer and house.playout.volume == 1.0
        assert await house.call("set_volume", percent=30) == {"percent": 30}
        await elapse(0.1)
        assert mixer.percents == [70, 30] and house.memory.volume_percent == 30


async def test_until_the_mixer_has_obeyed_nothing_is_loud(tmp_path: Path) -> None:
    house = House(tmp_path, CardMixer())
    house.volume.restore(30)
    assert house.playout.volume == pytest.approx(0.09)
    assert not house.volume.by_mixer


async def test_silence_is_silence_whatever_the_lowest_step_of_a_card_is(tmp_path: Path) -> None:
    mixer = CardMixer()
    async with with_mixer(tmp_path, mixer) as house:
        house.volume.set(0)
        assert house.playout.volume == 0
        await elapse(0.1)
        assert mixer.percents[-1] == 0 and house.playout.volume == 0
        house.volume.change(+10)
        assert house.playout.volume == 1.0


async def test_a_mixer_that_fails_is_replaced_by_software_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mixer = CardMixer()
    async with with_mixer(tmp_path, mixer) as house:
        mixer.gone = True
        for percent in (60, 50):
            house.volume.set(percent)
            await elapse(0.1)
        assert house.playout.volume == 0.25 and not house.volume.by_mixer
        assert caplog.text.count("the card is gone") == 1


async def test_a_card_that_is_back_is_told_the_volume_again(tmp_path: Path) -> None:
    mixer = CardMixer()
    mixer.gone = True
    async with with_mixer(tmp_path, mixer) as house:
        mixer.gone = False
        house.volume.reapply()
        await elapse(0.1)
        assert mixer.percents == [70]
        assert house.volume.by_mixer and house.playout.volume == 1.0


async def test_without_a_mixer_there_is_nothing_to_run(tmp_path: Path) -> None:
    async with asyncio.timeout(1):
        await House(tmp_path).volume.run()


async def test_every_tool_is_described_for_the_relay(tmp_path: Path) -> None:
    names = {tool["name"] for tool in House(tmp_path).box.definitions()}
    assert names == {
        "set_volume",
        "change_volume",
        "switch_light",
        "end_conversation",
    }


async def test_a_cap_holds_down_what_is_heard_and_forgets_nothing(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.volume.set(80)
    loud = house.playout.volume
    house.volume.cap(20)
    assert house.volume.percent == 80
    assert house.playout.volume < loud
    house.volume.cap(100)
    assert house.playout.volume == loud
