"""Events of the Realtime protocol, from a client or a server."""

from collections.abc import Callable

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.realtime.event import Event, UnknownEvent
from edgevoice.realtime.wire import (
    LIMIT_COMPLAINT,
    decode_client_event,
    decode_server_event,
    encode,
    event_id_of,
)

Decode = Callable[[bytes], Event | UnknownEvent]


def contract(data: bytes) -> None:
    """RemoteProtocolError, in few words, or an event that comes back when it is sent on."""
    assert isinstance(event_id_of(data), str)
    _decoded(data, decode_client_event)
    _decoded(data, decode_server_event)


def _decoded(data: bytes, decode: Decode) -> None:
    try:
        event = decode(data)
    except RemoteProtocolError as error:
        assert len(str(error)) < 3 * LIMIT_COMPLAINT, "a complaint without end"
        return
    try:
        sent = encode(event)
    except LocalProtocolError:
        return
    assert decode(sent.encode()) == event
