"""`POST /v1/realtime/client_secrets`: a secret to call us with, or the upstream itself.

OpenAI's shape in both directions. A device of ours in `link.direct` mode says with the header
`Edgevoice-Direct` that it is going to call the server behind this relay; everybody else gets a
secret of our own. Who asks has been judged by `callers.py`; here are the form of the request,
who may mint, and the line in the audit log. Neither a secret nor the relay's key is in any log.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.client_events import SessionUpdate
from edgevoice.realtime.session import SessionPatch
from edgevoice.realtime.wire import decode_client_event, too_deep
from edgevoice.relay.access.callers import Caller
from edgevoice.relay.access.own_secrets import OwnSecrets
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.openai.upstream import Minted, Upstream

DIRECT_HEADER = "Edgevoice-Direct"
"""In a request: the secret is to be for the server behind this relay."""
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
    def __init__(
        self,
        own: OwnSecrets,
        upstream: Upstream | None,
        count_start: Callable[[Caller], Awaitable[None]],
    ) -> None:
        """`count_start` raises CallRefused when this caller may not start another session."""
        self._own = own
        self._upstream = upstream
        self._count_start = count_start

    async def mint(self, caller: Caller, body: str, *, direct: bool) -> web.Response:
        """`direct`: for the server behind this relay. CallRefused otherwise."""
        if caller.kind == "secret":
            raise CallRefused(
                403, "a client secret makes no others: use the token", code="forbidden"
            )
        minted = await (self._mint_there if direct else self._mint_here)(caller, _wanted(body))
        return web.Response(body=msgspec.json.encode(minted), content_type="application/json")

    async def _mint_here(self, caller: Caller, wanted: Wanted) -> Minted:
        seconds = (wanted.expires_after or ExpiresAfter()).seconds
        minted = await self._own.mint(caller, _session(wanted.session), seconds)
        audit.info(
            "caller=%s address=%s gets a client secret of ours expires_at=%d",
            caller,
            caller.address,
            minted.expires_at,
        )
        return minted

    async def _mint_there(self, caller: Caller, wanted: Wanted) -> Minted:
        if self._upstream is None:
            raise CallRefused(404, NO_UPSTREAM, code="no_upstream")
        session = _session(wanted.session)
        await self._count_start(caller)
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
        return minted


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
