"""A server behind a URL, by streamable HTTP or by the older HTTP with SSE.

Both are the package's transports on an HTTP client of ours that bounds what it reads: a body
that is read whole, and the rate of one that never ends. Nothing is decompressed, for a
kilobyte can become a gigabyte. No proxy is taken from the environment. Redirects are followed
by the package, within the origin only.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from edgevoice.errors import McpError
from edgevoice.relay.access.limits import Bucket
from edgevoice.relay.mcp.pulse import MAX_MESSAGE, Pulse, Streams

CONNECT_S = 5.0
SILENCE_S = 3_600.0
"""Of a stream that is open for whenever there is news."""
KB_PER_S = 512.0
KB_BURST = 4_096.0


@contextlib.asynccontextmanager
async def reach_server(
    url: str, headers: Mapping[str, str], ca_file: str, older: bool, pulse: Pulse
) -> AsyncIterator[Streams]:
    """`older`: by HTTP with SSE."""
    client = _client(headers, ca_file, pulse)
    transport: contextlib.AbstractAsyncContextManager[Streams]
    if older:
        transport = sse_client(url, timeout=CONNECT_S, httpx_client_factory=lambda *_, **__: client)
    else:
        transport = streamable_http_client(url, http_client=client, max_sse_event_size=MAX_MESSAGE)
    async with contextlib.AsyncExitStack() as stack:
        if not older:  # the other one enters the client itself
            await stack.enter_async_context(client)
        received, to_send = await stack.enter_async_context(transport)
        yield Counted(received, pulse), to_send


def _client(headers: Mapping[str, str], ca_file: str, pulse: Pulse) -> httpx2.AsyncClient:
    try:
        tls = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise McpError(f"ca_file {ca_file} cannot be used: {error}") from None
    return httpx2.AsyncClient(
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(CONNECT_S, read=SILENCE_S),
        transport=Bounded(httpx2.AsyncHTTPTransport(verify=tls, trust_env=False), pulse),
        trust_env=False,
    )


class Counted:
    """The messages received, until there are too many of them."""

    def __init__(self, received: Any, pulse: Pulse) -> None:
        self._received = received
        self._pulse = pulse

    @property
    def last_context(self) -> Any:
        return self._received.last_context

    def __aiter__(self) -> "Counted":
        return self

    async def __anext__(self) -> Any:
        try:
            message = await anext(self._received)
        except StopAsyncIteration:
            self._pulse.end("it closed the connection")
            raise
        if not self._pulse.beat(asyncio.get_running_loop().time()):
            raise StopAsyncIteration
        return message

    async def receive(self) -> Any:
        return await anext(self)

    async def aclose(self) -> None:
        await self._received.aclose()

    async def __aenter__(self) -> "Counted":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class Bounded(httpx2.AsyncBaseTransport):
    """Another transport, with bodies that end when they are too long."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, pulse: Pulse) -> None:
        self._inner = inner
        self._pulse = pulse

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            self._pulse.end("it compresses its answers though nobody asked it to")
            raise httpx2.RemoteProtocolError(self._pulse.lost)
        kind = response.headers.get("content-type", "")
        endless = kind.startswith("text/event-stream")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Body(response.stream, endless, self._pulse)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, endless: bool, pulse: Pulse) -> None:
        self._inner = inner
        self._endless = endless
        self._pulse = pulse

    async def __aiter__(self) -> AsyncIterator[bytes]:
        now = asyncio.get_running_loop().time
        budget = Bucket(KB_PER_S, KB_BURST, now())
        read = 0
        async for chunk in self._inner:
            read += len(chunk)
            kilobytes = range(read // 1024 - (read - len(chunk)) // 1024)
            if self._endless and not all(budget.take(now()) for _ in kilobytes):
                self._fail(f"it sends more than {KB_PER_S:g} kB per second")
            if not self._endless and read > MAX_MESSAGE:
                self._fail(f"it sent a message of more than {MAX_MESSAGE} bytes")
            yield chunk

    def _fail(self, reason: str) -> None:
        self._pulse.end(reason)
        raise httpx2.StreamClosed()

    async def aclose(self) -> None:
        await self._inner.aclose()
