"""SCTP packets of a peer whose call was taken: what our hooks let through to aiortc, and out."""

import asyncio
import struct
from collections.abc import Iterator
from functools import cache

from aiortc.rtcsctptransport import RTCSctpTransport
from google_crc32c import value as crc32c

from edgevoice.webrtc.hardening import harden
from edgevoice.webrtc.hardening.sctp import MAX_CHANNELS, MAX_REASSEMBLY_CHUNKS, MAX_STREAMS

harden()

TAG = 1
LENGTH = struct.Struct("!H")
BEGINS = 0x8000
"""In the length of a packet: it carries no tag, as one that begins an association."""
MOST = 40
"""Packets for each input."""
MOST_SENT = 400
"""One that is answered by many more is a way to flood somebody."""


def contract(data: bytes) -> None:
    """ConnectionError, which closes the call cleanly, or it goes on within its bounds."""
    _loop().run_until_complete(_played(data))


async def _played(data: bytes) -> None:
    line = _Line()
    try:
        for _, packet in zip(range(MOST), _packets(data), strict=False):
            await line.sctp._handle_data(packet)
    except ConnectionError:
        pass
    sctp = line.sctp
    assert len(sctp._inbound_streams) <= MAX_STREAMS
    assert len(sctp._data_channels) <= MAX_CHANNELS + 1
    waiting = sum(len(stream.reassembly) for stream in sctp._inbound_streams.values())
    assert waiting <= MAX_REASSEMBLY_CHUNKS
    assert len(line.sent) <= MOST_SENT
    await sctp.stop()
    await asyncio.sleep(0)
    assert not line.complaints, line.complaints


class _Line:
    """An association that stands, without DTLS and sockets."""

    state, _role = "connected", "server"
    role = "controlled"

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.complaints: list[str] = []
        _loop().set_exception_handler(lambda _, told: self.complaints.append(str(told)))
        self.transport = self
        self.sctp = RTCSctpTransport(self)  # type: ignore[arg-type]
        self.sctp._local_verification_tag = self.sctp._remote_verification_tag = TAG
        self.sctp._remote_port = 5_000
        self.sctp._last_received_tsn = 0
        self.sctp._inbound_streams_count = 65_535
        self.sctp._data_channel_id = 1
        self.sctp._set_state(RTCSctpTransport.State.ESTABLISHED)

    async def _send_data(self, data: bytes) -> None:
        self.sent.append(data)

    def _unregister_data_receiver(self, _receiver: object) -> None:
        pass


def _packets(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + LENGTH.size <= len(data):
        (told,) = LENGTH.unpack_from(data, at)
        at += LENGTH.size
        length = told & ~BEGINS
        chunks = data[at : at + length]
        at += length
        head = struct.pack("!HHL", 5_000, 5_000, 0 if told & BEGINS else TAG)
        yield head + struct.pack("<L", crc32c(head + bytes(4) + chunks)) + chunks


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()
