import asyncio
import logging
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.wav import WavWriter
from edgevoice.config import Config
from edgevoice.errors import ScenarioError
from edgevoice.simulator.soak.device import HISS, Puppet
from tests.virtual_time import elapse


class Listener:
    def __init__(self) -> None:
        self.blocks: list[Samples] = []
        self.told: list[str] = []

    def lost(self, reason: str) -> None:
        self.told.append("lost")

    def found(self) -> None:
        self.told.append("found")


async def test_what_is_ordered_is_heard_over_the_hiss_of_the_room(tmp_path: Path) -> None:
    with WavWriter(tmp_path / "a.wav") as wav:
        wav.write(np.full(FRAME_SAMPLES * 10, 5_000, np.int16))
    puppet, heard = Puppet(), Listener()
    board = puppet.board(Config())
    microphone = board.microphone(heard.blocks.append, heard.lost, heard.found)
    async with microphone:
        await elapse(0.2)
        assert 0 < np.abs(np.concatenate(heard.blocks)).max() <= HISS
        assert puppet.obey(f"say {tmp_path}/a.wav") == "0.200"
        await elapse(0.3)
        assert np.count_nonzero(np.concatenate(heard.blocks) > 4_900) == 10 * FRAME_SAMPLES
        puppet.obey("unplug microphone")
        before = len(heard.blocks)
        await elapse(0.5)
        assert (len(heard.blocks), heard.told) == (before, ["lost"])
        puppet.obey("plug_in microphone")
        await elapse(0.5)
        assert len(heard.blocks) > before and heard.told == ["lost", "found"]


async def test_the_speaker_can_be_pulled_out() -> None:
    puppet, told = Puppet(), Listener()
    puppet.board(Config()).speaker(PlayoutBuffer(48_000), told.lost, told.found)
    puppet.obey("unplug speaker")
    puppet.obey("plug_in speaker")
    assert told.told == ["lost", "found"]


async def test_what_runs_is_told_by_name(caplog: pytest.LogCaptureFixture) -> None:
    async def linger() -> None:
        await asyncio.Event().wait()

    tasks = [asyncio.ensure_future(linger()) for _ in range(2)]
    with caplog.at_level(logging.INFO):
        assert int(Puppet().obey("tasks")) >= 3
    assert any("linger x 2" in line for line in caplog.messages)
    for task in tasks:
        task.cancel()


def test_other_orders_are_refused() -> None:
    for order in ("", "dance", "unplug everything", "say"):
        with pytest.raises(ScenarioError, match="no such order"):
            Puppet().obey(order)
