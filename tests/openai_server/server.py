"""The HTTP of it: client secrets, calls, hanging up; errors in OpenAI's shape.

`GET /report` is for tests that look at a server in another process.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import Session as Effective
from edgevoice.realtime.session import merge
from tests.openai_server.answering import Behaviour
from tests.openai_server.rtc_session import RtcSession
from tests.openai_server.session import Session
from tests.openai_server.socket_session import SocketSession, attend

MODEL = "gpt-realtime-2.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Secret:
    expires_at: float
    """On the loop's clock."""
    session: dict[str, Any]


@dataclass
class Seen:
    """A request, as far as tests ask about it."""

    path: str
    headers: dict[str, str]
    body: Any = None


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class OpenAiServer:
    """`async with server.serving() as url`: the sessions end with it."""

    key: str
    behaviour: Behaviour = field(default_factory=Behaviour)
    lifetimes_s: list[float] = field(default_factory=list)
    """The next secrets live this long, whatever was asked for."""

    def __post_init__(self) -> None:
        self.secrets: dict[str, Secret] = {}
        self.sessions: list[Session] = []
        self.seen: list[Seen] = []
        self.refuse: list[Refused] = []
        """The next requests to mint are answered with these."""
        self.refuse_sockets: list[Refused] = []
        """The next WebSockets are answered with these; one that has no end stays."""
        self.down = False
        """Nobody gets an answer that is of any use."""
        self._calls: asyncio.Queue[RtcSession] = asyncio.Queue()

    @property
    def session(self) -> Session:
        """The newest."""
        return self.sessions[-1]

    @property
    def violations(self) -> list[str]:
        """Of all sessions."""
        return [
            found
            for session in self.sessions
            for found in session.violations + session.buffer.violations
        ]

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """The URL, without the /v1 path."""
        runner = web.AppRunner(self.application())
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            async with asyncio.TaskGroup() as group:
                carrying = group.create_task(self._carry())
                yield f"http://127.0.0.1:{runner.addresses[0][1]}"
                for session in self.sessions:
                    session.hang_up("the server stops")
                carrying.cancel()
        finally:
            await runner.cleanup()

    async def _carry(self) -> None:
        async with asyncio.TaskGroup() as group:
            try:
                while True:
                    group.create_task((await self._calls.get()).run())
            except asyncio.CancelledError:
                pass  # those that were hung up end by themselves

    def application(self) -> web.Application:
        app = web.Application(middlewares=[in_openai_shape])
        app.router.add_post("/v1/realtime/client_secrets", self._mint)
        app.router.add_post("/v1/realtime/calls", self._call)
        app.router.add_post("/v1/realtime/calls/{call_id}/hangup", self._hang_up)
        app.router.add_get("/v1/realtime", self._socket)
        app.router.add_get("/report", self._report)
        return app

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        self.seen.append(Seen(request.path_qs, dict(request.headers)))
        if self.down:
            raise Refused(503, "server_error", "The server is overloaded")
        if self.refuse_sockets:
            raise self.refuse_sockets.pop(0)
        await asyncio.sleep(self.behaviour.opens_after_s)
        asked = self._asked(request)
        socket = web.WebSocketResponse(autoping=False, heartbeat=None)
        if (call_id := request.query.get("call_id")) is not None:
            session = self._found(call_id)
            await socket.prepare(request)
            await attend(session, socket)
            return socket
        effective = merge(Effective(model=asked.get("model") or MODEL, id="sess_1"), asked)  # type: ignore[arg-type]
        await socket.prepare(request)
        carried = SocketSession(len(self.sessions) + 1, self.behaviour, effective)
        self.sessions.append(carried)
        await carried.run(socket)
        return socket

    def _found(self, call_id: str) -> Session:
        for session in self.sessions:
            if session.call_id == call_id and not session.over.is_set():
                return session
        raise Refused(404, "not_found", "No such call")

    async def _mint(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.seen.append(Seen(request.path, dict(request.headers), body))
        if self.refuse:
            raise self.refuse.pop(0)
        if bearer(request) != self.key:
            raise Refused(401, "invalid_api_key", f"Incorrect API key provided: {self.key[:5]}***")
        seconds = (body.get("expires_after") or {}).get("seconds", 600)
        if not 10 <= seconds <= 7200:
            raise Refused(400, "invalid_value", "expires_after.seconds: 10 to 7200")
        value, session = "ek_" + secrets.token_hex(16), body.get("session") or {}
        lives_s = self.lifetimes_s.pop(0) if self.lifetimes_s else seconds
        self.secrets[value] = Secret(asyncio.get_running_loop().time() + lives_s, session)
        shown = {"id": "sess_secret", "object": "realtime.session", "expires_at": 0} | session
        expires_at = int(time.time() + seconds)
        return web.json_response({"value": value, "expires_at": expires_at, "session": shown})

    async def _call(self, request: web.Request) -> web.Response:
        seen = Seen(request.path_qs, dict(request.headers))
        self.seen.append(seen)
        asked = self._asked(request)
        offer, seen.body = await read_call(request)
        session = seen.body
        if self.down:
            raise Refused(503, "server_error", "The server is overloaded")
        asked |= session
        behaviour = self.behaviour
        effective = merge(Effective(model=asked.get("model") or MODEL, id="sess_1"), asked)  # type: ignore[arg-type]
        call = RtcSession(f"rtc_{len(self.sessions) + 1}", behaviour, effective)
        try:
            answer = await call.answer(offer)
        except RemoteProtocolError as error:
            raise Refused(400, "invalid_offer", str(error)) from error
        self.sessions.append(call)
        self._calls.put_nowait(call)
        place = f"/v1/realtime/calls/{call.call_id}"
        return web.Response(
            status=201, text=answer, content_type="application/sdp", headers={"Location": place}
        )

    def _asked(self, request: web.Request) -> dict[str, Any]:
        """The session of the secret, or of the query when the key itself is shown."""
        token, now = bearer(request), asyncio.get_running_loop().time()
        if token == self.key:
            return {"model": request.query["model"]} if "model" in request.query else {}
        secret = self.secrets.get(token)
        if secret is None or now >= secret.expires_at:
            raise Refused(401, "invalid_api_key", "Your client secret is unknown or has expired.")
        return dict(secret.session)

    async def _hang_up(self, request: web.Request) -> web.Response:
        self.seen.append(Seen(request.path, dict(request.headers)))
        self._found(request.match_info["call_id"]).hang_up("the client hung up")
        return web.Response()

    async def _report(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "sessions": [session.report() for session in self.sessions],
                "headers": [sorted(seen.headers) for seen in self.seen],
            }
        )


def bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


async def read_call(request: web.Request) -> tuple[str, dict[str, Any]]:
    """The offer alone, or as a part beside the session."""
    if request.content_type == "application/sdp":
        return await request.text(), {}
    if request.content_type != "multipart/form-data":
        raise Refused(415, "unsupported_media_type", "application/sdp or multipart/form-data")
    parts = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        parts[part.name] = await part.text()
    return parts["sdp"], json.loads(parts.get("session", "{}"))


@web.middleware
async def in_openai_shape(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        said = {
            "message": str(refused),
            "type": "invalid_request_error",
            "code": refused.code,
            "param": None,
        }
        return web.json_response({"error": said}, status=refused.status)
