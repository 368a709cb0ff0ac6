"""The relay seen by its owner, over HTTP: /metrics, the live page, and the events that feed it.

The page itself holds nothing to hide, and asks for the token; what it shows is admitted by
`admission.py`. The token comes in a header, never in an address: those end up in logs.
"""

import asyncio
import socket
from contextlib import aclosing
from importlib import resources

from aiohttp import web

from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.monitoring.admission import Admission
from edgevoice.relay.monitoring.broadcast import Broadcast
from edgevoice.relay.monitoring.metrics import CONTENT_TYPE, Metrics

KEPT_BYTES = 65_536
"""By the kernel for one who does not read; it would keep megabytes."""
STALL_S = 20.0
"""Whoever does not read for so long is not there any more."""
FILES = {
    "/live": ("live.html", "text/html"),
    "/live/page.js": ("live.js", "text/javascript"),
    "/live/page.css": ("live.css", "text/css"),
    "/live/icon.svg": ("icon.svg", "image/svg+xml"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Pages:
    def __init__(self, admission: Admission, metrics: Metrics, broadcast: Broadcast) -> None:
        self._admission = admission
        self._metrics = metrics
        self._broadcast = broadcast
        self._files: dict[str, bytes] = {}

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/metrics", self._show_metrics)
        app.router.add_get("/live/events", self._stream)
        app.router.add_get("/", self._lead_on)
        for path in FILES:
            app.router.add_get(path, self._show_file)
        app.on_shutdown.append(self._close)

    async def _show_metrics(self, request: web.Request) -> web.Response:
        self._judge(request)
        return web.Response(
            body=self._metrics.text(), headers=HEADERS | {"Content-Type": CONTENT_TYPE}
        )

    async def _lead_on(self, request: web.Request) -> web.Response:
        self._hide(request)
        return web.Response(status=302, headers=HEADERS | {"Location": "/live"})

    async def _show_file(self, request: web.Request) -> web.Response:
        self._hide(request)
        name, kind = FILES[request.path]
        if name not in self._files:
            folder = resources.files("edgevoice.relay.monitoring") / "page"
            self._files[name] = (folder / name).read_bytes()
        return web.Response(
            body=self._files[name], headers=HEADERS | {"Content-Type": f"{kind}; charset=utf-8"}
        )

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self._judge(request)
        if self._broadcast.is_full:
            raise CallRefused(
                503, "too many look at this page already", code="overloaded", retry_after_s=10.0
            )
        kind = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=HEADERS | kind)
        await response.prepare(request)
        _keep_little(request)
        try:
            async with aclosing(self._broadcast.read()) as states:
                async for state in states:
                    async with asyncio.timeout(STALL_S):
                        await response.write(state)
        except (ConnectionError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()  # what waits to be sent is let go of at once
        return response

    def _judge(self, request: web.Request) -> None:
        """CallRefused unless this caller may look."""
        if self._admission.admits(request.remote or "", request.headers):
            return
        self._hide(request)
        raise CallRefused(
            401,
            "send Authorization: Bearer TOKEN with the token of relay.admin_token_file",
            code="invalid_api_key",
        )

    def _hide(self, request: web.Request) -> None:
        """Where no token could help, strangers do not learn that there is something."""
        if self._admission.needs_token:
            return
        if not self._admission.is_near(request.remote or "", request.headers):
            raise CallRefused(404, "Not Found")

    async def _close(self, _app: web.Application) -> None:
        self._broadcast.close()


def _keep_little(request: web.Request) -> None:
    connection = request.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEPT_BYTES)
