import asyncio
from collections.abc import Callable

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.ring import RingBuffer
from edgevoice.webrtc.silence import silence
from edgevoice.webrtc.uplink import SILENT_FRAMES, SILENT_S, SPEED, Uplink
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import RawPcm, ramp


class Hushed(RawPcm):
    """Calls some frames silence, as an encoder with DTX does."""

    def __init__(self, silent: Callable[[int], bool]) -> None:
        super().__init__()
        self._silent = silent

    def encode(self, frame: Samples) -> bytes:
        return b"\x48" if self._silent(int(frame[0]) // FRAME_SAMPLES) else super().encode(frame)


class Board:
    """A microphone that has captured a ramp, a gate, and an uplink."""

    def __init__(
        self, first_sample: int = 0, silent: Callable[[int], bool] = lambda frame: False
    ) -> None:
        self.ring = RingBuffer(10)
        self.gate = Gate(self.ring)
        self.first_sent: list[int] = []
        self.uplink = Uplink(self.gate, Hushed(silent), first_sample, self.first_sent.append)

    def capture(self, frames: int) -> None:
        self.ring.write(ramp(self.ring.end, self.ring.end + frames * FRAME_SAMPLES))
        self.uplink.notify()


async def take(uplink: Uplink, count: int) -> list[tuple[int, bytes]]:
    packets = [await uplink.recv() for _ in range(count)]
    return [(packet.pts or 0, bytes(packet)) for packet in packets]


async def test_what_was_captured_before_goes_out_first_and_whole() -> None:
    board = Board(first_sample=160)
    board.capture(50)
    board.gate.open(160)
    sent = await take(board.uplink, 49)
    assert b"".join(payload for _, payload in sent) == ramp(160, 160 + 49 * 320).tobytes()
    assert [pts for pts, _ in sent] == [i * 960 for i in range(49)]
    assert board.first_sent == [160]


async def test_it_waits_for_a_whole_frame_and_for_an_open_gate() -> None:
    board = Board()
    async with asyncio.TaskGroup() as group:
        packet = group.create_task(board.uplink.recv())
        await elapse(1)
        board.capture(1)
        await elapse(1)
        assert not packet.done()
        board.gate.open(0)
        board.uplink.notify()
        assert bytes(await packet) == ramp(0, 320).tobytes()


async def test_ten_seconds_take_well_under_one() -> None:
    board = Board()
    board.capture(500)
    board.gate.open(0)
    loop = asyncio.get_running_loop()
    start = loop.time()
    await take(board.uplink, 500)
    spent = loop.time() - start
    assert 0.9 * 10 / SPEED - 0.02 < spent < 1.1 * 10 / SPEED


async def test_live_frames_are_not_delayed() -> None:
    board = Board()
    board.gate.open(0)
    loop = asyncio.get_running_loop()
    for _ in range(20):
        board.capture(1)
        before = loop.time()
        await board.uplink.recv()
        assert loop.time() == before
        await elapse(0.02)


async def test_a_gate_closed_while_a_packet_waits_its_turn_keeps_it_in() -> None:
    board = Board()
    board.capture(100)
    board.gate.open(0)
    await take(board.uplink, 8)
    async with asyncio.TaskGroup() as group:
        packet = group.create_task(board.uplink.recv())
        await asyncio.sleep(0)
        board.gate.close()
        await elapse(1)
        assert not packet.done()
        packet.cancel()
    assert board.uplink.sent_samples == 8 * FRAME_SAMPLES


async def test_what_is_held_goes_out_whole_when_no_other_way_was_found() -> None:
    board = Board()
    board.capture(100)
    board.gate.open(0)
    await take(board.uplink, 8)
    async with asyncio.TaskGroup() as group:
        packet = group.create_task(board.uplink.recv())
        await asyncio.sleep(0)
        board.uplink.hold(asyncio.get_running_loop().time() + 0.5)
        board.capture(1)
        await elapse(0.49)
        assert not packet.done()
        assert board.gate.next_sample == 8 * FRAME_SAMPLES
        await elapse(0.02)
        assert bytes(await packet) == ramp(8 * 320, 9 * 320).tobytes()


async def test_a_gate_that_was_closed_shows_as_a_gap_of_the_clock() -> None:
    board = Board()
    board.gate.open(0)
    board.capture(2)
    before = await take(board.uplink, 2)
    board.gate.close()
    board.capture(100)
    board.gate.open(102 * FRAME_SAMPLES)
    board.capture(1)
    after = await take(board.uplink, 1)
    assert [pts for pts, _ in before + after] == [0, 960, 102 * 960]


async def test_nothing_is_sent_twice_when_the_gate_reopens_in_the_past() -> None:
    board = Board()
    board.capture(10)
    board.gate.open(0)
    await take(board.uplink, 10)
    board.gate.close()
    board.capture(2)
    board.gate.open(5 * FRAME_SAMPLES)
    ((pts, payload),) = await take(board.uplink, 1)
    assert pts == 10 * 960
    assert np.frombuffer(payload, np.int16)[0] == ramp(3200, 3201)[0]
    assert board.uplink.skipped_samples == 5 * FRAME_SAMPLES


async def test_a_stopped_track_ends() -> None:
    board = Board()
    board.uplink.stop()
    with pytest.raises(MediaStreamError):
        await board.uplink.recv()


async def test_it_counts_what_it_sends() -> None:
    board = Board()
    board.capture(3)
    board.gate.open(0)
    await take(board.uplink, 3)
    assert (board.uplink.sent_packets, board.uplink.sent_samples, board.uplink.sent_bytes) == (
        3,
        960,
        1920,
    )


async def test_a_gate_that_closes_and_reopens_while_a_packet_waits_begins_anew() -> None:
    """Within the pause between two packets: what is behind the new opening is paced anew."""
    board = Board()
    board.capture(100)
    board.gate.open(0)
    await take(board.uplink, 40)
    async with asyncio.TaskGroup() as group:
        packet = group.create_task(board.uplink.recv())
        await asyncio.sleep(0)
        assert not packet.done()
        board.gate.close()
        board.gate.open(board.gate.next_sample + 160)
        await asyncio.sleep(0.0013)
        assert not packet.done()
        assert (await packet).pts == 40 * 960 + 480


async def test_silence_is_told_and_not_sent() -> None:
    board = Board(silent=lambda frame: 2 <= frame < 9)
    board.gate.open(0)
    board.capture(12)
    sent = await take(board.uplink, 2 + 3 + 3)
    assert [pts // 960 for pts, _ in sent] == [0, 1, 2, 5, 8, 9, 10, 11]
    assert [payload for _, payload in sent][2:5] == [silence(3), silence(3), silence(1)]
    assert board.uplink.sent_samples == 12 * FRAME_SAMPLES == board.gate.sent_samples
    assert board.uplink.sent_packets == 8


async def test_a_silence_that_the_gate_cuts_off_is_told_all_the_same() -> None:
    board = Board(silent=lambda frame: frame >= 1)
    board.gate.open(0)
    board.capture(3)
    async with asyncio.TaskGroup() as group:
        await take(board.uplink, 1)
        packet = group.create_task(board.uplink.recv())
        await elapse(0.001)
        board.gate.close()
        for _ in range(3):
            board.capture(1)
            await elapse(SILENT_S / 3)
        assert packet.done()
        assert (packet.result().pts, bytes(packet.result())) == (960, silence(2))


async def test_silences_on_both_sides_of_a_closed_gate_are_two() -> None:
    board = Board(silent=lambda frame: True)
    board.gate.open(0)
    board.capture(1)
    async with asyncio.TaskGroup() as group:
        packet = group.create_task(board.uplink.recv())
        await elapse(0.001)
        board.gate.close()
        board.capture(9)
        board.gate.open(10 * FRAME_SAMPLES)
        board.capture(SILENT_FRAMES)
        assert ((await packet).pts, bytes(await packet)) == (0, silence(1))
        ((pts, payload),) = await take(board.uplink, 1)
        assert (pts, payload) == (10 * 960, silence(SILENT_FRAMES))
