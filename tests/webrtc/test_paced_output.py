import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from edgevoice.errors import LocalProtocolError
from edgevoice.webrtc.paced_output import LEAD_S, PacedOutput
from edgevoice.webrtc.silence import is_silence
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import RawPcm, ramp


class Listener:
    """Takes packets as aiortc's sender does, and notes when."""

    def __init__(self) -> None:
        self.output = PacedOutput(RawPcm(24_000), self.post)
        self.output.on_first_packet = lambda: self.told("first")
        self.output.on_drained = lambda: self.told("drained")
        self.packets: list[tuple[float, int, bytes]] = []
        self.silences: list[tuple[float, int]] = []
        self.heard: list[tuple[str, float]] = []

    def post(self, callback: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(callback)

    def told(self, what: str) -> None:
        self.heard.append((what, asyncio.get_running_loop().time()))

    @property
    def words(self) -> list[str]:
        return [what for what, _ in self.heard]

    async def run(self) -> None:
        while True:
            packet = await self.output.recv()
            now = asyncio.get_running_loop().time()
            if is_silence(bytes(packet)):
                self.silences.append((now, packet.pts or 0))
            else:
                self.packets.append((now, packet.pts or 0, bytes(packet)))


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    async with asyncio.TaskGroup() as group:
        listener = Listener()
        task = group.create_task(listener.run())
        await asyncio.sleep(0)
        yield listener
        task.cancel()


def answer(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return ramp(1, 1 + int(seconds * 24_000))


async def test_it_is_sent_in_real_time_with_a_small_lead() -> None:
    async with listening() as listener:
        start = asyncio.get_running_loop().time()
        listener.output.begin()
        listener.output.play(answer(2))
        listener.output.end()
        await elapse(3)
        for now, pts, _ in listener.packets:
            heard_at = start + pts / 48_000
            assert heard_at - LEAD_S - 1e-6 <= now <= heard_at - LEAD_S + 0.021 or now == start
        sent = np.frombuffer(b"".join(p for *_, p in listener.packets), np.int16)
        assert np.array_equal(sent, answer(2))
        assert [pts for _, pts, _ in listener.packets] == [i * 960 for i in range(100)]
        assert listener.words == ["first", "drained"]
        assert listener.heard[1][1] == pytest.approx(start + 2, abs=0.002)


async def test_the_end_of_an_answer_is_told_with_its_last_packet() -> None:
    async with listening() as listener:
        for _ in range(2):
            listener.output.begin()
            listener.output.play(answer(0.2))
            listener.output.end()
            await elapse(0.15)  # the next answer is there before this one has been heard
        await elapse(1)
        last = [listener.packets[9], listener.packets[19]]
        assert listener.silences == [(now, pts + 960) for now, pts, _ in last]
        stamps = [pts for _, pts, _ in listener.packets] + [pts for _, pts in listener.silences]
        assert len(set(stamps)) == 22


async def test_an_answer_that_comes_in_crumbs_is_joined() -> None:
    async with listening() as listener:
        listener.output.begin()
        for i in range(0, 4800, 7):
            listener.output.play(answer(1)[i : i + 7])
            await asyncio.sleep(0)
        listener.output.end()
        await elapse(1)
        sent = np.frombuffer(b"".join(p for *_, p in listener.packets), np.int16)
        assert np.array_equal(sent[:4802], answer(1)[:4802])


async def test_the_last_crumb_is_filled_with_silence_and_not_counted() -> None:
    async with listening() as listener:
        listener.output.begin()
        listener.output.play(answer(0.03))
        listener.output.end()
        await elapse(1)
        assert len(listener.packets) == 2
        assert not np.frombuffer(listener.packets[-1][2], np.int16)[240:].any()
        assert listener.output.sent_ms == 30


async def test_clearing_tells_what_was_sent_and_says_no_more() -> None:
    async with listening() as listener:
        listener.output.begin()
        listener.output.play(answer(5))
        listener.output.end()
        await elapse(1.001)
        assert listener.output.clear() == 1080
        count = len(listener.packets)
        await elapse(5)
        assert len(listener.packets) == count
        assert listener.words == ["first"]


async def test_the_clock_runs_on_between_answers() -> None:
    async with listening() as listener:
        for _ in range(2):
            listener.output.begin()
            listener.output.play(answer(0.04))
            listener.output.end()
            await elapse(10)
        assert [pts for _, pts, _ in listener.packets] == [0, 960, 480_000, 480_960]
        assert listener.words == ["first", "drained"] * 2


async def test_a_slow_engine_leaves_a_gap_and_no_backlog() -> None:
    async with listening() as listener:
        listener.output.begin()
        listener.output.play(answer(0.1))
        await elapse(1)
        listener.output.play(answer(0.1))
        listener.output.end()
        await elapse(1)
        gaps = np.diff([pts for _, pts, _ in listener.packets])
        assert sorted(gaps)[-2:] == [960, 48_000 - 4 * 960]
        assert listener.words == ["first", "drained"]


async def test_clearing_while_the_end_is_awaited_cancels_it() -> None:
    async with listening() as listener:
        listener.output.begin()
        listener.output.play(answer(0.1))
        listener.output.end()
        await elapse(0.07)
        assert len(listener.packets) == 5
        listener.output.begin()
        listener.output.play(answer(0.1))
        await elapse(1)
        assert listener.words == ["first", "first"]


async def test_an_answer_without_sound_drains_at_once() -> None:
    async with listening() as listener:
        listener.output.begin()
        listener.output.end()
        await elapse(0.01)
        assert listener.words == ["drained"]


async def test_playing_out_of_turn_is_our_bug() -> None:
    output = Listener().output
    with pytest.raises(LocalProtocolError, match="begin"):
        output.play(answer(0.1))
    with pytest.raises(LocalProtocolError, match="begin"):
        output.end()
    output.begin()
    with pytest.raises(LocalProtocolError, match="int16"):
        output.play(np.zeros(10))  # type: ignore[arg-type]
    output.end()
    with pytest.raises(LocalProtocolError, match="begin"):
        output.play(answer(0.1))


async def test_an_answer_that_goes_on_counts_from_there_and_is_announced_once() -> None:
    async with listening() as listener:
        listener.output.begin(1500)
        assert listener.output.sent_ms == 1500
        listener.output.play(answer(1))
        await elapse(0.5)
        assert listener.output.sent_ms == pytest.approx(2060, abs=20)
        listener.output.end()
        await elapse(1)
        assert listener.output.sent_ms == 2500
        assert listener.words == ["first", "drained"]


async def test_packets_that_leave_when_they_are_due_are_not_late() -> None:
    async with listening() as listener:
        listener.output.begin()
        listener.output.play(answer(1.0))
        await elapse(2.0)
        listener.output.play(answer(1.0))  # the engine was late, the pacer is not
        await elapse(2.0)
        departures = listener.output.departures()
        assert (departures.frames, departures.counts[0]) == (100, 100)
        assert listener.output.departures().frames == 0


async def test_a_machine_that_is_busy_sends_late() -> None:
    listener = Listener()
    listener.output.begin()
    listener.output.play(answer(1.0))
    for _ in range(5):
        await listener.output.recv()
        await elapse(0.2)  # whoever is to take the next packet was held up
    counts = listener.output.departures().counts
    assert (sum(counts), sum(counts[:5])) == (5, 1)
