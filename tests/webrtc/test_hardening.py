"""One story per hook: what goes wrong without it does not go wrong."""

import asyncio
import logging
import os
import threading
from fractions import Fraction
from typing import Any

import pytest
from aioice import stun
from aiortc import MediaStreamTrack
from av.packet import Packet

from edgevoice.errors import LinkError
from edgevoice.webrtc import hardening
from edgevoice.webrtc.hardening.hooks import AIOICE, Hook, Setting
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.peers import pair


def test_every_hook_fits_the_installed_versions() -> None:
    assert hardening.harden() == ()


def test_a_hook_that_no_longer_fits_is_left_out_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed = (
        Hook("aioice.ice:Connection.close", ("self", "reason"), lambda original: None),
        Hook("aioice.ice:Connection.hangup", ("self",), lambda original: None),
        Setting("aioice.ice:NO_SUCH_NUMBER", 1),
        Setting("no_such_package.at_all:NUMBER", 1),
    )
    with caplog.at_level(logging.WARNING):
        assert hardening.apply(changed) == tuple(hook.path for hook in changed)
    assert "aioice.ice:Connection.hangup has changed" in caplog.text


STRAYS = {
    "empty": b"",
    "alert": bytes.fromhex("15fefd00000000000000050002") + b"\x02\x28",
    "hello": b"\x16\xfe\xfd" + bytes(200),
    "rtp": b"\x80\x6f" + bytes(60),
    "unknown": b"\x50" + bytes(40),
}


@pytest.mark.parametrize("stray", STRAYS.values(), ids=STRAYS.keys())
async def test_datagrams_of_strangers_end_nothing(stray: bytes) -> None:
    with peers.stranger() as sock:
        async with pair() as both:
            for peer in (both.a, both.b):
                sock.sendto(stray, ("127.0.0.1", peers.port_of(peer)))
            await both.connect()
            for peer in (both.a, both.b):
                sock.sendto(stray, ("127.0.0.1", peers.port_of(peer)))
            await elapse(0.5)
            both.channel.send("still there")
            await elapse(0.5)
            assert both.messages == ["still there"]


async def test_strangers_get_no_answer() -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    signed = stun.Message(
        stun.Method.BINDING, stun.Class.REQUEST, attributes={"USERNAME": "who:who"}
    )
    signed.add_message_integrity(b"a password that is not ours")
    with peers.stranger() as sock:
        async with pair() as both:
            await both.connect()
            for message in (bytes(request), bytes(signed), b"\x00\x01" + os.urandom(60)):
                sock.sendto(message, ("127.0.0.1", peers.port_of(both.b)))
            await elapse(0.5)
            with pytest.raises(BlockingIOError):
                sock.recv(1500)


async def test_nothing_is_answered_before_we_know_the_peer() -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    with peers.stranger() as sock:
        async with pair() as both:
            sock.sendto(bytes(request), ("127.0.0.1", peers.port_of(both.a)))
            await elapse(0.5)
            with pytest.raises(BlockingIOError):
                sock.recv(1500)


async def test_an_ice_lite_server_keeps_answering() -> None:
    """It ignores checks without USE-CANDIDATE once nominated, as OpenAI's does."""
    async with pair() as both:
        await both.connect()
        (server,) = hardening.ice_connections(both.b)
        answer = server.request_received
        ignored = []

        def lite(message: stun.Message, *rest: Any) -> None:
            if "USE-CANDIDATE" in message.attributes:
                answer(message, *rest)
            else:
                ignored.append(message)

        server.request_received = lite
        await elapse(60)
        assert both.a.connectionState == "connected"
        assert ignored == []


async def test_a_dead_peer_is_noticed_within_six_seconds() -> None:
    async with pair() as both:
        await both.connect()
        peers.lose(both.b, lambda data: True)
        start = asyncio.get_running_loop().time()
        await both.ended.wait()
        assert 1.5 < asyncio.get_running_loop().time() - start < 6.0


async def test_one_answered_check_of_four_is_still_consent() -> None:
    async with pair() as both:
        await both.connect()
        counted = [0]

        def three_of_four(data: bytes) -> bool:
            request = data[:2] == b"\x00\x01"
            counted[0] += request
            return request and counted[0] % 4 != 0

        peers.lose(both.a, three_of_four)
        await elapse(30)
        assert both.a.connectionState == "connected"


async def test_a_lost_check_costs_a_tenth_of_a_second() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.lose(peer, peers.first(1, peers.is_stun))
        assert await both.connect() < 0.45


async def test_a_lost_handshake_flight_costs_a_sixth_of_a_second() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.lose(peer, peers.first(1, peers.is_handshake))
        assert await both.connect() < 0.7


async def test_lost_first_events_cost_a_third_of_a_second() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.lose(peer, peers.first(2, peers.is_dtls_data))
        assert await both.connect() < 1.2


async def test_without_loss_connecting_takes_one_tick_of_ice() -> None:
    async with pair() as both:
        assert await both.connect() < 0.1


async def test_the_channel_opens_without_an_acknowledgement() -> None:
    async with pair() as both:
        assert both.b.sctp is not None

        async def keep_quiet() -> None:
            pass

        both.b.sctp._data_channel_flush = keep_quiet  # type: ignore[method-assign]
        await both.connect()
        both.channel.send("early")
        await elapse(0.1)
        assert both.messages == ["early"]


@pytest.mark.parametrize("size", [200_000, 900_000])
async def test_messages_up_to_the_announced_window_arrive(size: int) -> None:
    async with pair() as both:
        await both.connect()
        both.a.sctp._remote_max_message_size = 0  # type: ignore[union-attr]
        both.channel.send("x" * size)
        await elapse(20)
        assert list(map(len, both.messages)) == [size]


async def test_a_message_without_end_ends_the_session() -> None:
    async with pair() as both:
        await both.connect()
        both.a.sctp._remote_max_message_size = 0  # type: ignore[union-attr]
        both.channel.send("x" * 3_000_000)
        await elapse(20)
        assert both.b.connectionState == "closed"
        assert both.messages == []


class Ticking(MediaStreamTrack):
    """Packets with their number in them, every 20 ms."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0

    async def recv(self) -> Packet:
        await elapse(0.02)
        packet = Packet(b"packet %d" % self.sent)
        packet.pts, packet.time_base = self.sent * 960, Fraction(1, 48_000)
        self.sent += 1
        return packet


async def test_rtp_is_handed_over_as_it_comes_and_nothing_decodes_it() -> None:
    async with pair(Ticking()) as both:
        got: list[tuple[int, int, int, bytes]] = []
        (rtp_transceiver,) = both.b.getTransceivers()
        hardening.tap(rtp_transceiver.receiver, lambda *packet: got.append(packet))
        token = hardening.rtp_clock_start.set(4_294_967_000)
        await both.accept()
        hardening.rtp_clock_start.reset(token)
        await elapse(1.0)
        assert [payload for *_, payload in got][:3] == [b"packet 0", b"packet 1", b"packet 2"]
        assert [timestamp for _, _, timestamp, _ in got][:2] == [4_294_967_000, 664]
        for thread in [t for t in threading.enumerate() if "decoder" in t.name]:
            thread.join(10)  # it ends by itself, but in real time
            assert not thread.is_alive()


async def test_what_the_peer_sends_is_counted() -> None:
    async with pair() as both:
        await both.connect()
        before = hardening.heard(both.a)
        await elapse(3)
        assert hardening.heard(both.a) >= before + 2
        peers.lose(both.b, lambda data: True)
        await elapse(0.1)
        before = hardening.heard(both.a)
        await elapse(3)
        assert hardening.heard(both.a) == before


async def test_sockets_are_opened_where_asked_only() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            addresses = {
                candidate.host
                for connection in hardening.ice_connections(peer)
                for candidate in connection.local_candidates
            }
            assert addresses == {"127.0.0.1"}


def test_a_receiver_we_do_not_know_is_an_error_with_the_remedy() -> None:
    with pytest.raises(LinkError, match="install 'aiortc>=1\\.16"):
        hardening.tap(object(), lambda *packet: None)


async def test_whoever_closes_second_may_be_cancelled() -> None:
    """aiortc closes by itself when the other side hangs up, just when we do too."""
    async with pair() as both, asyncio.TaskGroup() as group:
        await both.connect()
        group.create_task(both.a.close())
        await asyncio.sleep(0)
        second = group.create_task(hardening.close(both.a))
        await asyncio.sleep(0)
        second.cancel()


async def test_a_broken_check_of_a_stranger_is_not_worth_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A PRIORITY of two bytes; asyncio would log a traceback for each."""
    head = b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(12)
    with peers.stranger() as sock:
        async with pair() as both:
            await both.connect()
            sock.sendto(head + b"\x00\x24\x00\x02" + bytes(4), ("127.0.0.1", peers.port_of(both.b)))
            await elapse(0.2)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


DCEP, TEXT = 50, 51


@pytest.mark.parametrize(
    ("stream", "kind", "data"),
    [
        (1, TEXT, b"\xff\xfe"),
        (1, DCEP, b"\x03" + bytes(8) + b"\x01\x00\x00x"),
        (7, DCEP, b"\x03" + bytes(8) + b"\x02\x00\x00\xff\xfe"),
        (9, DCEP, b"\x02"),
    ],
    ids=["no text", "opened twice", "no name", "never opened"],
)
async def test_a_broken_channel_ends_its_session_without_a_traceback(
    stream: int, kind: int, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with pair() as both:
        await both.connect()
        assert both.channel.id == 1
        await both.a.sctp._send(stream, kind, data)  # type: ignore[union-attr]
        await asyncio.wait_for(both.ended.wait(), 15)
    assert "Traceback" not in caplog.text
    assert "never retrieved" not in caplog.text


async def test_a_peer_that_opens_channels_without_end_is_let_go() -> None:
    async with pair() as both:
        await both.connect()
        for number in range(hardening.MAX_CHANNELS + 8):
            both.a.createDataChannel(str(number))
        await asyncio.wait_for(both.ended.wait(), 15)


async def test_a_peer_has_a_few_addresses_and_not_thousands() -> None:
    async with pair() as both:
        await both.connect()
        (connection,) = hardening.ice_connections(both.b)
        check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={"PRIORITY": 1})
        for port in range(1000):
            connection.check_incoming(check, ("127.0.0.1", 20_000 + port), connection._protocols[0])
        assert len(connection.remote_candidates) == hardening.MAX_PEER_ADDRESSES
        both.channel.send("still there")
        await elapse(0.5)
        assert both.messages == ["still there"]
