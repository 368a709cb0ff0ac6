import asyncio
import gc

import pytest
from aiortc.rtcdtlstransport import State
from aiortc.rtcsctptransport import (
    Chunk,
    HeartbeatChunk,
    InitChunk,
    SackChunk,
    serialize_packet,
)

from edgevoice.webrtc.hardening.sctp import (
    MAX_CHANNELS,
    MAX_REASSEMBLY_CHUNKS,
    MAX_STREAMS,
    RTO_INITIAL_S,
)
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.peers import pair


async def test_lost_first_events_cost_a_third_of_a_second() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.lose(peer, peers.first(2, peers.is_dtls_data))
        assert await both.connect() < 1.2


async def test_many_lost_beginnings_are_survived() -> None:
    """On a fast line the first timer is 0.2 s and does not back off."""
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.lose(peer, peers.first(12, peers.is_dtls_data))
        assert 2 < await both.connect() < 5


async def test_both_answers_to_a_beginning_may_be_lost() -> None:
    """Each side has begun, and the second packet of each is what it says to that."""
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.slow(peer, 0.01)
            peers.lose(peer, peers.second(peers.is_dtls_data))
        assert await both.connect() < 1


async def test_a_lost_last_event_costs_a_fifth_of_a_second() -> None:
    async with pair() as both:
        await both.connect()
        both.channel.send("first")
        await elapse(1)
        peers.lose(both.a, peers.first(1, peers.is_dtls_data))
        both.channel.send("last")
        await elapse(0.3)
        assert both.messages == ["first", "last"]


async def test_the_association_begins_at_the_pace_of_the_line() -> None:
    """On a line with 0.6 s nothing is sent again before its answer can be there."""
    async with pair() as both:
        said: list[bytes] = []

        def note(data: bytes) -> bool:
            if peers.is_dtls_data(data):
                said.append(data)
            return False

        for peer in (both.a, both.b):
            peers.slow(peer, 0.3)
        peers.lose(both.a, note)
        await both.connect()
        assert len(said) <= 6, "ten without it"


async def test_on_an_unknown_line_it_begins_at_a_third_of_a_second() -> None:
    async with pair() as both:
        assert both.a.sctp is not None
        assert both.a.sctp._rto == RTO_INITIAL_S


async def test_what_is_unacknowledged_at_the_end_is_no_error_of_anybodys() -> None:
    """It is sent again by a timer, which may go off when the transport below is closed."""
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: complaints.append(context["message"])
    )
    async with pair() as both:
        await both.connect()
        await elapse(1)
        assert both.a.sctp is not None
        peers.lose(both.a, peers.is_dtls_data)
        both.channel.send("never heard")
        await elapse(0.01)
        both.a.sctp.transport._state = State.CLOSED
        await elapse(2)
        gc.collect()
        assert complaints == []


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


TEXT, DCEP = 51, 50


async def test_a_peer_whose_messages_never_come_in_order_is_let_go() -> None:
    """Whole unordered messages with gaps between: aiortc remembers every number, for ever."""
    async with pair() as both:
        await both.connect()
        assert both.b.sctp is not None
        last = both.b.sctp._last_received_tsn
        assert last is not None
        both.b.sctp._sack_misordered = {
            (last + 10 + 2 * number) % 2**32 for number in range(MAX_REASSEMBLY_CHUNKS)
        }
        both.channel.send("one more")
        await asyncio.wait_for(both.ended.wait(), 15)
        assert both.messages == []


async def test_a_peer_with_a_stream_for_every_number_is_let_go() -> None:
    async with pair() as both:
        await both.connect()
        for stream in range(3, 3 + MAX_STREAMS + 2):
            await both.a.sctp._send(stream, TEXT, b"x")  # type: ignore[union-attr]
        await asyncio.wait_for(both.ended.wait(), 15)


async def test_an_acknowledgement_of_millions_is_not_counted_out() -> None:
    """1200 bytes of gap blocks made aiortc count for seconds."""
    async with pair() as both:
        await both.connect()
        counted = []

        class Counting(list[tuple[int, int]]):
            def __iter__(self):  # type: ignore[no-untyped-def]
                counted.append(len(self))
                return super().__iter__()

        chunk = SackChunk()
        chunk.cumulative_tsn = both.b.sctp._last_sacked_tsn  # type: ignore[union-attr]
        chunk.gaps = Counting([(1, 65_535)] * 4)
        with pytest.raises(ConnectionError):
            await both.b.sctp._receive_sack_chunk(chunk)  # type: ignore[union-attr]
        assert counted == [4]


class Twice(InitChunk):
    """Two beginnings in one packet, which nobody may send (RFC 9260, section 4)."""

    def __bytes__(self) -> bytes:
        return super().__bytes__() * 2


async def test_chunks_out_of_turn_end_a_session_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with pair() as both:
        await both.connect()
        sctp = both.a.sctp
        assert sctp is not None
        packet = serialize_packet(sctp._local_port, sctp._remote_port, 0, Twice())
        await sctp.transport._send_data(packet)
        await asyncio.wait_for(both.ended.wait(), 15)
    assert "Traceback" not in caplog.text


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


@pytest.mark.parametrize(
    "parameters", [bytes(4), b"\x00\x01\x00\x03", b"\x00\x01\x00\x04" + bytes(4)]
)
async def test_a_parameter_without_length_holds_up_nobody(parameters: bytes) -> None:
    """aiortc would read it for ever, and the whole program would stand still."""
    async with pair() as both:
        await both.connect()
        association = both.a.sctp
        assert association is not None
        beat = Chunk(body=parameters)
        beat.type = HeartbeatChunk.type
        packet = serialize_packet(5000, 5000, association._remote_verification_tag, beat)
        await association.transport._send_data(packet)
        both.channel.send("still there")
        await elapse(0.5)
        assert both.messages == ["still there"]


async def test_a_peer_that_opens_channels_without_end_is_let_go() -> None:
    async with pair() as both:
        await both.connect()
        for number in range(MAX_CHANNELS + 8):
            both.a.createDataChannel(str(number))
        await asyncio.wait_for(both.ended.wait(), 15)
