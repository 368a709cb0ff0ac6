import threading
from fractions import Fraction

from aiortc import MediaStreamTrack
from av.packet import Packet

from edgevoice.webrtc import hardening
from edgevoice.webrtc.hardening.receive import MAX_SSRCS
from tests.virtual_time import elapse
from tests.webrtc.peers import Pair, pair


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


Got = list[tuple[int, int, int, bytes]]


def tapped(both: Pair) -> Got:
    got: Got = []
    (rtp_transceiver,) = both.b.getTransceivers()
    hardening.tap(rtp_transceiver.receiver, lambda *packet: got.append(packet))
    return got


def join_decoders() -> None:
    for thread in [t for t in threading.enumerate() if "decoder" in t.name]:
        thread.join(10)  # it ends by itself, but in real time
        assert not thread.is_alive()


async def test_rtp_is_handed_over_as_it_comes_and_nothing_decodes_it() -> None:
    async with pair(Ticking()) as both:
        got = tapped(both)
        await both.connect()
        await elapse(2.0)
        assert [payload for *_, payload in got][:3] == [b"packet 0", b"packet 1", b"packet 2"]
        assert len(got) > 90
        join_decoders()
        (rtp_transceiver,) = both.b.getTransceivers()
        track = rtp_transceiver.receiver.track
        assert track._queue.qsize() <= 1, "nobody reads it, so nothing may wait there"


async def test_the_clock_starts_where_it_was_announced() -> None:
    async with pair(Ticking()) as both:
        got = tapped(both)
        token = hardening.rtp_clock_start.set(4_294_967_000)
        await both.accept()
        hardening.rtp_clock_start.reset(token)
        await elapse(1.0)
        assert [timestamp for _, _, timestamp, _ in got][:2] == [4_294_967_000, 664]
        join_decoders()


async def test_sources_without_end_are_not_remembered() -> None:
    async with pair(Ticking()) as both:
        got = tapped(both)
        await both.connect()
        await elapse(0.2)
        (sender,) = [t.sender for t in both.a.getTransceivers()]
        for ssrc in range(200):
            sender._ssrc = ssrc
            await elapse(0.02)
        assert len({ssrc for ssrc, *_ in got}) <= MAX_SSRCS
        (rtp_transceiver,) = both.b.getTransceivers()
        transport = rtp_transceiver.receiver.transport
        assert len(transport._rtp_router.ssrc_table) <= MAX_SSRCS
        join_decoders()
