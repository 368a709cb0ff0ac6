"""Servers on this machine that a doctor can be sent to: a whole relay, and somebody else's.

Each runs in a thread with a loop of its own, because the doctor's checks block.
"""

import asyncio
import datetime
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from edgevoice.audio.vad import WebRtcVad
from edgevoice.config import DetectionConfig, RelayConfig
from edgevoice.hardware.system.service_manager import ServiceManager
from edgevoice.relay.access.authority import make_certificates
from edgevoice.relay.access.tokens import create
from edgevoice.relay.app import Relay, make_engine

MADE = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)
Serve = Callable[[asyncio.Event, Callable[[str], None]], Awaitable[None]]


@contextmanager
def running(serve: Serve) -> Iterator[str]:
    """Its URL, while it lasts."""
    up = threading.Event()
    told: list[str] = []
    stops: list[Callable[[], object]] = []

    async def run() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))

        def announce(url: str) -> None:
            told.append(url)
            up.set()

        await serve(stop, announce)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert up.wait(20), "the server did not start"
        yield told[0]
    finally:
        for stop in stops:
            stop()
        thread.join()


def config(folder: Path, *, tls: bool = False, **settings: object) -> RelayConfig:
    made = RelayConfig(
        port=0,
        engine="parrot",
        store="memory",
        tokens_file=str(folder / "tokens"),
        detection=DetectionConfig(vad="webrtc"),
        **settings,  # type: ignore[arg-type]
    )
    if not tls:
        return made
    _, (authority, _, certificate, key) = make_certificates(folder / "tls", ["127.0.0.1"], MADE)
    return replace(made, tls_cert=str(certificate), tls_key=str(key), tls_ca=str(authority))


@contextmanager
def relay(config: RelayConfig) -> Iterator[str]:
    """A whole one, with the parrot as its engine and a token for `kitchen` beside its tokens."""
    token = Path(config.tokens_file).with_name("token")
    token.write_text(create(config.tokens_file, "kitchen"))
    token.chmod(0o600)

    async def serve(stop: asyncio.Event, announce: Callable[[str], None]) -> None:
        made = Relay(config, make_engine(config), WebRtcVad, ServiceManager({}))
        await made.run(stop, announce)

    with running(serve) as url:
        yield url


@contextmanager
def server(app: Callable[[], web.Application], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    async def serve(stop: asyncio.Event, announce: Callable[[str], None]) -> None:
        runner = web.AppRunner(app())
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
            scheme = "https" if tls else "http"
            announce(f"{scheme}://127.0.0.1:{runner.addresses[0][1]}")
            await stop.wait()
        finally:
            await runner.cleanup()

    with running(serve) as url:
        yield url


def openai(token: str, date: str = "") -> web.Application:
    """Knows nothing of `edgevoice`."""

    async def models(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {token}":
            wrong = {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}
            return web.json_response(wrong, status=401)
        return web.json_response({"data": []}, headers={"Date": date} if date else None)

    app = web.Application()
    app.router.add_get("/v1/models", models)
    return app
