"""`POST /v1/realtime/client_secrets`: a secret with which a device calls the upstream itself.

OpenAI's shape in both directions. Who asks has been judged by `signalling.py`; here are
the form of the request, the token's limits and the line in the audit log. The secret and
the relay's key are in no log.
"""

import logging
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.client_events import SessionUpdate
from edgevoice.realtime.session import SessionPatch
from edgevoice.realtime.wire import decode_client_event, too_deep
from edgevoice.relay.callers import Caller
from edgevoice.relay.refusal import CallRefused
from edgevoice.relay.upstream import Upstream

NO_UPSTREAM = (
    "this relay has no upstream to get client secrets from: set relay.upstream.key_file there,"
    " or link.direct: false on the device"
)

audit = logging.getLogger("edgevoice.relay.audit")


class ExpiresAfter(msgspec.Struct):
    anchor: Literal["created_at"] = "created_at"
    seconds: Annotated[int, Meta(ge=10, le=7_200)] = 600


class Wanted(msgspec.Struct):
    """The body of the request; empty is fine."""

    session: msgspec.Raw = msgspec.Raw(b"{}")
    expires_after: ExpiresAfter | None = None


class ClientSecrets:
    def __init__(self, upstream: Upstream | None, count_start: Callable[[Caller], None]) -> None:
        """`count_start` raises CallRefused when this caller may not start another session."""
        self._upstream = upstream
        self._count_start = count_start

    async def mint(self, caller: Caller, body: str) -> web.Response:
        """CallRefused otherwise."""
        if self._upstream is None:
            raise CallRefused(404, NO_UPSTREAM, code="no_upstream")
        wanted = _wanted(body)
        session = _session(wanted.session)
        self._count_start(caller)
        seconds = wanted.expires_after.seconds if wanted.expires_after else None
        try:
            minted = await self._upstream.mint(caller.name, session, seconds)
        except CallRefused as refusal:
            audit.warning("caller=%s gets no client secret: %s", caller, refusal.code)
            raise
        audit.info(
            "caller=%s gets a client secret upstream=%s expires_at=%d",
            caller,
            self._upstream.name,
            minted.expires_at,
        )
        return web.Response(body=msgspec.json.encode(minted), content_type="application/json")


def _wanted(body: str) -> Wanted:
    text = body.encode()
    if too_deep(text):
        raise CallRefused(400, "the body nests too deep", code="invalid_body")
    try:
        return msgspec.json.decode(text or b"{}", type=Wanted)
    except ValueError as error:
        raise CallRefused(400, f"the body: {error}"[:300], code="invalid_value") from None


def _session(raw: msgspec.Raw) -> SessionPatch:
    """Judged as `session.update` judges it."""
    try:
        update = decode_client_event(b'{"type":"session.update","session":' + bytes(raw) + b"}")
    except RemoteProtocolError as error:
        raise CallRefused(400, str(error), code="invalid_value", param="session") from error
    assert isinstance(update, SessionUpdate)
    return update.session
