"""The device's end, with our relay and with others."""

import asyncio
from unittest.mock import patch

import pytest
from aiortc.rtcsctptransport import WEBRTC_DCEP

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc import sdp
from edgevoice.webrtc.fmtp import Wishes
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.ends import encounter, new_caller, session


async def test_our_relay_takes_the_channel_as_agreed() -> None:
    async with session() as both:
        assert sdp.agrees_on_channel(both.caller.offer)
        assert sdp.agrees_on_channel(both.answer)
        await both.connect()
        both.caller.peer.outbox.send("hello")
        both.call.send("welcome")
        await elapse(0.2)
        assert both.at_relay == ["hello"]
        assert both.at_device == ["welcome"]


async def test_another_relay_gets_the_channel_announced() -> None:
    async with encounter("device") as met:
        await met.connect()
        await elapse(0.2)
        assert met.ours.is_open
        assert met.channel.label == "oai-events"
        met.channel.send("welcome")
        met.ours.outbox.send("hello")
        await elapse(0.2)
        assert met.messages == ["welcome"]
        assert met.heard_of_us == ["hello"]


async def test_another_client_announces_its_channel_to_our_relay() -> None:
    async with encounter("relay") as met:
        assert not sdp.agrees_on_channel(met.answer)
        await met.connect()
        met.channel.send("hello")
        met.ours.outbox.send("welcome")
        await elapse(0.2)
        assert met.messages == ["hello"]
        assert met.heard_of_us == ["welcome"]


@pytest.mark.parametrize(("agreed", "count"), [(True, 0), (False, 1)])
async def test_only_a_channel_that_was_not_agreed_on_is_announced(agreed: bool, count: int) -> None:
    async with session(agreed) as both:
        sctp = both.caller.peer.connection.sctp
        assert sctp is not None
        with patch.object(sctp, "_send", wraps=sctp._send) as send:
            await both.connect()
            await elapse(0.5)
        announced = [call for call in send.call_args_list if call.args[1] == WEBRTC_DCEP]
        assert len(announced) == count


async def test_the_relays_first_event_is_there_after_five_round_trips() -> None:
    """From the answer: one for the checks, two for DTLS, two for SCTP; a round trip is 0.2 s."""
    loop = asyncio.get_running_loop()
    async with session() as both:
        both.slow(0.1)
        both.call.send("welcome")
        begin = loop.time()
        await both.connect(rtt_s=0.2)
        async with asyncio.timeout(5):
            while not both.at_device:
                await elapse(0.005)
        assert loop.time() - begin < 5 * 0.2 + 0.05


async def test_a_second_channel_beside_the_agreed_one_is_ignored() -> None:
    async with session() as both:
        await both.connect()
        second = both.caller.peer.connection.createDataChannel("oai-events")
        await elapse(0.2)
        second.send("twice")
        await elapse(0.2)
        assert both.at_relay == []
        second.close()
        await elapse(1)
        assert both.ended == []


async def test_events_that_come_before_the_channel_is_open_wait_for_it() -> None:
    """The relay may speak one packet earlier than the device can."""
    async with session() as both:
        both.caller.peer._on_text("early")
        await elapse(0.1)
        assert both.at_device == []
        await both.connect()
        await elapse(0.1)
        assert both.at_device == ["early"]


async def test_more_than_a_few_early_events_end_the_session() -> None:
    async with session() as both:
        for _ in range(100):
            both.caller.peer._on_text("early")
        await elapse(0.1)
        assert "before the channel was open" in both.ended[0]


@pytest.mark.parametrize("rtt_s", [None, 0.05, 0.4])
async def test_what_http_knows_of_the_line_is_what_handshakes_begin_with(
    rtt_s: float | None,
) -> None:
    async with session() as both:
        await both.caller.accept(both.answer, rtt_s)
        assert both.caller.peer.round_trip_s == rtt_s


async def test_an_answer_that_is_none_is_refused_and_leaves_nothing() -> None:
    caller = new_caller()
    await caller.prepare(Wishes())
    with pytest.raises(RemoteProtocolError):
        await caller.accept("v=0\r\nm=audio\r\n")
    await caller.peer.close()


@pytest.mark.parametrize("one_way_s", [0.01, 0.15])
async def test_both_ends_connect_at_a_loss_of_5_per_cent(one_way_s: float) -> None:
    took = []
    for seed in range(12):
        async with session() as both:
            both.slow(one_way_s)
            both.lose(peers.some(0.05, seed))
            took.append(await both.connect(rtt_s=2 * one_way_s))
    assert max(took) < 5.0
    assert sorted(took)[6] < 10 * one_way_s + 0.2
