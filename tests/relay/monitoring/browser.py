"""A real Chromium without a window, driven over its DevTools protocol.

It gets a folder of its own, speaks to nobody but the pages it is told to open, and is
gone when the test is over.
"""

import asyncio
import base64
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
START_S = 60.0
WAIT_S = 30.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--hide-scrollbars",
)


class Page:
    """One tab. What its console and its security policy complain of is kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.complaints: list[str] = []
        self.addresses: list[str] = []
        """Of everything that was asked for."""

    async def listen(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif told["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif told["method"] == "Log.entryAdded":
                entry = told["params"]["entry"]
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
            elif told["method"] == "Runtime.exceptionThrown":
                self.complaints.append(str(told["params"]["exceptionDetails"]))
            elif told["method"] == "Network.requestWillBeSent":
                self.addresses.append(told["params"]["request"]["url"])

    async def tell(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        told = await answer
        assert "error" not in told, told
        return told["result"]

    async def open(self, url: str) -> None:
        self._loaded.clear()
        await self.tell("Page.navigate", url=url)
        async with asyncio.timeout(WAIT_S):
            await self._loaded.wait()

    async def value(self, expression: str) -> Any:
        told = await self.tell(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression: str) -> None:
        """The page comes to be like that."""
        look = f"() => ({expression}) ? done(true) : setTimeout(look, 20)"
        async with asyncio.timeout(WAIT_S):
            await self.value(f"new Promise((done) => {{ const look = {look}; look(); }})")

    async def look(self, colours: str = "light", width: int = 1100, height: int = 900) -> None:
        await self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 700,
        )
        await self.tell(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": colours}],
        )

    async def picture(self) -> bytes:
        """All of the page, as PNG."""
        told = await self.tell("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(told["data"])


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """One tab of a new browser."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(START_S):
            port = await _port(process.stderr)
        reading = asyncio.create_task(process.stderr.read())  # or it would wait for a reader
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/json") as response:
                (tab,) = [tab for tab in await response.json() if tab["type"] == "page"]
            async with http.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.create_task(page.listen())
                for part in ("Page", "Runtime", "Log", "Network"):
                    await page.tell(f"{part}.enable")
                yield page
            await asyncio.wait([listening])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    await reading


async def _port(told: asyncio.StreamReader) -> int:
    """As in "DevTools listening on ws://127.0.0.1:PORT/..."."""
    async for line in told:
        if b"DevTools listening on" in line:
            return URL(line.split()[-1].decode()).port or 0
    raise AssertionError("the browser does not start")
