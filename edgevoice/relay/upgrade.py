"""Requests for a WebSocket: which are granted, and how it is made. No call is placed here."""

from aiohttp import web

from edgevoice.relay.carrier import PROTOCOL
from edgevoice.relay.refusal import CallRefused

GOODBYE_S = 1.0
"""For the client's half of the closing handshake."""


def asked_for(request: web.Request, event_bytes: int) -> web.WebSocketResponse:
    """The WebSocket, not upgraded yet. CallRefused where none of ours was asked for.

    aiohttp would log the subprotocols of others at WARNING, and browsers put keys there.
    """
    if PROTOCOL not in subprotocols(request):
        raise CallRefused(
            400,
            f"this path is a WebSocket with the subprotocol {PROTOCOL} and nothing else;"
            " calls over WebRTC are posted to /v1/realtime/calls",
            code="invalid_value",
            param="Sec-WebSocket-Protocol",
        )
    socket = web.WebSocketResponse(
        timeout=GOODBYE_S,
        protocols=(PROTOCOL,),
        autoping=False,
        autoclose=False,
        compress=False,
        max_msg_size=event_bytes,
    )
    if not socket.can_prepare(request):
        raise CallRefused(400, "no valid WebSocket handshake (RFC 6455)", code="invalid_value")
    return socket


def subprotocols(request: web.Request) -> list[str]:
    named = request.headers.getall("Sec-WebSocket-Protocol", [])
    return [name.strip() for names in named for name in names.split(",")]
