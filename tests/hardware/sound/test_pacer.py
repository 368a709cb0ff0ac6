"""The beat of devices that have no clock of their own."""

import asyncio
from typing import cast

import pytest

from edgevoice.hardware.sound.pacer import Pacer
from tests.virtual_time import VirtualTimeLoop, elapse


class Beats:
    def __init__(self) -> None:
        self.at: list[float] = []
        self.pacer = Pacer(0.02, self._beat)

    def _beat(self) -> None:
        self.at.append(asyncio.get_running_loop().time())


def stall(seconds: float) -> None:
    """The loop is busy for so long."""
    cast(VirtualTimeLoop, asyncio.get_running_loop()).now += seconds


async def test_deadlines_do_not_drift() -> None:
    beats = Beats()
    began = asyncio.get_running_loop().time()
    beats.pacer.start()
    await elapse(100.001)
    beats.pacer.stop()
    assert len(beats.at) == 5000
    assert beats.at[-1] - began == pytest.approx(100, abs=1e-6)


async def test_a_short_stall_is_caught_up() -> None:
    beats = Beats()
    beats.pacer.start()
    await elapse(1.001)
    stall(1.0)
    await elapse(1.001)
    beats.pacer.stop()
    assert len(beats.at) == 150
    assert beats.pacer.skipped == 0


async def test_a_long_sleep_of_the_machine_is_skipped_and_counted() -> None:
    beats = Beats()
    beats.pacer.start()
    await elapse(1.001)
    stall(600.0)
    await elapse(1.001)
    beats.pacer.stop()
    assert len(beats.at) + beats.pacer.skipped == 50 + 30_000 + 50
    assert beats.pacer.skipped > 29_900


async def test_stopped_it_is_quiet() -> None:
    beats = Beats()
    beats.pacer.start()
    await elapse(0.05)
    beats.pacer.stop()
    assert not beats.pacer.is_running
    await elapse(1)
    assert len(beats.at) == 2


async def test_a_beat_that_raises_is_not_the_last() -> None:
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: raised.append(context))

    def beat() -> None:
        raise ValueError("a bug behind the microphone")

    pacer = Pacer(0.02, beat)
    pacer.start()
    await elapse(0.11)
    pacer.stop()
    assert len(raised) == 5
