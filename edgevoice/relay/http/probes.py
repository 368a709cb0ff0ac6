"""What a device may try without calling: whom it is taken for, and whether media gets through.

`edgevoice doctor` asks. A probe is a connection like that of a call, with nothing behind it:
no session, no engine, no sound that anybody hears, and nothing is counted. It ends by itself.
"""

import asyncio
import logging

from aiohttp import web

from edgevoice import __version__
from edgevoice.config import RelayConfig
from edgevoice.errors import LinkError, RemoteProtocolError
from edgevoice.relay.access.callers import Caller, Callers
from edgevoice.relay.http.media_address import media_host
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.http.request_body import read_body, text
from edgevoice.webrtc.call import Call

ME = "/v1/edgevoice/me"
PROBE = "/v1/edgevoice/probe"

log = logging.getLogger(__name__)

PROBE_S = 6.0
"""A handshake takes less than one, under heavy loss five."""
MOST_PROBES = 4
"""At a time, and one of each caller."""
BUSY_S = 2.0


class Probes:
    def __init__(self, config: RelayConfig, callers: Callers) -> None:
        self._config = config
        self._callers = callers
        self._group: asyncio.TaskGroup | None = None
        self._by: set[str] = set()
        """Those who are probing."""

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(ME, self._me)
        app.router.add_post(PROBE, self._probe)

    async def run(self) -> None:
        """Carry the probes, until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            await asyncio.Event().wait()

    async def _me(self, request: web.Request) -> web.Response:
        """Who signs or sends a token, by the relay's own word; it costs nothing."""
        caller = await self._callers.of(request)
        return web.json_response(
            {
                "object": "edgevoice.me",
                "name": str(caller),
                "kind": caller.kind,
                "version": __version__,
                "engine": self._config.engine,
            }
        )

    async def _probe(self, request: web.Request) -> web.Response:
        recognised = await self._callers.recognise(request)
        body = await read_body(request, self._config.limits.sdp_bytes)
        caller = await self._callers.admit(recognised, body)
        answer = await self._answer(caller, text(body), media_host(self._config, request))
        return web.Response(status=201, text=answer, content_type="application/sdp")

    async def _answer(self, caller: Caller, offer: str, host: str | None) -> str:
        if caller.kind == "secret":
            raise CallRefused(403, "a client secret is for its own call", code="forbidden")
        if self._group is None or caller.name in self._by or len(self._by) >= MOST_PROBES:
            raise CallRefused(
                429,
                "another probe is under way",
                code="rate_limit_exceeded",
                retry_after_s=BUSY_S,
            )
        self._by.add(caller.name)
        try:
            call = self._make_call(host)
            answer = await call.answer(offer)
        except (RemoteProtocolError, LinkError) as error:
            self._by.discard(caller.name)
            status = 400 if isinstance(error, RemoteProtocolError) else 503
            raise CallRefused(status, str(error), code="invalid_offer") from error
        except BaseException:
            self._by.discard(caller.name)
            raise
        self._group.create_task(self._carry(call, caller.name))
        return answer

    def _make_call(self, host: str | None) -> Call:
        return Call(
            on_audio=lambda index, samples: None,
            on_message=lambda message: None,
            on_open=lambda: None,
            on_closed=lambda reason: None,
            media_host=host,
            sdp_bytes=self._config.limits.sdp_bytes,
        )

    async def _carry(self, call: Call, name: str) -> None:
        """To its end, which is the device's goodbye or the end of our patience."""
        try:
            async with asyncio.timeout(PROBE_S):
                # A bug in it is not to end the relay: it is logged, as one in a session is.
                (outcome,) = await asyncio.gather(call.run(), return_exceptions=True)
                if outcome is not None:
                    log.error("a probe ended by a bug", exc_info=outcome)
        except TimeoutError:
            pass  # the device has found out by now what it wanted to know
        finally:
            self._by.discard(name)
