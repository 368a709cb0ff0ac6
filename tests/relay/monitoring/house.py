"""Monitoring behind a real port, with nothing to watch but what a test publishes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from aiohttp import web

from edgevoice.audio.departures import Departures
from edgevoice.relay.http.signalling import in_openai_shape
from edgevoice.relay.monitoring import facts
from edgevoice.relay.monitoring.admission import Admission
from edgevoice.relay.monitoring.monitoring import Monitoring
from edgevoice.relay.monitoring.waterfall import Stage, TurnReport

TOKEN = "0123456789abcdef0123456789abcdef"
DAY = date(2026, 11, 30)


def began(call_id: str = "rtc_1", caller: str = "kitchen", **others) -> facts.SessionBegan:
    said = {"kind": "token", "engine": "local", "transport": "webrtc", **others}
    return facts.SessionBegan(call_id, caller, **said)


def turn(
    call_id: str = "rtc_1",
    number: int = 1,
    outcome: str = "completed",
    ms: tuple[int, ...] = (0, 120, 130, 480, 510, 900, 3400),
) -> facts.TurnEnded:
    """Its marks fall after so many milliseconds."""
    marks = tuple((stage, at / 1000) for stage, at in zip(Stage, ms, strict=False))
    return facts.TurnEnded(call_id, TurnReport(number, True, outcome, marks))


def billed(call_id: str = "rtc_1", cost_usd: float = 0.0) -> facts.ResponseBilled:
    return facts.ResponseBilled(call_id, facts.Tokens(40, 30, 20, 60), cost_usd)


class House:
    """`url` is what a browser opens; `near`: as a request of this machine, or of another one."""

    def __init__(self, token: str = "", *, near: bool = True) -> None:
        admission = Admission(token, behind_proxy=not near)
        self.monitoring = Monitoring("0.5.0", "local", admission, lambda: DAY)
        self.url = ""
        self.port = 0

    def publish(self, *happened: facts.Fact) -> None:
        for fact in happened:
            self.monitoring.publish(fact)

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[None]:
        app = web.Application(middlewares=[in_openai_shape(self.monitoring.publish)])
        self.monitoring.pages.add_to(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        self.port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        try:
            yield
        finally:
            await runner.cleanup()
            await asyncio.sleep(0)


def paced(call_id: str = "rtc_1", *late: int) -> facts.MediaCounted:
    counts = late or (48, 1, 1, 0, 0, 0, 0, 0, 0, 0)
    return facts.MediaCounted(call_id, 100, 2, Departures(counts, 0.01))
