"""The relay's HTTP: take a call, hang it up, mint a secret, say that we live.

Refusals have OpenAI's shape. Judges who calls and the form of what is posted; `calls.py` and
`client_secrets.py` do the rest. Browsers may call from any page, because the bearer
token is what admits them.
"""

import logging
import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.typedefs import Middleware

from edgevoice import __version__
from edgevoice.config import RelayConfig
from edgevoice.errors import RemoteProtocolError, StoreError
from edgevoice.realtime import context_claim
from edgevoice.realtime.client_events import SessionUpdate
from edgevoice.realtime.session import SessionPatch, combined
from edgevoice.realtime.wire import decode_client_event
from edgevoice.relay.access.callers import Caller, Callers
from edgevoice.relay.access.client_secrets import DIRECT_HEADER, ClientSecrets
from edgevoice.relay.access.pairing_pages import PairingPages
from edgevoice.relay.calls import Calls, Placed
from edgevoice.relay.carrying.call_transport import Called
from edgevoice.relay.carrying.carrier import MEDIA_HEADER, MakeCarrier, SocketCarrier
from edgevoice.relay.carrying.event_socket import EventSocket
from edgevoice.relay.http.lobby import Lobby
from edgevoice.relay.http.media_address import media_host
from edgevoice.relay.http.probes import Probes
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.http.request_body import (
    UNREADABLE,
    limited,
    read_body,
    refuse_longer,
    stream,
    text,
)
from edgevoice.relay.http.upgrade import for_events, for_media, wants_media
from edgevoice.relay.monitoring.facts import Refused
from edgevoice.relay.monitoring.monitoring import Monitoring
from edgevoice.relay.monitoring.observers import Publish, unobserved
from edgevoice.relay.offer import Offer
from edgevoice.relay.turns import wake_phrase

VERSION_HEADER = "Edgevoice-Version"
"""In a request: the client understands `edgevoice.*` events. In an answer: so do we."""
WAKE_HEADER = "Edgevoice-Wake"
RESUME_HEADER = "Edgevoice-Resume"
"""In a request: the call that this offer is to go on with."""
RESUMED_HEADER = "Edgevoice-Resumed"
STANDBY_HEADER = "Edgevoice-Standby"
"""The caller has not been woken: it wants to be connected when it is."""
"""In an answer: it does. Without it the call is a new one."""
EXPOSED = f"Location, Retry-After, {VERSION_HEADER}, {RESUMED_HEADER}"
CONVERSATIONS = "/v1/edgevoice/conversations"
"""DELETE: the caller's own; what was said is forgotten here."""
SDP = "application/sdp"
SESSION_BYTES = 65_536
"""Instructions and tools that come with a call; `session.update` takes more."""
MOST_BESIDES = SESSION_BYTES + 4_096
"""What may come with an offer: that, and what lies around the parts."""
MAX_PARTS = 4

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages(Protocol):
    """Other things that are asked for over HTTP."""

    def add_to(self, app: web.Application) -> None: ...


log = logging.getLogger(__name__)

_HEADER_NAMES = re.compile(r"[A-Za-z0-9, _-]{1,500}", re.ASCII)


class Signalling:
    def __init__(
        self,
        config: RelayConfig,
        callers: Callers,
        calls: Calls,
        secrets: ClientSecrets,
        monitoring: Monitoring | None = None,
        *,
        pairing: PairingPages | None = None,
        probes: Probes | None = None,
        others: Sequence[Pages] = (),
    ) -> None:
        self._config = config
        self._callers = callers
        self._calls = calls
        self._secrets = secrets
        self._monitoring = monitoring
        self._publish = unobserved if monitoring is None else monitoring.publish
        self._pairing = pairing
        self._probes = probes
        self._others = others
        self.lobby = Lobby()

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self.lobby.serve, in_openai_shape(self._publish)])
        app.router.add_post("/v1/realtime/calls", self._place)
        app.router.add_post("/v1/realtime/calls/{call_id}/hangup", self._hang_up)
        app.router.add_post("/v1/realtime", self._place)  # where it was before there were calls
        app.router.add_get("/v1/realtime", self._place_by_socket)
        app.router.add_post("/v1/realtime/client_secrets", self._mint)
        app.router.add_delete(CONVERSATIONS, self._forget)
        app.router.add_get("/healthz", self._health)
        if self._pairing is not None:
            self._pairing.add_to(app)
        if self._probes is not None:
            self._probes.add_to(app)
        for pages in self._others:
            pages.add_to(app)
        app.router.add_route("OPTIONS", "/v1/{path:.*}", _preflight)
        if self._monitoring is not None:
            self._monitoring.pages.add_to(app)
        return app

    async def _place(self, request: web.Request) -> web.Response:
        recognised = await self._callers.recognise(request)
        _refuse_other_kinds(request)
        body = await read_body(request, self._config.limits.sdp_bytes + MOST_BESIDES)
        caller = await self._callers.admit(recognised, body)
        try:
            sdp, session = await self._read(request, body)
        except UNREADABLE as error:
            raise CallRefused(400, "the body is broken", code="invalid_body") from error
        offer = self._offer(request, caller, sdp, session)
        placed = await self._calls.place(offer)
        return web.Response(
            status=201, text=placed.answer, content_type=SDP, headers=_naming(placed)
        )

    async def _place_by_socket(self, request: web.Request) -> web.StreamResponse:
        """The call first, then the upgrade, whose headers tell of it."""
        if "call_id" in request.query:
            return await self._join(request)
        caller = await self._callers.of(request)
        limits = self._config.limits
        has_media = wants_media(request)
        socket = for_media(request, limits) if has_media else for_events(request, limits)
        carriers: list[SocketCarrier | EventSocket] = []

        def make_carrier(called: Called, _media_host: str | None) -> SocketCarrier | EventSocket:
            carriers.append((SocketCarrier if has_media else EventSocket)(limits, called))
            return carriers[0]

        media = request.headers.get(MEDIA_HEADER, "")
        offer = self._offer(request, caller, media, None, make_carrier)
        if not has_media:
            offer = replace(offer, extensions=False, standby=False, sound_in_events=True)
        placed = await self._calls.place(offer)
        socket.headers.update(_naming(placed))
        if has_media:
            socket.headers[MEDIA_HEADER] = placed.answer
        return await _served(carriers[0], socket, request)

    async def _join(self, request: web.Request) -> web.StreamResponse:
        """A sideband of a call that is live."""
        is_owner = self._monitoring is not None and self._monitoring.has_token(request.headers)
        caller = None if is_owner else await self._callers.of(request)
        socket = for_events(request, self._config.limits, takes_sound=False)
        carriers: list[EventSocket] = []

        def make_transport(called: Called) -> EventSocket:
            carriers.append(EventSocket(self._config.limits, called, takes_sound=False))
            return carriers[0]

        self._calls.join(request.query["call_id"], caller, make_transport)
        return await _served(carriers[0], socket, request)

    def _offer(
        self,
        request: web.Request,
        caller: Caller,
        sdp: str,
        session: str | None,
        make_carrier: MakeCarrier | None = None,
    ) -> Offer:
        extensions = VERSION_HEADER in request.headers
        try:
            return Offer(
                caller,
                sdp,
                combined(_patch(session, request.query), caller.session_patch),
                _wake(request.headers.get(WAKE_HEADER)),
                extensions,
                media_host(self._config, request),
                resume=request.headers.get(RESUME_HEADER, ""),
                standby=STANDBY_HEADER in request.headers,
                context=_context(request.headers.get(context_claim.HEADER)) if extensions else None,
                make_carrier=make_carrier,
            )
        except RemoteProtocolError as error:
            raise CallRefused(400, str(error), code="invalid_value") from error

    async def _hang_up(self, request: web.Request) -> web.Response:
        caller = await self._callers.of(request)
        self._calls.hang_up(request.match_info["call_id"], caller)
        return web.Response()

    async def _forget(self, request: web.Request) -> web.Response:
        caller = await self._callers.of(request)
        return web.json_response({"deleted": True, "conversations": self._calls.forget(caller)})

    async def _mint(self, request: web.Request) -> web.Response:
        recognised = await self._callers.recognise(request)
        body = await read_body(request, SESSION_BYTES)
        caller = await self._callers.admit(recognised, body)
        direct = DIRECT_HEADER in request.headers
        return await self._secrets.mint(caller, text(body), direct=direct)

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "sessions": self._calls.live})

    async def _read(self, request: web.Request, body: bytes) -> tuple[str, str | None]:
        """The offer, and the session object where one came along."""
        if request.content_type == SDP:
            refuse_longer(body, self._config.limits.sdp_bytes)
            return text(body), None
        parts = await self._parts(request, body)
        if "sdp" in parts:
            return parts["sdp"], parts.get("session")
        raise CallRefused(400, "there is no part named sdp", code="invalid_value", param="sdp")

    async def _parts(self, request: web.Request, body: bytes) -> dict[str, str]:
        limits = {"sdp": self._config.limits.sdp_bytes, "session": SESSION_BYTES}
        found: dict[str, str] = {}
        reader = MultipartReader(request.headers, stream(body))
        for _ in range(MAX_PARTS):
            part = await reader.next()
            if part is None:
                break
            if not isinstance(part, BodyPartReader) or part.name not in limits:
                raise CallRefused(400, "the parts are sdp and session", code="invalid_value")
            found[part.name] = text(await limited(part.read_chunk, limits[part.name]))
        return found


async def _served(
    carrier: SocketCarrier | EventSocket, socket: web.WebSocketResponse, request: web.Request
) -> web.StreamResponse:
    """The upgrade, and what it is for, to its end."""
    try:
        await socket.prepare(request)
    except ConnectionError:  # who asked has gone, which is no error of ours
        await carrier.close()
        return web.Response(status=400)
    except BaseException:
        await carrier.close()
        raise
    await carrier.serve(socket)
    return socket


def _naming(placed: Placed) -> dict[str, str]:
    """Where the call can be hung up, whether it goes on, and that we speak `edgevoice.*`."""
    resumed = {RESUMED_HEADER: placed.call_id} if placed.resumed else {}
    ours = {} if placed.is_foreign else {VERSION_HEADER: __version__}
    return {"Location": f"/v1/realtime/calls/{placed.call_id}", **ours, **resumed}


def _refuse_other_kinds(request: web.Request) -> None:
    if request.content_type not in (SDP, "multipart/form-data"):
        raise CallRefused(
            415,
            f"post the offer as {SDP}, or as multipart/form-data with the parts sdp and session",
            code="unsupported_media_type",
        )


def _patch(session: str | None, query: Mapping[str, str]) -> SessionPatch:
    """The settings that came with the call, judged as `session.update` judges them."""
    patch: SessionPatch = {}
    if session is not None:
        update = decode_client_event(f'{{"type":"session.update","session":{session}}}')
        if not isinstance(update, SessionUpdate):
            raise RemoteProtocolError("session: one JSON object wanted")
        patch = update.session
    if model := query.get("model"):
        patch = {"model": model, **patch}
    if query.get("intent") == "transcription":
        patch["type"] = "transcription"
    return patch


def _wake(header: str | None) -> wake_phrase.WakePhrase | None:
    return None if header is None else wake_phrase.parse_header(header)


def _context(header: str | None) -> context_claim.ContextClaim | None:
    return None if header is None else context_claim.parse_header(header)


async def _preflight(request: web.Request) -> web.Response:
    asked = request.headers.get("Access-Control-Request-Headers", "")
    allowed = asked if _HEADER_NAMES.fullmatch(asked) else "Authorization, Content-Type"
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Allow-Headers": allowed,
            "Access-Control-Max-Age": "600",
        },
    )


def in_openai_shape(publish: Publish) -> Middleware:
    """What is refused is told to the caller as OpenAI does it, and to those who watch."""

    @web.middleware
    async def shape(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except CallRefused as refusal:
            publish(Refused(refusal.status, refusal.code or ""))
            response = _refusal(refusal)
        except StoreError as error:
            log.error("%s", error)
            publish(Refused(503, "store_trouble"))
            response = _refusal(
                CallRefused(503, "the relay is in trouble: its log says more", code="store_trouble")
            )
        except web.HTTPException as error:
            publish(Refused(error.status, ""))
            response = _refusal(CallRefused(error.status, error.reason))
        if request.path.startswith("/v1/"):  # no other page is to read what the owner may see
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
        return response

    return shape


def _refusal(refusal: CallRefused) -> web.Response:
    response = web.json_response(refusal.body(), status=refusal.status)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(math.ceil(refusal.retry_after_s))
    return response
