"""What strangers and peers may do to either of our ends without harm, the same list for both."""

import asyncio
import logging
import os
import random
from collections.abc import Callable

import pytest
from aiortc.rtp import RtpPacket

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.realtime.wire import decode_client_event, decode_server_event
from edgevoice.webrtc import hardening, sdp
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.line import INBOX_LIMIT
from tests.fault_report import Measured
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.ends import (
    BOTH_ENDS,
    Encounter,
    carry,
    encounter,
    new_call,
    new_caller,
    open_files,
    session,
)
from tests.webrtc.test_sdp import BROWSER

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("kind", BOTH_ENDS)]

STRAYS = {
    "empty": b"",
    "one byte of DTLS": b"\x16",
    "one byte of RTP": b"\x80",
    "two bytes of RTCP": b"\x80\xc8",
    "alert": bytes.fromhex("15fefd00000000000000050002") + b"\x02\x28",
    "change of cipher": bytes.fromhex("14fefd0000000000000005000101"),
    "client hello": b"\x16\xfe\xfd" + bytes(300),
    "STUN header": bytes.fromhex("000100002112a442") + b"a" * 12,
    "STUN cut off": bytes.fromhex("000100082112a442") + b"a" * 12 + b"\x00\x06\xff\xff",
    "STUN attribute cut off": bytes.fromhex("000100042112a44261616161616161616161616100060400"),
    "STUN answer": bytes.fromhex("010100082112a4426161616161616161616161610020000400000000"),
}


async def still_works(met: Encounter) -> None:
    met.channel.send("still there")
    met.ours.outbox.send("so are we")
    await elapse(1)
    assert met.messages == ["still there"]
    assert met.heard_of_us == ["so are we"]
    assert met.ended is None


@pytest.mark.parametrize("stray", STRAYS.values(), ids=STRAYS.keys())
@pytest.mark.fault("udp-flood")
async def test_a_strangers_datagram_at_any_time_changes_nothing(
    kind: str, stray: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with peers.stranger() as sock:
        async with encounter(kind) as met, asyncio.TaskGroup() as group:
            for peer in (met.ours.connection, met.other):
                peers.slow(peer, 0.02)

            async def throw() -> None:
                for _ in range(40):
                    sock.sendto(stray, ("127.0.0.1", met.port))
                    await elapse(0.01)

            sock.sendto(stray, ("127.0.0.1", met.port))
            await elapse(0.1)
            throwing = group.create_task(throw())
            await met.connect()
            await throwing
            await still_works(met)
            with pytest.raises(BlockingIOError):
                sock.recv(1500)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.fault("udp-flood")
async def test_mutated_stun_is_not_worth_a_line(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(7)
    whole = bytes.fromhex("000100082112a442") + b"a" * 12 + bytes.fromhex("0006000461626364")
    with peers.stranger() as sock:
        async with encounter(kind) as met:
            await met.connect()
            for number in range(500):
                mutant = bytearray(whole)
                for _ in range(dice.randint(0, 6)):
                    mutant[dice.randrange(1, len(mutant))] = dice.randrange(256)
                sock.sendto(mutant[: dice.randint(1, len(mutant))], ("127.0.0.1", met.port))
                if number % 20 == 0:
                    await elapse(0.01)
            await still_works(met)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def candidates(port: int, count: int) -> str:
    return "".join(
        f"a=candidate:{i} 1 udp {2_130_706_431 - i} 127.0.0.1 {port} typ host\r\n"
        for i in range(count)
    )


async def test_a_flood_of_candidates_is_refused_or_contacts_nobody(kind: str) -> None:
    with peers.stranger() as victim:
        port = victim.getsockname()[1]
        if kind == "relay":
            call = new_call()
            await call.answer(BROWSER.replace("a=sendrecv", candidates(port, 99) + "a=sendrecv"))
            await elapse(3)
            await call.close()
            with pytest.raises(RemoteProtocolError):
                await new_call().answer(BROWSER + candidates(port, 2_000))
        else:
            async with encounter("device") as met:
                with pytest.raises(RemoteProtocolError):
                    await met.caller.accept(met.answer + candidates(port, 2_000))
                await elapse(3)
        with pytest.raises(BlockingIOError):
            victim.recv(1500)


async def test_no_more_than_a_handful_of_addresses_is_ever_tried(kind: str) -> None:
    many = "".join(
        f"a=candidate:{i} 1 udp {i} 127.0.0.1 {40_000 + i} typ host\r\n" for i in range(100)
    )
    async with encounter(kind) as met:
        if kind == "device":
            await met.caller.accept(met.answer.replace("a=ice-ufrag:", f"{many}a=ice-ufrag:", 1))
        (connection,) = hardening.ice_connections(met.ours.connection)
        await elapse(1)
        assert len(connection.remote_candidates) <= sdp.MAX_CANDIDATES


@pytest.mark.fault("hostile-events")
async def test_a_message_of_4_mb_ends_the_session_unread(kind: str) -> None:
    async with encounter(kind) as met:
        await met.connect()
        met.other.sctp._remote_max_message_size = 0  # type: ignore[union-attr]
        met.channel.send("x" * 4_000_000)
        await met.until_ended(30)
        assert met.messages == []


async def test_a_message_larger_than_announced_ends_the_session_with_the_reason(kind: str) -> None:
    async with encounter(kind) as met:
        await met.connect()
        met.other.sctp._remote_max_message_size = 0  # type: ignore[union-attr]
        met.channel.send("x" * (sdp.MAX_MESSAGE_BYTES + 1))
        assert "at most 262144" in await met.until_ended()


@pytest.mark.fault("hostile-events")
async def test_json_5000_deep_is_refused_by_the_decoder_and_no_end(kind: str) -> None:
    decode: Callable[[str], object] = (
        decode_server_event if kind == "device" else decode_client_event
    )
    refused: list[str] = []

    def take(text: str) -> None:
        try:
            decode(text)
        except RemoteProtocolError as error:
            refused.append(str(error))

    async with encounter(kind) as met:
        met.take = take
        await met.connect()
        for text in ("[" * 5_000, '{"type":' * 5_000, "[" * 5_000 + "]" * 5_000):
            met.channel.send(text)
        await elapse(1)
        assert len(refused) == 3
        met.take = met.messages.append
        await still_works(met)


async def test_a_binary_message_is_dropped(kind: str) -> None:
    async with encounter(kind) as met:
        await met.connect()
        met.channel.send(os.urandom(1000))
        met.channel.send(b"")
        await still_works(met)


async def test_thousands_of_channels_end_the_session(kind: str) -> None:
    async with encounter(kind) as met:
        await met.connect()
        for number in range(2_000):
            met.other.createDataChannel(str(number))
        await met.until_ended(20)
        assert met.ours.connection.sctp is not None
        assert len(met.ours.connection.sctp._data_channels) == 0


async def test_a_handler_that_raises_is_heard_of_and_closes_the_session(kind: str) -> None:
    """It must not end up in aiortc's tasks, which would only log it."""

    def broken(text: str) -> None:
        raise LocalProtocolError("a bug")

    before = open_files()

    async def story() -> None:
        async with encounter(kind) as met:
            met.take = broken
            await met.connect()
            met.channel.send("anything")
            await elapse(1)

    with pytest.raises(ExceptionGroup) as caught:
        await story()
    assert caught.group_contains(LocalProtocolError, match="a bug")
    assert open_files() == before


async def test_a_close_that_raises_leaves_no_socket(kind: str) -> None:
    before = open_files()
    async with encounter(kind) as met:
        await met.connect()
        close = met.ours.connection.close
        called: list[bool] = []

        async def broken() -> None:
            called.append(True)
            if len(called) == 1:
                raise AttributeError("half a description")
            await close()

        met.ours.connection.close = broken  # type: ignore[method-assign]
        met.ours.end("enough")
        assert await met.until_ended() == "enough"
        (connection,) = hardening.ice_connections(met.ours.connection)
        assert connection._protocols == []
        await close()
    assert open_files() == before


@pytest.mark.fault("stalled-reader")
async def test_a_session_nobody_carries_keeps_a_bounded_number_of_packets(
    kind: str, measured: Measured
) -> None:
    """The peer sends without end; what is not taken out of the inbox is dropped."""
    met = Encounter(kind)
    await met.meet()
    await met.connect()
    await elapse(0.2)
    sender = met.other.getTransceivers()[0].sender
    payload_type = met.ours.rtp_transceiver._codecs[0].payloadType
    packet = RtpPacket(payload_type=payload_type, ssrc=sender._ssrc, payload=bytes(60))
    for number in range(INBOX_LIMIT + 500):
        packet.sequence_number, packet.timestamp = number % 2**16, 960 * number
        await sender.transport._send_rtp(packet.serialize())
        if number % 20 == 0:
            await elapse(0.001)
    await elapse(0.5)
    assert len(met.ours._inbox) == INBOX_LIMIT
    assert met.ours.overruns > 100
    measured(f"{INBOX_LIMIT} packets kept, {met.ours.overruns} of {INBOX_LIMIT + 500} dropped")
    track = met.ours.rtp_transceiver.receiver.track
    assert track._queue.qsize() <= 1
    (connection,) = hardening.ice_connections(met.ours.connection)
    assert connection._queue.qsize() == 0
    await met.ours.close()
    await hardening.close(met.other)


@pytest.mark.parametrize("state", ["new", "met", "accepted", "handshake", "open", "over"])
async def test_it_can_be_closed_in_every_state_and_twice(kind: str, state: str) -> None:
    before, tasks = open_files(), len(asyncio.all_tasks())
    if state == "new":
        await close_unused(kind)
    else:
        async with session() as both:
            both.slow(0.05)
            if state in ("accepted", "handshake"):
                await both.caller.accept(both.answer)
                await elapse(0.2 if state == "handshake" else 0.0)
            elif state in ("open", "over"):
                await both.connect()
            end = both.caller.peer if kind == "device" else both.call._peer
            if state == "over":
                end.end("over")
                await elapse(1)
            await end.close()
            await end.close()
            await elapse(5)
    await elapse(6)
    assert len(asyncio.all_tasks()) == tasks
    assert open_files() == before


async def close_unused(kind: str) -> None:
    if kind == "device":
        caller = new_caller()
        await caller.prepare(Wishes())
        await caller.peer.close()
        await caller.peer.close()
        assert await carry(caller.peer) == "closed"
    else:
        await new_call().close()
