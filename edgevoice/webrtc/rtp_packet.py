"""RTP packets as bytes, for a carrier that has none of its own. Pure.

RFC 3550, section 5.1, but only what our two ends say to each other: the fixed header,
and one payload of Opus. Whatever else the header could announce is refused, not skipped.
"""

import struct
from typing import NamedTuple

from edgevoice.errors import RemoteProtocolError

HEADER = struct.Struct("!BBHII")
FIRST_BYTE = 2 << 6
"""Version 2; no padding, no extension, no contributing sources."""
PAYLOAD_TYPE = 96
"""The first dynamic one (RFC 3551, section 6)."""
MARKER = 0x80
MAX_PAYLOAD_BYTES = 1_500
"""What one packet could carry over UDP; 20 ms of Opus are 60 to 120 bytes."""


class RtpPacket(NamedTuple):
    ssrc: int
    sequence: int
    timestamp: int
    payload: bytes

    def pack(self) -> bytes:
        """Sequence number and timestamp wrap around by themselves."""
        return (
            HEADER.pack(
                FIRST_BYTE,
                PAYLOAD_TYPE,
                self.sequence % (1 << 16),
                self.timestamp % (1 << 32),
                self.ssrc,
            )
            + self.payload
        )


def parse(data: bytes) -> RtpPacket:
    """RemoteProtocolError says what is wrong with it. The marker is of no interest."""
    if not HEADER.size < len(data) <= HEADER.size + MAX_PAYLOAD_BYTES:
        raise RemoteProtocolError(f"a packet of {len(data)} bytes is no RTP of ours")
    first, kind, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first != FIRST_BYTE or kind & ~MARKER != PAYLOAD_TYPE:
        raise RemoteProtocolError(f"a packet that begins with {data[:2].hex()} is no RTP of ours")
    return RtpPacket(ssrc, sequence, timestamp, data[HEADER.size :])
