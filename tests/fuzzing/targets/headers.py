"""Headers of a call: Edgevoice-Wake, Edgevoice-Conversation."""

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import context_claim
from edgevoice.relay.turns import wake_phrase


def contract(data: bytes) -> None:
    """RemoteProtocolError, or values within what can be."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        wake = wake_phrase.parse_header(text)
    except RemoteProtocolError:
        pass
    else:
        assert wake_phrase.parse_header(f"name={wake.name};start={wake.start};end={wake.end}")
    try:
        claim = context_claim.parse_header(text)
    except RemoteProtocolError:
        return
    assert context_claim.parse_header(claim.header) == claim
    assert claim.is_sendable
