"""OpenAI's JavaScript in a headless Chromium: a page of ours that asks for checks and reports.

The page is served from another port than the server's, so every request it makes there
is one of another origin, as it is for pages of an owner.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from edgevoice.conformance.modules import SCRIPTS, installed, program
from edgevoice.conformance.node_script import STOP_S, given
from edgevoice.conformance.reach import key_hash
from edgevoice.conformance.sound_checks import SPEECH
from edgevoice.conformance.target import Target
from edgevoice.errors import CheckFailed
from edgevoice.hardware.system.child_process import end

START_S = 20.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--autoplay-policy=no-user-gesture-required",
)


class BrowserScript:
    """The desk at which the page picks up checks and hands in reports."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._is_given = False
        self.checks: asyncio.Queue[str] = asyncio.Queue(1)
        self.reports: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
        self.arrived = asyncio.Event()
        """The page has been loaded, and asked for a check."""

    async def act(self, name: str) -> dict[str, Any]:
        await self.checks.put(name)
        while (report := await self.reports.get())["check"] != name:
            pass  # of one that took too long
        return report

    def application(self, modules: Path) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_get("/given", self._given)
        app.router.add_get("/check", self._check)
        app.router.add_post("/report", self._report)
        app.router.add_get("/speech.wav", self._speech)
        app.router.add_static("/scripts", SCRIPTS)
        app.router.add_static("/modules", modules)
        return app

    async def _page(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(SCRIPTS / "page.html")

    async def _speech(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(SPEECH)

    async def _given(self, request: web.Request) -> web.Response:
        """Once, to the page: others on this machine could ask too, and the token is in it."""
        if self._is_given:
            raise web.HTTPGone
        self._is_given = True
        return web.json_response(given(self._target))

    async def _check(self, request: web.Request) -> web.Response:
        self.arrived.set()
        return web.json_response({"check": await self.checks.get()})

    async def _report(self, request: web.Request) -> web.Response:
        await self.reports.put(await request.json())
        return web.Response()


@asynccontextmanager
async def browser_script(target: Target, directory: Path) -> AsyncIterator[BrowserScript]:
    modules = installed(directory)
    browser = program("chromium", *BROWSERS)
    script = BrowserScript(target)
    runner = web.AppRunner(script.application(modules), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            async with _chromium(browser, await _flags(target, profile), url):
                await _arrival(script)
                yield script
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _chromium(browser: str, flags: list[str], url: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        browser,
        *flags,
        url,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        await end(process, STOP_S)


async def _arrival(script: BrowserScript) -> None:
    try:
        async with asyncio.timeout(START_S):
            await script.arrived.wait()
    except TimeoutError:
        raise CheckFailed(f"a page loaded within {START_S:g} s", "nothing of the browser") from None


async def _flags(target: Target, profile: str) -> list[str]:
    flags = [*FLAGS, f"--user-data-dir={profile}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to run as root with one
    if target.insecure:
        flags.append("--ignore-certificate-errors")
    elif target.ca_file:
        flags.append(f"--ignore-certificate-errors-spki-list={await key_hash(target)}")
    return flags
