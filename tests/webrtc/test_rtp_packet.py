"""RTP packets as bytes: what we write we read, and what others write is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc.rtp_packet import MAX_PAYLOAD_BYTES, RtpPacket, parse

GOOD = RtpPacket(7, 8, 9, b"opus").pack()


def test_it_is_the_fixed_header_of_the_rfc_and_the_payload() -> None:
    packet = RtpPacket(ssrc=0x01020304, sequence=0x0506, timestamp=0x0708090A, payload=b"opus")
    assert packet.pack() == bytes.fromhex("8060 0506 0708090a 01020304") + b"opus"


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=1, max_size=MAX_PAYLOAD_BYTES),
)
def test_what_is_written_is_read(ssrc: int, sequence: int, timestamp: int, payload: bytes) -> None:
    packet = RtpPacket(ssrc, sequence, timestamp, payload)
    assert parse(packet.pack()) == packet


def test_sequence_number_and_clock_wrap_around() -> None:
    packet = parse(RtpPacket(1, 2**16 + 3, 2**32 + 4, b"x").pack())
    assert (packet.sequence, packet.timestamp) == (3, 4)


def test_the_marker_is_of_no_interest() -> None:
    assert parse(bytes([GOOD[0], GOOD[1] | 0x80]) + GOOD[2:]).payload == b"opus"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:11],
        GOOD[:12],
        b"\x00" + GOOD[1:],
        b"\xa0" + GOOD[1:],
        b"\x90" + GOOD[1:],
        b"\x81" + GOOD[1:],
        GOOD[:1] + b"\x61" + GOOD[2:],
        GOOD[:12] + bytes(MAX_PAYLOAD_BYTES + 1),
    ],
    ids=["empty", "short", "payload", "version", "padding", "extension", "sources", "type", "long"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="no RTP of ours"):
        parse(data)


@given(st.binary(max_size=40))
def test_garbage_is_refused_or_is_a_packet(data: bytes) -> None:
    try:
        packet = parse(data)
    except RemoteProtocolError:
        return
    assert packet.pack()[2:] == data[2:]
