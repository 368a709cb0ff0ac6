"""Both ends of a session over real sockets, in virtual time."""

import asyncio
import sys
from functools import partial

import numpy as np
import pytest
from aiohttp import web

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.config import MediaConfig
from edgevoice.config_rules import is_loopback
from edgevoice.errors import LocalProtocolError
from edgevoice.link import ways
from edgevoice.realtime.client_events import ResponseCreate
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.server_events import SessionCreated
from edgevoice.transceiver.actions import OpenLink, WakePhrase
from edgevoice.transceiver.inputs import (
    EventReceived,
    LinkFailed,
    LinkLost,
    LinkOpened,
    LinkStruggles,
)
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import Wishes, wishes
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from edgevoice.webrtc.statistics import ReceiveStatistics
from tests.fault_report import Measured
from tests.link.house import TOKEN, house, lose_from, sockets
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.raw_pcm import RECOVERED, ramp
from tests.webrtc.test_opus import voice

OPUS_16K = Codec(partial(OpusEncoder, 24_000), partial(OpusDecoder, 16_000))
OPUS_BOARD = Codec(partial(OpusEncoder, 16_000), partial(OpusDecoder, 24_000))

AUDIT: list[set[str]] = []
"""While there is a set in it, every address that a socket talks to is put there."""


def audit(event: str, args: tuple[object, ...]) -> None:
    if AUDIT and event in ("socket.sendto", "socket.connect", "socket.getaddrinfo"):
        where = args[-1] if event != "socket.getaddrinfo" else args
        AUDIT[0].add(str(where[0]))  # type: ignore[index]


sys.addaudithook(audit)


async def test_a_session_opens_and_events_go_both_ways() -> None:
    async with house() as home:
        opened = await home.board.talk()
        assert opened.extensions
        assert opened.relay.startswith("127.0.0.1:")
        received = await home.board.until(EventReceived)
        assert isinstance(received.event, SessionCreated)
        home.board.link.send(ResponseCreate())
        await elapse(0.1)
        assert '"response.create"' in home.relay.messages[0]


@pytest.mark.parametrize(("round_trip_s", "budget_s"), [(0.0, 0.150), (0.050, 0.350)])
async def test_opening_takes_no_longer_than_promised(round_trip_s: float, budget_s: float) -> None:
    """Measured 2026-11-22: 0.02 s and 0.305 s. Calculation is not counted here."""
    async with house() as home:
        home.relay.answer_after_s = round_trip_s
        home.relay.on_call = lambda call: peers.slow(call._peer.connection, round_trip_s / 2)
        assert home.board.link._ways.prepared is not None
        peers.slow(home.board.link._ways.prepared.peer.connection, round_trip_s / 2)
        start = asyncio.get_running_loop().time()
        await home.board.talk()
        assert asyncio.get_running_loop().time() - start <= budget_s


@pytest.mark.parametrize("answer_after_s", [0.0, 0.5, 2.0])
async def test_what_was_captured_arrives_sample_by_sample(answer_after_s: float) -> None:
    """The gate opens in the past, the link takes its time, capture goes on."""
    async with house() as home:
        await elapse(3)
        home.relay.answer_after_s = answer_after_s
        first = home.board.ring.end - 12_345
        await home.board.talk(first)
        await elapse(3)
        home.board.gate.close()
        await elapse(0.5)
        heard = home.relay.heard()
        assert len(heard) == home.board.gate.sent_samples
        assert len(heard) >= 12_345 + (answer_after_s + 3) * 16_000 - 2 * FRAME_SAMPLES
        assert np.array_equal(heard, ramp(first, first + len(heard)))
        assert home.board.gate.gaps == 0
        assert home.relay.call.receiver.lost == 0


@pytest.mark.fault("bad-line")
async def test_lost_and_swapped_packets_shift_nothing(measured: Measured) -> None:
    async with house() as home:
        await elapse(2)
        counted = [0]

        def every_seventh(data: bytes) -> bool:
            counted[0] += peers.is_rtp(data)
            return peers.is_rtp(data) and counted[0] % 7 == 1

        first = home.board.ring.end - 16_000
        assert home.board.link._ways.prepared is not None
        lose_from(home.board.link._ways.prepared.peer, every_seventh)
        home.board.gate.open(first)
        home.board.link.open(OpenLink(first))
        await home.board.until(LinkOpened)
        await elapse(2)
        heard = home.relay.heard()
        truth = ramp(first, first + len(heard))
        frames = np.arange(len(heard)) // FRAME_SAMPLES
        lost = frames % 7 == 0
        assert np.array_equal(heard[~lost], truth[~lost])
        assert set(heard[lost]) == {RECOVERED}
        receiver = home.relay.call.receiver
        assert receiver.recovered == receiver.lost == len(set(frames[lost]))
        measured(f"every seventh packet lost: {receiver.recovered} of {receiver.lost} recovered")


async def test_through_opus_nothing_is_missing_either() -> None:
    """Found again by correlation, late by the codec's known delay and no more."""
    sound = voice(8 * 16_000, 16_000)
    async with house(OPUS_16K, OPUS_BOARD) as home:
        home.board.source = lambda start, stop: sound[start:stop]
        home.relay.answer_after_s = 0.5
        await elapse(1)
        await home.board.talk(8_000)
        await elapse(3)
        heard = home.relay.heard()
        delay = OpusEncoder(16_000).lookahead
        for start in range(1_600, len(heard) - 8_000, 8_000):
            window = heard[start : start + 4_000].astype(float)
            around = sound[8_000 + start - delay - 400 : 8_000 + start - delay + 4_400]
            offset = np.correlate(around.astype(float), window, "valid").argmax() - 400
            assert abs(offset) <= 16
        assert len(heard) == home.board.gate.sent_samples


async def test_ten_seconds_that_waited_arrive_in_well_under_one() -> None:
    async with house() as home:
        await elapse(9.9)
        first = home.board.ring.end - 9 * 16_000
        start = asyncio.get_running_loop().time()
        await home.board.talk(first)
        await elapse(0.9 - (asyncio.get_running_loop().time() - start))
        assert len(home.relay.audio) >= 9 * 16_000
        assert np.array_equal(home.relay.heard(), ramp(first, first + len(home.relay.audio)))


async def test_a_closed_gate_keeps_everything_in() -> None:
    async with house() as home:
        await home.board.talk()
        await elapse(0.5)
        home.board.gate.close()
        await elapse(0.1)
        count = len(home.relay.audio)
        await elapse(2)
        assert len(home.relay.audio) == count == home.board.gate.sent_samples
        again = home.board.ring.end
        home.board.gate.open(again)
        await elapse(0.5)
        assert home.relay.audio[again] == ramp(again, again + 1)[0]
        assert count not in home.relay.audio
        assert home.relay.call.receiver.lost == 0


async def test_the_first_packet_sent_is_told() -> None:
    async with house() as home:
        told: list[int] = []
        home.board.link.on_first_sent = told.append
        await home.board.talk(640)
        await elapse(0.1)
        assert told == [640]
        assert home.board.link.uplink is not None
        assert home.board.link.uplink.sent_packets > 0


async def test_an_answer_is_heard_whole_and_then_drains() -> None:
    async with house() as home:
        await home.board.talk()
        told: list[str] = []
        output = home.relay.call.output
        output.on_first_packet = lambda: told.append("first")
        output.on_drained = lambda: told.append("drained")
        answer = ramp(1, 1 + 24_000)
        output.begin()
        output.play(answer)
        output.end()
        await elapse(1.2)
        assert told == ["first", "drained"]
        assert np.array_equal(home.board.playout.pull(24_000)[480:], answer[480:])
        assert home.board.playout.is_empty


async def test_an_interrupted_answer_is_not_heard_after_all() -> None:
    """What is under way when the answer is flushed is dropped; the next one is played."""
    async with house() as home:
        await home.board.talk()
        output = home.relay.call.output
        output.begin()
        output.play(ramp(0, 240_000))
        await elapse(1)
        home.board.playout.flush()
        home.board.link.skip_answer()
        await elapse(0.5)
        assert home.board.playout.is_empty
        output.clear()
        home.relay.call.send(
            '{"type":"output_audio_buffer.cleared","event_id":"e2","response_id":"r1"}'
        )
        await elapse(0.1)
        output.begin()
        output.play(ramp(0, 24_000))
        await elapse(0.2)
        assert not home.board.playout.is_empty


async def test_events_asked_for_early_are_sent_when_it_opens() -> None:
    async with house() as home:
        home.board.link.open(OpenLink(0))
        home.board.link.send(ResponseCreate())
        await elapse(0.05)
        home.board.link.send(ResponseCreate())
        await home.board.until(LinkOpened)
        await elapse(0.1)
        assert len(home.relay.messages) == 2


async def test_closing_hangs_up_at_the_relay() -> None:
    async with house() as home:
        await home.board.talk()
        home.board.link.close("follow-up is over")
        await elapse(0.2)
        assert home.relay.requests[-1].path == "/v1/realtime/calls/rtc_0/hangup"
        assert home.relay.requests[-1].headers["Authorization"] == f"Bearer {TOKEN}"
        assert home.relay.closed
        await elapse(5)
        assert not [i for i in home.board.inputs if isinstance(i, LinkLost)]


async def test_the_relay_hanging_up_is_a_lost_link() -> None:
    async with house() as home:
        await home.board.talk()
        await home.relay.call.close()
        assert "the other side" in (await home.board.until(LinkLost)).reason


async def test_a_relay_that_falls_silent_is_noticed_within_three_seconds() -> None:
    async with house() as home:
        await home.board.talk()
        await elapse(1)
        start = asyncio.get_running_loop().time()
        lose_from(home.relay.call._peer, lambda data: True)
        lost = await home.board.until(LinkLost)
        assert "nothing heard" in lost.reason or "no event" in lost.reason
        assert asyncio.get_running_loop().time() - start < 3.0


async def test_a_quiet_session_is_not_taken_for_a_dead_one() -> None:
    async with house() as home:
        await home.board.talk()
        home.board.gate.close()
        await elapse(120)
        assert not [i for i in home.board.inputs if isinstance(i, LinkLost)]
        assert home.relay.closed == []


async def test_a_device_that_vanishes_ends_the_call() -> None:
    async with house() as home:
        await home.board.talk()
        lose_from(home.board.peer, lambda data: True)
        lose_from(home.relay.call._peer, lambda data: True)
        await elapse(7)
        assert len(home.relay.closed) == 1


async def test_one_session_after_another() -> None:
    async with house() as home:
        for _ in range(5):
            await home.board.talk(home.board.ring.end)
            await elapse(0.2)
            assert home.relay.audio
            home.board.gate.close()
            home.board.link.close("enough")
            home.relay.audio.clear()


async def test_closing_and_opening_in_one_breath() -> None:
    async with house() as home:
        await home.board.talk()
        home.board.gate.close()
        home.board.link.close("woken again")
        first = home.board.ring.end
        home.relay.audio.clear()
        home.board.link.open(OpenLink(first))
        home.board.gate.open(first)
        await home.board.until(LinkOpened)


async def test_opening_twice_is_our_bug() -> None:
    async with house() as home:
        home.board.link.open(OpenLink(0))
        with pytest.raises(LocalProtocolError, match="open already"):
            home.board.link.open(OpenLink(0))


async def test_an_attempt_can_be_called_off() -> None:
    async with house() as home:
        home.relay.answer_after_s = 2.0
        home.board.link.open(OpenLink(0))
        await elapse(0.5)
        home.board.link.close("too late")
        await elapse(5)
        assert not [i for i in home.board.inputs if not isinstance(i, EventReceived)]


async def test_malformed_events_are_counted_and_survived() -> None:
    async with house() as home:
        await home.board.talk()
        greeting = await home.board.until(EventReceived)
        assert isinstance(greeting.event, SessionCreated)
        home.relay.call.send("{")
        home.relay.call.send('{"type":"no.such.event"}')
        home.relay.call.send("[" * 5_000)
        await elapse(0.2)
        assert home.board.link.malformed_events == 2
        events = [i.event for i in home.board.inputs if isinstance(i, EventReceived)]
        assert [type(event) for event in events] == [UnknownEvent]


async def test_an_event_beyond_the_cap_ends_the_call() -> None:
    async with house() as home:
        await home.board.talk()
        connection = home.board.peer.connection
        assert connection.sctp is not None
        connection.sctp._remote_max_message_size = 0
        home.board.peer.outbox.send("x" * 300_000)
        lost = await home.board.until(LinkLost)
        assert "the other side" in lost.reason
        await elapse(0.1)
        assert "300000 bytes" in home.relay.closed[0]


async def test_no_answer_over_udp_is_a_failure_with_a_hint() -> None:
    async with house() as home:
        home.relay.rewrite = lambda answer: answer.replace(" 127.0.0.1 ", " 127.0.0.99 ")
        home.board.link.open(OpenLink(0))
        failed = await home.board.until(LinkStruggles, timeout=30)
        assert "UDP" in failed.reason or "media connection" in failed.reason


async def test_a_relay_that_does_not_want_us_is_not_asked_again() -> None:
    async with house() as home:
        home.relay.refusal = web.Response(status=401)
        home.board.link.open(OpenLink(0))
        assert (await home.board.until(LinkFailed)).refused
        await elapse(60)
        assert len(home.relay.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_relay_that_cannot_now_is_asked_again(status: int) -> None:
    async with house() as home:
        home.relay.refusal = web.Response(status=status)
        home.board.link.open(OpenLink(0))
        assert str(status) in (await home.board.until(LinkStruggles)).reason
        await elapse(5)
        home.relay.refusal = None
        await home.board.until(LinkOpened)
        assert 3 <= len(home.relay.requests) < 15, "with pauses in between"


@pytest.mark.fault("relay-busy")
async def test_it_is_asked_again_when_it_said_that_it_can() -> None:
    async with house() as home:
        home.relay.refusal = web.Response(status=503, headers={"Retry-After": "20"})
        home.board.link.open(OpenLink(0))
        assert (await home.board.until(LinkStruggles)).again_s == 20.0
        await elapse(19)
        assert len(home.relay.requests) == 1
        home.relay.refusal = None
        await home.board.until(LinkOpened)


async def test_an_answer_that_is_no_sdp_is_a_failure() -> None:
    async with house() as home:
        home.relay.rewrite = lambda answer: "<html>welcome</html>"
        home.board.link.open(OpenLink(0))
        assert "not SDP" in (await home.board.until(LinkFailed)).reason
        home.relay.rewrite = lambda answer: answer.replace("m=audio", "m=video")
        home.board.link.open(OpenLink(0))
        assert "cannot be used" in (await home.board.until(LinkFailed)).reason


async def test_the_wake_phrase_is_announced_relative_to_the_first_sample() -> None:
    async with house() as home:
        wake = WakePhrase("alexa", start_sample=900, end_sample=5_000)
        home.board.link.open(OpenLink(1_000, wake))
        await home.board.until(LinkOpened)
        headers = home.relay.requests[-1].headers
        assert headers["Edgevoice-Wake"] == "name=alexa;start=0;end=4000"
        assert headers["Edgevoice-Version"]
        assert headers["Content-Type"] == "application/sdp"


@pytest.mark.fault("other-relay")
async def test_another_server_has_no_extensions(measured: Measured) -> None:
    async with house(model="gpt-realtime-2.1") as home:
        home.relay.headers = {}
        before = home.board.now
        assert not (await home.board.talk()).extensions
        measured(f"open after {home.board.now - before:.2f} s (virtual), without extensions")
        assert home.relay.requests[-1].query["model"] == "gpt-realtime-2.1"


async def test_a_session_contacts_no_address_but_the_relays() -> None:
    """Also the offer names none, and a relay that is told others does not use them."""
    contacted: set[str] = set()
    async with house() as home:
        AUDIT.append(contacted)
        await home.board.talk()
        await elapse(3)
        home.board.link.close("enough")
        await elapse(1)
        AUDIT.clear()
    assert contacted
    assert {host for host in contacted if not is_loopback(host)} == set()


async def test_nothing_is_left_behind() -> None:
    async with house() as home:
        await home.board.talk()
        peer, other = home.board.peer, home.relay.call._peer
        assert sockets(peer)
        home.board.link.close("enough")
        await elapse(0.3)
        assert sockets(peer) == sockets(other) == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_answer_is_counted() -> None:
    async with house() as home:
        assert home.board.link.statistics() == ReceiveStatistics()
        await home.board.talk()
        counted = [0]

        def every_tenth(data: bytes) -> bool:
            counted[0] += peers.is_rtp(data)
            return peers.is_rtp(data) and counted[0] % 10 == 5

        lose_from(home.relay.call._peer, every_tenth)
        output = home.relay.call.output
        output.begin()
        output.play(ramp(1, 1 + 24_000))
        output.end()
        for _ in range(120):
            await elapse(0.01)
            home.board.playout.pull(240)
        during = home.board.link.statistics()
        home.board.link.close("enough")
        after = home.board.link.statistics()
        assert after == during
        assert after.lost == after.recovered == 5
        assert after.received == 46
        assert home.board.playout.played_ms == 1000


async def test_silence_that_was_not_sent_was_received_all_the_same() -> None:
    """Half a second of voice, a second of silence, and so on; a gate that closes in a silence."""
    spoken = np.concatenate([voice(8_000, 16_000), np.zeros(16_000, np.int16)] * 4)
    media = MediaConfig(dtx=True)
    async with house(OPUS_16K, ways.opus(media, 24_000), media=media) as home:
        home.board.source = lambda start, stop: spoken[start:stop]
        await elapse(1)
        await home.board.talk(0)
        await elapse(3.7)
        home.board.gate.close()
        await elapse(0.5)
        uplink, receiver = home.board.link.uplink, home.relay.call.receiver
        assert uplink is not None
        assert home.board.gate.gaps == 0
        assert receiver.samples == uplink.sent_samples == home.board.gate.sent_samples
        assert len(home.relay.heard()) == receiver.samples
        assert receiver.concealed == receiver.lost == 0
        assert uplink.sent_packets < 0.75 * uplink.sent_samples / FRAME_SAMPLES
        quiet = home.relay.heard()[16_000:22_000]
        assert np.abs(quiet.astype(int)).max() < 100


async def test_a_relay_that_does_not_ask_for_it_gets_the_silence_too() -> None:
    media = MediaConfig(dtx=True)
    async with house(OPUS_16K, ways.opus(media, 24_000), media=media) as home:
        home.board.source = lambda start, stop: np.zeros(stop - start, np.int16)
        home.relay.rewrite = lambda answer: answer.replace("usedtx=1", "usedtx=0")
        await home.board.talk(0)
        await elapse(2)
        uplink = home.board.link.uplink
        assert uplink is not None
        assert uplink.sent_packets == uplink.sent_samples / FRAME_SAMPLES


async def test_both_sides_say_how_they_want_to_be_spoken_to() -> None:
    answers: list[str] = []

    def keep(answer: str) -> str:
        answers.append(answer)
        return answer

    async with house(media=MediaConfig(dtx=True, bitrate_bps=40_000)) as home:
        home.relay.rewrite = keep
        await home.board.talk()
        offer = await home.relay.requests[-1].text()
        assert wishes(offer) == Wishes(True, True, 40_000, 24_000)
        assert wishes(answers[0]) == Wishes(True, True, 32_000, 16_000)
        assert "opus/48000/2" in offer
        assert "PCMU" not in offer


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_sound_is_coded_at_the_rates_of_the_board(rate_hz: int) -> None:
    media = MediaConfig(bitrate_bps=28_000, complexity=1, fec=False, dtx=True)
    codec = ways.opus(media, rate_hz)
    encoder, decoder = codec.encoder(), codec.decoder()
    assert isinstance(encoder, OpusEncoder)
    assert decoder.rate_hz == rate_hz
    assert encoder.rate_hz == 16_000
    assert (encoder.bitrate_bps, encoder.fec, encoder.dtx) == (28_000, False, True)
