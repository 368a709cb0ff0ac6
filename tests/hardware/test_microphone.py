"""The microphone on fake sound cards: losing, finding, muting, and a loop that is late."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.config import MicrophoneConfig
from edgevoice.errors import MicrophoneError
from edgevoice.hardware.microphone import MICROPHONES, PortAudioMicrophone, make_microphone
from tests.hardware.fake_portaudio import Card, FakeSound
from tests.virtual_time import elapse


class Ear:
    """A microphone and what it told."""

    def __init__(self, sound: FakeSound, device: str = "default") -> None:
        self.blocks: list[Samples] = []
        self.told: list[str] = []
        self.microphone = PortAudioMicrophone(
            MicrophoneConfig(device=device),
            self.blocks.append,
            lambda reason: self.told.append(f"lost: {reason}"),
            lambda: self.told.append("found"),
            sound,
        )


@asynccontextmanager
async def listening(ear: Ear) -> AsyncIterator[PortAudioMicrophone]:
    """Open and watched, as the daemon does it."""
    async with ear.microphone as microphone:
        watching = asyncio.ensure_future(microphone.watch())
        yield microphone
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_fifty_blocks_a_second_in_order() -> None:
    ear = Ear(FakeSound(Card("USB", default=True)))
    async with listening(ear) as microphone:
        await elapse(1.005)
        assert len(ear.blocks) == microphone.blocks == 50
        assert [block[0] for block in ear.blocks] == list(range(1, 51))
        assert all(len(block) == FRAME_SAMPLES for block in ear.blocks)
    assert ear.told == []


async def test_a_device_is_found_by_a_part_of_its_name() -> None:
    sound = FakeSound(Card("HDMI", default=True), Card("ReSpeaker 4 Mic (hw:2,0)"))
    async with listening(Ear(sound, "respeaker")):
        await elapse(1)
        assert [stream._card.device.name for stream in sound.open_streams] == [
            "ReSpeaker 4 Mic (hw:2,0)"
        ]


async def test_a_missing_device_is_an_error_that_lists_what_there_is() -> None:
    ear = Ear(FakeSound(Card("HDMI", default=True), Card("Codec")), "ReSpeaker")
    with pytest.raises(MicrophoneError, match=r'microphone "ReSpeaker" not found.*HDMI, Codec'):
        await ear.microphone.open()
    await ear.microphone.close()


async def test_a_missing_device_does_not_stop_the_daemon() -> None:
    sound = FakeSound()
    ear = Ear(sound)
    async with listening(ear):
        await elapse(60)
        assert len(ear.told) == 1
        assert "there is none at all" in ear.told[0]
        sound.cards.append(Card("USB", default=True))
        await elapse(6)
        assert ear.told[1:] == ["found"]
        assert ear.blocks


async def test_silence_of_the_device_is_noticed_within_a_second_and_a_half() -> None:
    card = Card("USB", default=True)
    ear = Ear(FakeSound(card))
    async with listening(ear) as microphone:
        await elapse(5)
        card.plugged = False
        await elapse(0.98)
        assert ear.told == []
        await elapse(0.52)
        assert "no sound has passed for 1." in ear.told[0]
        assert microphone.block_age_s(asyncio.get_running_loop().time()) >= 1.0


async def test_it_comes_back_by_itself() -> None:
    card = Card("USB", default=True)
    sound = FakeSound(card)
    ear = Ear(sound)
    async with listening(ear) as microphone:
        await elapse(5)
        card.plugged = False
        await elapse(60)
        openings = sound.openings
        assert len(ear.told) == 1  # once, however long it takes
        card.plugged = True
        await elapse(6)
        assert ear.told[1:] == ["found"]
        assert microphone.block_age_s(asyncio.get_running_loop().time()) < 0.05
        assert openings < 20  # it backs off


async def test_a_stalled_device_is_lost_and_found() -> None:
    """Still there, opens fine, delivers nothing: what a virtual source without a writer does."""
    card = Card("pipe", default=True)
    ear = Ear(FakeSound(card))
    async with listening(ear):
        await elapse(1)
        card.gives_blocks = False
        await elapse(30)
        card.gives_blocks = True
        await elapse(10)
        assert [line.split(":")[0] for line in ear.told] == ["lost", "found"]


async def test_a_slow_first_block_is_no_loss() -> None:
    card = Card("pulse", default=True)
    card.gives_blocks = False
    ear = Ear(FakeSound(card))
    async with listening(ear):
        await elapse(2)
        card.gives_blocks = True
        await elapse(2)
        assert ear.told == []


async def test_closed_on_purpose_it_is_neither_lost_nor_reopened() -> None:
    """Mute gives the device back, and not one block comes through afterwards."""
    sound = FakeSound(Card("USB", default=True))
    ear = Ear(sound)
    async with listening(ear) as microphone:
        await elapse(1)
        await microphone.close()
        count = len(ear.blocks)
        await elapse(60)
        assert not sound.open_streams
        assert len(ear.blocks) == count
        assert ear.told == []
        assert microphone.block_age_s(asyncio.get_running_loop().time()) == 0
        await microphone.open()
        await elapse(1)
        assert len(ear.blocks) > count


async def test_muting_while_it_is_lost_ends_the_search() -> None:
    card = Card("USB", default=True)
    sound = FakeSound(card)
    ear = Ear(sound)
    async with listening(ear) as microphone:
        await elapse(5)
        card.plugged = False
        await elapse(1.4)  # noticed, and waiting for the first attempt to reopen
        assert len(ear.told) == 1
        await microphone.close()
        openings = sound.openings
        card.plugged = True
        await elapse(60)
        assert not sound.open_streams
        assert sound.openings == openings
        assert "found" not in ear.told


async def test_a_block_on_its_way_when_the_microphone_closes_is_not_delivered() -> None:
    ear = Ear(FakeSound(Card("USB", default=True)))
    await ear.microphone.open()
    ear.microphone._hop(ear.microphone._opening, np.ones(FRAME_SAMPLES, np.int16))
    await ear.microphone.close()
    await elapse(1)
    assert ear.blocks == []


async def test_a_loop_two_seconds_behind_drops_and_counts() -> None:
    ear = Ear(FakeSound(Card("USB", default=True)))
    async with ear.microphone as microphone:
        for number in range(130):  # the card goes on while the loop does not run
            microphone._hop(microphone._opening, np.full(FRAME_SAMPLES, number + 1, np.int16))
        await elapse(0.001)
        assert microphone.dropped == 30
        assert [block[0] for block in ear.blocks] == list(range(1, 101))
        await elapse(1)
        assert microphone.dropped == 30


async def test_exact_zeros_for_ten_seconds_are_suspicious(caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear(FakeSound(Card("USB", default=True)))
    await ear.microphone.open()
    for _ in range(1000):
        ear.microphone._arrive(ear.microphone._opening, np.zeros(FRAME_SAMPLES, np.int16))
    await ear.microphone.close()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "zeros" in caplog.text


async def test_cancelled_while_opening_it_leaves_no_stream_behind() -> None:
    sound = FakeSound(Card("USB", default=True))
    sound.slow.clear()
    ear = Ear(sound)
    opening = asyncio.ensure_future(ear.microphone.open())
    await asyncio.sleep(0)
    opening.cancel()
    threading.Timer(0.05, sound.slow.set).start()
    await asyncio.gather(opening, return_exceptions=True)
    await ear.microphone.close()
    assert sound.openings == 1
    assert not sound.open_streams


async def test_a_second_loss_is_searched_for_as_eagerly_as_the_first() -> None:
    card = Card("USB", default=True)
    ear = Ear(FakeSound(card))
    async with listening(ear):
        for _ in range(2):
            await elapse(10)
            card.plugged = False
            await elapse(60)
            card.plugged = True
        await elapse(10)
        card.plugged = False
        await elapse(1.4)
        card.plugged = True
        await elapse(1.0)
        assert [line.split(":")[0] for line in ear.told] == ["lost", "found"] * 3


async def test_the_table_has_every_backend_of_the_configuration() -> None:
    assert set(MICROPHONES) == set(MicrophoneConfig.__annotations__["backend"].__args__)
    heard: list[Samples] = []
    config = MicrophoneConfig(backend="silence")
    microphone = make_microphone(config, heard.append, lambda reason: None, lambda: None)
    async with microphone:
        await elapse(0.105)
    assert len(heard) == 5
    assert not any(block.any() for block in heard)
