import pytest

from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.peers import pair


async def test_a_lost_handshake_flight_costs_a_sixth_of_a_second() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.lose(peer, peers.first(1, peers.is_handshake))
        assert await both.connect() < 0.7


async def test_a_lost_last_flight_of_the_server_costs_no_more() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            peers.lose(peer, peers.first(1, lambda data: data[0] == 20))
        assert await both.connect() < 0.7


@pytest.mark.parametrize(("one_way_s", "sent_again"), [(0.0, 0), (0.15, 0), (0.3, 0)])
async def test_flights_are_not_sent_again_while_their_answer_is_on_the_way(
    one_way_s: float, sent_again: int
) -> None:
    async with pair() as both:
        flights: list[bytes] = []

        def note(data: bytes) -> bool:
            if peers.is_handshake(data):
                flights.append(data)
            return False

        for peer in (both.a, both.b):
            peers.slow(peer, one_way_s)
            peers.lose(peer, note)
        await both.connect()
        assert len(flights) - len(set(flights)) == sent_again


async def test_every_record_of_a_datagram_is_read() -> None:
    """aiortc itself reads one of each and leaves the others until the next datagrams come."""
    async with pair() as both:
        await both.connect()
        await elapse(0.5)
        dtls = both.a.sctp.transport  # type: ignore[union-attr]
        got: list[bytes] = []

        class Note:
            async def _handle_data(self, data: bytes) -> None:
                got.append(data)

        both.b.sctp.transport._data_receiver = Note()  # type: ignore[union-attr]
        for number in range(20):
            dtls._ssl.send(b"record %d" % number)
        await dtls.transport._send(dtls._ssl.bio_read(1500))
        await elapse(0.1)
        assert [record for record in got if record.startswith(b"record")] == [
            b"record %d" % number for number in range(20)
        ]
        both.b.sctp.transport._data_receiver = both.b.sctp  # type: ignore[union-attr]


async def test_a_long_answer_of_openssl_is_sent_whole() -> None:
    """What does not leave with the answer it belongs to would wait there, more of it each time."""
    async with pair() as both:
        await both.connect()
        dtls = both.a.sctp.transport  # type: ignore[union-attr]
        await dtls._send_data(bytes(9_000))
        assert dtls._ssl.send(b"x") == 1
        assert len(dtls._ssl.bio_read(1500)) < 100
