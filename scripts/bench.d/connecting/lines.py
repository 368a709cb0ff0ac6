"""Orders in, news out: what all ends have in common. Times are those of the machine's one clock."""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator

from aiohttp import web

OURS, STOCK = 8443, 8444
"""Ports of the two relays."""
SESSION_CREATED = (
    '{"type":"session.created","event_id":"e1","session":{"type":"realtime","id":"sess_1"}}'
)


def say(what: str, **news: object) -> None:
    print(json.dumps({"what": what, "at": time.monotonic(), **news}), flush=True)


async def orders() -> AsyncIterator[str]:
    """Lines until there are no more."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        yield line.decode().strip()


class Ear:
    """A relay's counters of one call. Samples are those of the device, 16 kHz."""

    def __init__(self, call: int) -> None:
        self.call = call
        self.end = 0
        self.gaps = 0

    def hear(self, index: int, samples: int, **counters: int) -> None:
        self.gaps += index - self.end
        self.end = index + samples
        say("heard", call=self.call, end=self.end, gaps=self.gaps, **counters)


async def serve(app: web.Application, address: str, port: int, certificate: str, key: str) -> None:
    """HTTPS until there are no more orders."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, address, port, ssl_context=tls).start()
    say("ready")
    async for _ in orders():
        pass
    await runner.cleanup()
