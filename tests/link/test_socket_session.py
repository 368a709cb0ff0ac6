"""Both ends of a session over a WebSocket, on real sockets, in virtual time."""

import asyncio
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.config import MediaConfig
from edgevoice.link import ways
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.media_header import parse
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from edgevoice.webrtc.socket_line import SOUND_IN_FLIGHT
from tests.link.house import SESSION_CREATED, TOKEN
from tests.link.socket_house import House, socket_house
from tests.virtual_time import elapse
from tests.webrtc.ends import open_files
from tests.webrtc.raw_pcm import ramp
from tests.webrtc.test_opus import voice

OPUS_16K = Codec(partial(OpusEncoder, 24_000), partial(OpusDecoder, 16_000))


def answer(home: House, seconds: int = 1) -> np.ndarray:
    sound = ramp(1, 1 + seconds * 24_000)
    output = home.relay.call.output
    output.begin()
    output.play(sound)
    output.end()
    return sound


async def test_a_session_opens_and_events_go_both_ways() -> None:
    async with socket_house() as home:
        home.board.caller.peer.outbox.send("early")
        await home.board.talk()
        home.board.caller.peer.outbox.send("late")
        await elapse(0.1)
        assert home.relay.messages == ["early", "late"]
        assert home.board.messages == [SESSION_CREATED]
        assert home.board.upgraded.answer.extensions
        assert str(home.board.upgraded.answer.location).endswith("/v1/realtime/calls/rtc_1")
        assert home.relay.requests[-1].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(("answer_after_s", "tls"), [(0.0, True), (0.5, False), (2.0, False)])
async def test_what_was_captured_arrives_sample_by_sample(
    answer_after_s: float, tls: bool, tmp_path: Path
) -> None:
    """The gate opens in the past, the relay takes its time, capture goes on."""
    async with socket_house(tls=tmp_path if tls else None) as home:
        await elapse(3)
        home.relay.answer_after_s = answer_after_s
        first = home.board.ring.end - 12_345
        await home.board.talk(first)
        await elapse(3)
        home.board.gate.close()
        await elapse(0.5)
        heard = home.relay.heard()
        assert len(heard) == home.board.sent == home.board.gate.sent_samples
        assert len(heard) >= 12_345 + (answer_after_s + 3) * 16_000 - 2 * FRAME_SAMPLES
        assert np.array_equal(heard, ramp(first, first + len(heard)))
        assert home.board.gate.gaps == 0
        assert home.relay.call.receiver.lost == home.relay.call.receiver.concealed == 0
        assert home.board.told == [first]


async def test_ten_seconds_that_waited_arrive_in_well_under_one() -> None:
    async with socket_house() as home:
        await elapse(9.9)
        first = home.board.ring.end - 9 * 16_000
        start = asyncio.get_running_loop().time()
        await home.board.talk(first)
        await elapse(0.9 - (asyncio.get_running_loop().time() - start))
        assert len(home.relay.audio) >= 9 * 16_000


@pytest.mark.parametrize("tls", [False, True])
async def test_an_answer_is_heard_whole_and_then_drains(tls: bool, tmp_path: Path) -> None:
    async with socket_house(tls=tmp_path if tls else None) as home:
        await home.board.talk()
        told: list[str] = []
        home.relay.call.output.on_first_packet = lambda: told.append("first")
        home.relay.call.output.on_drained = lambda: told.append("drained")
        sound = answer(home)
        await elapse(1.2)
        assert told == ["first", "drained"]
        assert np.array_equal(home.board.playout.pull(24_000)[480:], sound[480:])
        assert home.board.playout.is_empty


async def test_an_interrupted_answer_ends_at_once() -> None:
    async with socket_house() as home:
        await home.board.talk()
        answer(home, seconds=5)
        await elapse(1)
        assert 1_000 <= home.relay.call.output.clear() <= 1_080
        home.board.playout.flush()
        home.board.caller.jitter.skip(asyncio.get_running_loop().time() + 2)
        await elapse(0.5)
        assert home.board.playout.is_empty
        home.board.caller.jitter.resume()
        answer(home)
        await elapse(0.2)
        assert not home.board.playout.is_empty


async def test_silence_that_was_not_sent_was_received_all_the_same() -> None:
    spoken = np.concatenate([voice(8_000, 16_000), np.zeros(16_000, np.int16)] * 4)
    codec = ways.opus(MediaConfig(dtx=True), 24_000)
    async with socket_house(OPUS_16K, codec, dtx=True) as home:
        home.board.source = lambda start, stop: spoken[start:stop]
        await elapse(1)
        await home.board.talk(0)
        await elapse(3.7)
        home.board.gate.close()
        await elapse(0.5)
        uplink = home.board.caller.uplink
        assert uplink is not None
        assert home.relay.call.receiver.samples == home.board.sent
        assert home.board.sent == home.board.gate.sent_samples
        assert uplink.sent_packets < 0.75 * home.board.sent / FRAME_SAMPLES
        assert np.abs(home.relay.heard()[16_000:22_000].astype(int)).max() < 100


async def test_a_relay_that_does_not_ask_for_it_gets_the_silence_too() -> None:
    codec = ways.opus(MediaConfig(dtx=True), 24_000)
    async with socket_house(OPUS_16K, codec, dtx=True) as home:
        home.board.source = lambda start, stop: np.zeros(stop - start, np.int16)
        home.relay.rewrite = lambda header: header.replace("usedtx=1", "usedtx=0")
        await home.board.talk(0)
        await elapse(2)
        uplink = home.board.caller.uplink
        assert uplink is not None
        assert uplink.sent_packets == uplink.sent_samples / FRAME_SAMPLES


async def test_both_sides_say_how_they_want_to_be_spoken_to() -> None:
    async with socket_house(dtx=True) as home:
        await home.board.talk()
        asked = parse(home.relay.requests[-1].headers["Edgevoice-Media"])
        assert asked.wishes == Wishes(True, True, 32_000, 24_000)
        assert asked.first_timestamp is not None
        assert parse(home.board.upgraded.answer.text).wishes == Wishes(True, True, 32_000, 16_000)


async def test_a_relay_that_falls_silent_is_noticed_within_two_seconds() -> None:
    """The TCP connection stays up: nothing comes any more, and nothing goes."""
    async with socket_house() as home:
        await home.board.talk()
        await elapse(1.3)
        start = asyncio.get_running_loop().time()
        home.wire.hold()
        assert "nothing heard" in await home.board.session
        assert 1.5 <= asyncio.get_running_loop().time() - start <= 2.0
        await home.board.caller.peer.close()
        await elapse(6)
        assert "nothing heard" in home.relay.closed[0]


async def test_a_quiet_session_is_not_taken_for_a_dead_one() -> None:
    async with socket_house() as home:
        await home.board.talk()
        home.board.gate.close()
        await elapse(120)
        assert home.board.caller.peer.ended is None
        assert home.relay.closed == []


async def test_what_could_not_be_sent_for_a_while_is_sent_then() -> None:
    """Neither end gives up, and what is under way meanwhile is bounded."""
    async with socket_house() as home:
        first = 0
        await home.board.talk(first)
        sound = answer(home, seconds=3)
        await elapse(0.5)
        home.wire.hold()
        await elapse(1.5)
        peer, line = home.board.caller.peer, home.relay.call._line
        for end in (peer, line):
            assert SOUND_IN_FLIGHT <= end.in_flight.pending_bytes < SOUND_IN_FLIGHT + 2_000
        assert home.relay.call.output.waiting_ms > 800
        assert home.board.sent < 1.2 * 16_000
        home.wire.go_on()
        await elapse(3.5)
        home.board.gate.close()
        await elapse(0.5)
        heard = home.relay.heard()
        assert len(heard) == home.board.sent == home.board.gate.sent_samples
        assert len(heard) > 5.2 * 16_000
        assert np.array_equal(heard, ramp(first, first + len(heard)))
        assert home.board.gate.gaps == 0
        played = home.board.playout.pull(home.board.playout.waiting_ms * 24)
        assert len(played) > 0.95 * len(sound)  # quiet stretches were made shorter, to catch up
        assert np.array_equal(played[-4_800:], sound[-4_800:])


async def test_events_go_before_sound_that_waits() -> None:
    async with socket_house() as home:
        await home.board.talk()
        answer(home, seconds=10)
        await elapse(0.2)
        home.wire.down.clear()
        await elapse(1)
        before = home.board.caller.jitter.statistics().received
        waiting = home.relay.call.output.waiting_ms
        home.relay.call.send("stop")
        home.board.caller.peer.on_message = lambda text: received.append(
            home.board.caller.jitter.statistics().received
        )
        received: list[int] = []
        home.wire.down.set()
        await elapse(0.5)
        under_way = SOUND_IN_FLIGHT / 960
        assert received
        assert received[0] - before <= under_way + 2
        assert waiting > 8_000


async def test_hanging_up_says_so_to_the_other_end() -> None:
    async with socket_house() as home:
        await home.board.talk()
        await home.board.caller.peer.close()
        await elapse(0.1)
        assert home.relay.closed == ["the other side hung up"]


async def test_the_last_events_are_said_before_the_goodbye() -> None:
    async with socket_house() as home:
        await home.board.talk()
        await elapse(0.1)
        home.relay.call.send("the relay hangs up: idle")
        await home.relay.call.close("idle")
        assert home.board.upgraded.socket.close_code == 1000
        assert await home.board.session == "the other side hung up"
        assert home.board.messages[-1] == "the relay hangs up: idle"


async def test_a_relay_that_is_gone_is_a_broken_connection() -> None:
    async with socket_house() as home:
        await home.board.talk()
        home.wire.close()
        assert await home.board.session == "the connection broke off"


async def test_an_answer_without_media_is_refused_and_the_socket_closed() -> None:
    async with socket_house() as home:
        home.relay.rewrite = lambda header: ""
        with pytest.raises(ValueError, match="Edgevoice-Media"):
            await home.board.talk()
        await home.board.caller.peer.close()
        await elapse(0.1)
        assert home.relay.closed


@pytest.mark.parametrize("tls", [False, True])
async def test_nothing_is_left_behind(tls: bool, tmp_path: Path) -> None:
    before = open_files()
    async with socket_house(tls=tmp_path if tls else None) as home:
        await home.board.talk()
        answer(home)
        await elapse(0.5)
    await elapse(0.1)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert open_files() == before


async def test_an_end_that_takes_nothing_is_left_all_the_same() -> None:
    before = open_files()
    async with socket_house() as home:
        await home.board.talk()
        home.wire.hold()
        await home.board.session
        start = asyncio.get_running_loop().time()
        await home.board.caller.peer.close()
        assert asyncio.get_running_loop().time() - start <= 2.0
    await elapse(0.1)
    assert open_files() == before
