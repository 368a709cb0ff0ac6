"""Requests for a WebSocket: which are granted, and how it is made. No call is placed here.

Our own devices name a subprotocol of ours. OpenAI's clients name none, or, in a browser, where
nobody can set headers, `realtime` and their key.
"""

from aiohttp import web

from edgevoice.config import LimitsConfig
from edgevoice.relay.carrying.carrier import PROTOCOL
from edgevoice.relay.carrying.event_socket import PING_S
from edgevoice.relay.carrying.sound_format import message_bytes
from edgevoice.relay.http.refusal import CallRefused

GOODBYE_S = 1.0
"""For the client's half of the closing handshake."""
EVENTS = "realtime"


def wants_media(request: web.Request) -> bool:
    """A device of ours, whose sound comes in RTP packets."""
    return PROTOCOL in subprotocols(request)


def for_media(request: web.Request, limits: LimitsConfig) -> web.WebSocketResponse:
    """The WebSocket of a device, not upgraded yet. CallRefused where it asks wrongly."""
    socket = web.WebSocketResponse(
        timeout=GOODBYE_S,
        protocols=(PROTOCOL,),
        autoping=False,
        autoclose=False,
        compress=False,
        max_msg_size=limits.event_bytes,
    )
    return _possible(socket, request)


def for_events(
    request: web.Request, limits: LimitsConfig, *, takes_sound: bool = True
) -> web.WebSocketResponse:
    """The WebSocket of OpenAI's clients, not upgraded yet. CallRefused where it asks wrongly.

    A subprotocol that both know is needed where any is named: aiohttp would log those of
    others at WARNING, keys among them, and browsers refuse an answer without one.
    """
    asked = subprotocols(request)
    if asked and EVENTS not in asked:
        raise CallRefused(
            400,
            f"this WebSocket has the subprotocol {EVENTS}, or none;"
            f" devices of edgevoice use {PROTOCOL}",
            code="invalid_value",
            param="Sec-WebSocket-Protocol",
        )
    socket = web.WebSocketResponse(
        timeout=GOODBYE_S,
        protocols=(EVENTS,),
        heartbeat=PING_S,
        autoclose=False,
        compress=False,
        max_msg_size=message_bytes(limits) if takes_sound else limits.event_bytes,
    )
    return _possible(socket, request)


def subprotocols(request: web.Request) -> list[str]:
    named = request.headers.getall("Sec-WebSocket-Protocol", [])
    return [name.strip() for names in named for name in names.split(",") if name.strip()]


def _possible(socket: web.WebSocketResponse, request: web.Request) -> web.WebSocketResponse:
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise CallRefused(
            400,
            "this path is a WebSocket; calls over WebRTC are posted to /v1/realtime/calls",
            code="invalid_value",
        )
    if not socket.can_prepare(request):
        raise CallRefused(400, "no valid WebSocket handshake (RFC 6455)", code="invalid_value")
    return socket
