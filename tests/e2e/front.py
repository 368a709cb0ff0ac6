"""What stands before a relay, as proxies do: passes calls on, or answers in its place, over TLS.

The certificate it shows can be replaced at any time. Every handshake and every call is counted.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from aiohttp import web

from edgevoice.relay.access.authority import make_certificates
from edgevoice.simulator.certificate import self_signed

Trouble = Callable[[web.Request], Awaitable[web.StreamResponse]]

HOST = "127.0.0.1"
OTHER_HOST = "hall.example"
LATE = timedelta(days=4_000)
"""Longer than a certificate is good for."""
HOPS = {"connection", "content-length", "transfer-encoding", "host", "date", "server"}


class Front:
    def __init__(self, folder: Path, behind: str, http: aiohttp.ClientSession) -> None:
        self._folder = folder
        self._behind = behind
        self._http = http
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.trouble: Trouble | None = None
        """Answers calls in the relay's place."""
        self.called_at: list[float] = []
        self.handshakes = 0
        self.url = ""
        self.show("good")

    @property
    def authority(self) -> Path:
        return self._folder / "ca.crt"

    def show(self, certificate: str) -> None:
        """From the next handshake on: `good`, `expired`, `self-signed` or `another host's`."""
        now = datetime.now(UTC)
        match certificate:
            case "self-signed":
                shown, key = self_signed(self._folder, HOST)
            case "another host's":
                _, (_, _, shown, key) = make_certificates(self._folder, [OTHER_HOST], now)
            case "expired":
                _, (_, _, shown, key) = make_certificates(self._folder, [HOST], now - LATE)
            case _:
                _, (_, _, shown, key) = make_certificates(self._folder, [HOST], now)
        self._tls.load_cert_chain(shown, key)

    def forget(self) -> None:
        self.called_at.clear()
        self.handshakes = 0

    async def serve(self) -> web.AppRunner:
        """Use its `cleanup` at the end."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._tls.sni_callback = self._shake
        await web.TCPSite(runner, HOST, 0, ssl_context=self._tls).start()
        self.url = f"https://{HOST}:{runner.addresses[0][1]}"
        return runner

    def _shake(self, *_: object) -> None:
        self.handshakes += 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/realtime/calls":
            self.called_at.append(asyncio.get_running_loop().time())
        response = await (self.trouble or self._pass_on)(request)
        response.force_close()  # so that each request sees the certificate of its time
        return response

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        async with self._http.request(
            request.method,
            f"{self._behind}{request.path_qs}",
            data=await request.read(),
            headers={k: v for k, v in request.headers.items() if k.lower() not in HOPS},
        ) as there:
            headers = {k: v for k, v in there.headers.items() if k.lower() not in HOPS}
            return web.Response(status=there.status, body=await there.read(), headers=headers)


@asynccontextmanager
async def front(folder: Path, behind: str) -> AsyncIterator[Front]:
    async with aiohttp.ClientSession() as http:
        standing = Front(folder, behind, http)
        runner = await standing.serve()
        try:
            yield standing
        finally:
            await runner.cleanup()


def answering(status: int, text: str = "", kind: str = "text/plain", **headers: str) -> Trouble:
    async def answer(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, content_type=kind, headers=named)

    return answer


async def silent(request: web.Request) -> web.StreamResponse:
    """Takes the call, and says nothing for longer than anybody waits."""
    await asyncio.sleep(60)
    return web.Response()
