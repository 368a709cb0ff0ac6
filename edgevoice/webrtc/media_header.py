"""What SDP says for WebRTC, said for a WebSocket in one HTTP header. Pure.

    Edgevoice-Media: first-timestamp=7;minptime=10;useinbandfec=1;usedtx=0;...

In the request the device says where its RTP clock starts and what it wants to hear; in
the response the relay says what it wants to hear. The words are those of `a=fmtp`
(RFC 7587), the timestamp that of `a=edgevoice-first-timestamp`.
"""

from dataclasses import dataclass

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc.fmtp import Wishes, numbers, wishes_of

MEDIA_HEADER = "Edgevoice-Media"
PROTOCOL = "edgevoice.rtp.v1"
"""Subprotocol: events as text, RTP packets as binary messages."""

START = "first-timestamp"
MAX_CHARS = 500


@dataclass(frozen=True, slots=True)
class Media:
    wishes: Wishes
    first_timestamp: int | None = None

    def header(self) -> str:
        start = "" if self.first_timestamp is None else f"{START}={self.first_timestamp};"
        return start + self.wishes.parameters()


def parse(header: str) -> Media:
    """RemoteProtocolError when it is missing, or is not a list of parameters.

    Unknown parameters are ignored, as RFC 7587 wants it.
    """
    if not header or len(header) > MAX_CHARS or not header.isascii():
        raise RemoteProtocolError(
            f"{MEDIA_HEADER}: 1 to {MAX_CHARS} characters wanted, as in {START}=0;useinbandfec=1"
        )
    return Media(wishes_of(numbers(header)), first_timestamp(header))


def first_timestamp(header: str) -> int | None:
    """Where the sender's RTP clock starts, if it says so."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() != START:
            continue
        if not (value.isdecimal() and len(value) <= 10 and int(value) < 1 << 32):
            raise RemoteProtocolError(f"{MEDIA_HEADER}: {START} is a number of 32 bits")
        return int(value)
    return None
