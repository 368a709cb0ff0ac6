"""RTP packets and the header that announces them, of a call over a WebSocket."""

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc import media_header, rtp_packet


def contract(data: bytes) -> None:
    """RemoteProtocolError, or what is written back is the same."""
    try:
        packet = rtp_packet.parse(data)
    except RemoteProtocolError:
        pass
    else:
        assert rtp_packet.parse(packet.pack()) == packet
        assert packet.payload
    try:
        media = media_header.parse(data.decode("latin-1"))
    except RemoteProtocolError:
        return
    assert media_header.parse(media.header()) == media
