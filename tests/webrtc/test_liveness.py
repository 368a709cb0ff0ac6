"""How soon a dead line is noticed, and that a bad one is not called dead."""

import asyncio

import pytest

from tests.fault_report import Measured
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.ends import open_files, session


@pytest.mark.parametrize("one_way_s", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.0, 1.7])
async def test_the_device_notices_within_two_seconds_that_the_relay_is_gone(
    one_way_s: float, after_s: float
) -> None:
    loop = asyncio.get_running_loop()
    async with session() as both:
        both.slow(one_way_s)
        await both.connect(rtt_s=2 * one_way_s)
        await elapse(after_s)
        peers.lose(both.call._peer.connection, lambda data: True)
        died_at = loop.time()
        async with asyncio.timeout(10):
            while not both.ended:
                await elapse(0.01)
        assert "nothing heard" in both.ended[0]
        assert loop.time() - died_at <= 2.01


async def test_a_relay_that_dies_in_the_middle_of_the_handshake_is_noticed_as_soon() -> None:
    loop = asyncio.get_running_loop()
    async with session() as both:
        both.slow(0.15)
        await both.caller.accept(both.answer, 0.3)
        await elapse(0.7)
        assert not both.opened.is_set()
        peers.lose(both.call._peer.connection, lambda data: True)
        died_at = loop.time()
        async with asyncio.timeout(12):
            while not both.ended:
                await elapse(0.01)
        assert loop.time() - died_at <= 2.01


async def test_the_relay_lets_go_of_a_vanished_device_within_four_seconds() -> None:
    loop = asyncio.get_running_loop()
    before = open_files()
    async with session() as both:
        both.slow(0.15)
        await both.connect(rtt_s=0.3)
        await elapse(1)
        peers.lose(both.caller.peer.connection, lambda data: True)
        both.caller.peer.end("power cut")
        died_at = loop.time()
        async with asyncio.timeout(10):
            while not both.closed:
                await elapse(0.01)
        assert loop.time() - died_at <= 4.0
        assert open_files() == before
        assert "nothing heard" in both.closed[0]


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
@pytest.mark.fault("bad-line")
async def test_five_per_cent_of_loss_and_a_slow_line_are_no_death(
    seed: int, measured: Measured
) -> None:
    async with session() as both:
        both.slow(0.15)
        both.lose(peers.some(0.05, seed))
        await both.connect(rtt_s=0.3)
        await elapse(300)
        assert both.ended == []
        assert both.closed == []
        measured("5 % loss, 300 ms round trip: five minutes (virtual) without a break")


async def test_a_line_that_has_become_slow_is_no_death() -> None:
    """The timers were set by 20 ms; now a neighbour's upload stands in the way."""
    async with session() as both:
        both.slow(0.01)
        await both.connect(rtt_s=0.02)
        await elapse(2)
        both.slow(0.3)
        await elapse(120)
        assert both.ended == []
        assert both.closed == []


@pytest.mark.fault("link-loss-1s")
async def test_a_pause_of_a_second_is_no_death() -> None:
    async with session() as both:
        await both.connect()
        is_lost = [False]
        both.lose(lambda data: is_lost[0])
        for _ in range(10):
            await elapse(3)
            is_lost[0] = True
            await elapse(1.0)
            is_lost[0] = False
        assert both.ended == []
        assert both.closed == []
