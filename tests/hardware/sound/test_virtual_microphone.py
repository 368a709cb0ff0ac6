"""The silent room, speaking into it, and a file as a microphone."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.wav import WavWriter
from edgevoice.errors import MicrophoneError
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone, WavMicrophone
from tests import virtual_time
from tests.virtual_time import elapse


class Room:
    def __init__(self) -> None:
        self.blocks: list[Samples] = []
        self.told: list[str] = []
        self.microphone = VirtualMicrophone(
            self.blocks.append, self.told.append, lambda: self.told.append("found")
        )

    @property
    def captured(self) -> Samples:
        return np.concatenate(self.blocks)


def ramp(n: int) -> Samples:
    return np.arange(1, n + 1, dtype=np.int16)


@pytest.mark.slow
async def test_an_hour_of_silence_has_exactly_180000_blocks() -> None:
    count = 0

    def block(_samples: Samples) -> None:
        nonlocal count
        count += 1

    async with VirtualMicrophone(block, lambda reason: None, lambda: None):
        await elapse(3600.001)
    assert count == 180_000


async def test_say_knows_where_the_clip_begins() -> None:
    room = Room()
    async with room.microphone as microphone:
        await elapse(0.5)
        start = microphone.say(ramp(1000))
        await elapse(0.5)
        assert start == 25 * FRAME_SAMPLES
        assert np.array_equal(room.captured[start : start + 1000], ramp(1000))
        assert not room.captured[:start].any()
        assert not room.captured[start + 1000 :].any()


async def test_two_voices_mix_and_clip() -> None:
    room = Room()
    async with room.microphone as microphone:
        loud = np.full(FRAME_SAMPLES, 20_000, np.int16)
        microphone.say(loud)
        microphone.say(loud)
        await elapse(0.03)
        assert (room.captured == 32_767).all()


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 2000)), max_size=6))
def test_every_sample_said_is_captured_where_promised(clips: list[tuple[int, int]]) -> None:
    async def story() -> None:
        room = Room()
        expected = np.zeros(8000, np.int16)
        async with room.microphone as microphone:
            for start, length in clips:
                assert microphone.say(ramp(length), start) == start
                expected[start : start + length] += ramp(length)
            await elapse(0.501)
        assert np.array_equal(room.captured, expected)

    virtual_time.run(story())


async def test_what_is_said_while_it_is_closed_is_not_heard_later() -> None:
    room = Room()
    async with room.microphone as microphone:
        await elapse(0.1)
        microphone.say(ramp(16_000))
        await microphone.close()
        microphone.say(ramp(100))
        await elapse(1)
        count = len(room.blocks)
        await microphone.open()
        await elapse(1)
    assert count == 5
    assert not room.captured.any()


async def test_unplugging_and_plugging_in() -> None:
    room = Room()
    async with room.microphone as microphone:
        await elapse(0.1)
        microphone.unplug()
        await elapse(2)
        now = asyncio.get_running_loop().time()
        assert len(room.blocks) == 5
        assert microphone.block_age_s(now) == pytest.approx(2, abs=0.03)
        with pytest.raises(MicrophoneError, match="unplugged"):
            await microphone.open()
        microphone.plug_in()
        await elapse(0.101)
        assert len(room.blocks) == 10
    assert room.told == ["the virtual microphone was unplugged", "found"]


async def test_a_file_is_played_once_then_silence(tmp_path: Path) -> None:
    path = tmp_path / "words.wav"
    with WavWriter(path) as file:
        file.write(ramp(4000))
    blocks: list[Samples] = []
    microphone = WavMicrophone(str(path), blocks.append, lambda reason: None, lambda: None)
    async with microphone:
        await elapse(0.301)
        await microphone.close()
        await microphone.open()
        await elapse(0.301)
    captured = np.concatenate(blocks)
    assert np.array_equal(captured[:4000], ramp(4000))
    assert len(captured) == 30 * FRAME_SAMPLES
    assert not captured[4000:].any()


async def test_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    microphone = WavMicrophone(
        str(tmp_path / "none.wav"), lambda block: None, lambda reason: None, lambda: None
    )
    with pytest.raises(MicrophoneError, match=r"microphone\.device.*none\.wav"):
        await microphone.open()
