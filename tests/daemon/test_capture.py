"""The microphone is open exactly while it is wanted, and its losses become inputs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edgevoice.daemon.capture import Capture
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone
from edgevoice.transceiver.inputs import Input, MicrophoneFound, MicrophoneLost
from tests.virtual_time import elapse


class House:
    def __init__(self, kind: type[VirtualMicrophone]) -> None:
        self.inputs: list[Input] = []
        self.blocks = 0
        self.interruptions = 0
        self.capture = Capture(self.inputs.append, self._interrupted)
        self.microphone = kind(self._heard, self.capture.lost, self.capture.found)
        self.capture.microphone = self.microphone

    def _heard(self, samples: object) -> None:
        self.blocks += 1

    def _interrupted(self) -> None:
        self.interruptions += 1


@asynccontextmanager
async def running(kind: type[VirtualMicrophone] = VirtualMicrophone) -> AsyncIterator["House"]:
    house = House(kind)
    task = asyncio.ensure_future(house.capture.run())
    yield house
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def heard_during(house: House, seconds: float) -> int:
    before = house.blocks
    await elapse(seconds)
    return house.blocks - before


async def test_it_is_closed_until_wanted_and_closed_again_when_muted() -> None:
    async with running() as house:
        assert await heard_during(house, 1.0) == 0
        house.capture.want(True)
        assert await heard_during(house, 1.0) > 40
        house.capture.want(False)
        await elapse(0.1)
        assert await heard_during(house, 1.0) == 0


async def test_a_wish_withdrawn_at_once_leaves_it_closed() -> None:
    async with running() as house:
        house.capture.want(True)
        house.capture.want(False)
        assert await heard_during(house, 1.0) == 0


async def test_unplugging_is_told_and_plugging_in_again_too() -> None:
    async with running() as house:
        house.capture.want(True)
        await elapse(0.5)
        house.microphone.unplug()
        assert not house.capture.expected
        house.microphone.plug_in()
        assert house.capture.expected
        assert [type(happened) for happened in house.inputs] == [MicrophoneLost, MicrophoneFound]


async def test_a_microphone_that_is_missing_at_the_start_is_told() -> None:
    async with running() as house:
        house.microphone.unplug()
        house.capture.want(True)
        await elapse(0.1)
        assert isinstance(house.inputs[0], MicrophoneLost)
        house.microphone.plug_in()
        assert await heard_during(house, 1.0) > 40


async def test_muting_a_lost_microphone_forgets_the_loss() -> None:
    async with running() as house:
        house.capture.want(True)
        await elapse(0.1)
        house.microphone.unplug()
        house.capture.want(False)
        await elapse(0.1)
        assert isinstance(house.inputs[-1], MicrophoneFound)


async def test_at_each_interruption_the_ears_forget() -> None:
    async with running() as house:
        for wanted, interruptions in ((True, 1), (False, 2), (True, 3)):
            house.capture.want(wanted)
            await elapse(0.1)
            assert house.interruptions == interruptions


async def test_it_is_closed_when_the_device_stops() -> None:
    async with running() as house:
        house.capture.want(True)
        await elapse(0.1)
    assert await heard_during(house, 1.0) == 0


class SlowMicrophone(VirtualMicrophone):
    """Takes its time to open and to close, as a sound server does."""

    async def open(self) -> None:
        await elapse(0.3)
        await super().open()

    async def close(self) -> None:
        await elapse(0.3)
        await super().close()


async def test_muting_while_it_is_being_opened_closes_it() -> None:
    async with running(SlowMicrophone) as house:
        house.capture.want(True)
        await elapse(0.1)
        house.capture.want(False)
        await elapse(1.0)
        assert await heard_during(house, 1.0) == 0


async def test_unmuting_while_it_is_being_closed_opens_it() -> None:
    async with running(SlowMicrophone) as house:
        house.capture.want(True)
        await elapse(1.0)
        house.capture.want(False)
        await elapse(0.1)
        house.capture.want(True)
        await elapse(1.0)
        assert await heard_during(house, 1.0) > 40
