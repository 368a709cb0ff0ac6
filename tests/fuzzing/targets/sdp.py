"""Offers and answers: what the gate lets in, aiortc understands."""

from collections.abc import Callable

from aiortc.sdp import SessionDescription

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc import sdp
from edgevoice.webrtc.fmtp import wishes


def contract(data: bytes) -> None:
    """RemoteProtocolError, or a clean copy: cleaning it again changes nothing."""
    text = data.decode("utf-8", "surrogateescape")
    wishes(text)
    first = sdp.first_timestamp(text)
    assert first is None or 0 <= first < 1 << 32
    sdp.agrees_on_channel(text)
    offer = _admitted(text, sdp.admit_offer)
    assert "candidate" not in offer
    answer = _admitted(text, sdp.admit_answer)
    assert answer.count("a=candidate:") <= sdp.MAX_CANDIDATES


def _admitted(text: str, admit: Callable[[str], str]) -> str:
    try:
        clean = admit(text)
    except RemoteProtocolError:
        return ""
    assert admit(clean) == clean
    SessionDescription.parse(clean)
    return clean
