"""One story per hook: what goes wrong without it does not go wrong."""

import asyncio
import logging
import os
from typing import Any

import pytest
from aioice import stun
from aioice.ice import Connection

from edgevoice.webrtc import hardening
from edgevoice.webrtc.hardening.ice import MAX_DATAGRAMS, MAX_PEER_ADDRESSES
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.ends import encounter
from tests.webrtc.peers import pair

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


def make_lite(connection: Connection) -> list[stun.Message]:
    """Sends no checks and ignores those without USE-CANDIDATE, as OpenAI's servers do."""
    answer = connection.request_received
    ignored: list[stun.Message] = []

    def lite(message: stun.Message, *rest: Any) -> None:
        if "USE-CANDIDATE" in message.attributes:
            answer(message, *rest)
        else:
            ignored.append(message)

    async def never() -> None:
        await asyncio.Event().wait()

    connection.request_received = lite  # type: ignore[method-assign]
    connection.query_consent = never  # type: ignore[method-assign]
    return ignored


async def test_an_ice_lite_server_keeps_answering() -> None:
    async with encounter("device") as met:
        (server,) = hardening.ice_connections(met.other)
        ignored = make_lite(server)
        await met.connect()
        await elapse(120)
        met.channel.send("still there")
        await elapse(0.5)
        assert met.messages == ["still there"]
        assert ignored == []


async def test_an_ice_lite_server_would_have_been_given_up() -> None:
    """By aioice as it is, after half a minute: that is what the hook is for."""
    async with pair() as both:
        (server,) = hardening.ice_connections(both.b)
        (client,) = hardening.ice_connections(both.a)
        make_lite(server)
        client.query_consent = Connection.query_consent.__wrapped__.__get__(client)  # type: ignore[attr-defined]
        await both.connect()
        await elapse(40)
        assert both.ended.is_set()


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


async def test_the_round_trip_is_measured_on_both_ends() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.slow(peer, 0.1)
        await both.connect()
        await elapse(1.5)
        for peer in (both.a, both.b):
            assert hardening.measured_round_trip(peer) == pytest.approx(0.2, abs=0.03)


async def test_a_lost_check_never_makes_the_line_look_faster_than_it_is() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.slow(peer, 0.1)
            peers.lose(peer, peers.first(2, peers.is_stun))
        await both.connect()
        for peer in (both.a, both.b):
            measured = hardening.measured_round_trip(peer)
            assert measured is not None
            assert 0.19 < measured < 1.0


async def test_on_a_slow_line_nothing_is_sent_twice() -> None:
    async with pair() as both:
        checks: list[bytes] = []

        def note(data: bytes) -> bool:
            if data[:2] == b"\x00\x01":
                checks.append(data)
            return False

        for peer in (both.a, both.b):
            peers.slow(peer, 0.3)
            peers.lose(peer, note)
            hardening.expect_round_trip(peer, 0.6)
        await both.connect()
        assert checks
        assert len(checks) == len(set(checks))


@pytest.mark.fault("stalled-reader")
async def test_datagrams_nobody_takes_are_dropped_some_day() -> None:
    async with pair() as both:
        (connection,) = hardening.ice_connections(both.a)
        for _ in range(10 * MAX_DATAGRAMS):
            connection.data_received(bytes(1200), 1)
        assert connection._queue.qsize() == MAX_DATAGRAMS


async def test_a_lost_check_costs_a_tenth_of_a_second() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.lose(peer, peers.first(1, peers.is_stun))
        assert await both.connect() < 0.45


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


async def test_a_peer_has_a_few_addresses_and_not_thousands() -> None:
    async with pair() as both:
        await both.connect()
        (connection,) = hardening.ice_connections(both.b)
        check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={"PRIORITY": 1})
        for port in range(1000):
            connection.check_incoming(check, ("127.0.0.1", 20_000 + port), connection._protocols[0])
        assert len(connection.remote_candidates) == MAX_PEER_ADDRESSES
        both.channel.send("still there")
        await elapse(0.5)
        assert both.messages == ["still there"]
