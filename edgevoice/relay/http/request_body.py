"""Bodies of requests: read to a limit and within a time, and no error of ours when broken."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError

from edgevoice.relay.http.refusal import CallRefused

BODY_S = 10.0
"""An offer is 2 kB; whoever is slower holds a connection open on purpose."""

UNREADABLE = (
    HttpProcessingError,
    web.RequestPayloadError,
    ConnectionError,
    ValueError,
    LookupError,
    AssertionError,
    RuntimeError,
)
"""What aiohttp raises while it reads a malformed body, or one whose sender has gone."""


async def read_body(request: web.Request, limit: int) -> bytes:
    """All of it, as it was sent: a device has signed it like that. CallRefused otherwise."""
    try:
        async with asyncio.timeout(BODY_S):
            return await limited(request.content.read, limit)
    except TimeoutError:
        raise CallRefused(408, "the body did not arrive in time", code="timeout") from None
    except UNREADABLE as error:
        raise CallRefused(400, "the body is broken", code="invalid_body") from error


async def limited(read: Callable[[int], Awaitable[bytes]], limit: int) -> bytes:
    """All of it, or 413 as soon as it is too much."""
    body = bytearray()
    while chunk := await read(8192):
        body += chunk
        refuse_longer(body, limit)
    return bytes(body)


def refuse_longer(body: bytes | bytearray, limit: int) -> None:
    if len(body) > limit:
        raise CallRefused(413, f"more than {limit} bytes", code="too_large")


def text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise CallRefused(400, "not UTF-8", code="invalid_body") from None


def stream(body: bytes) -> StreamReader:
    """What aiohttp's parser of parts reads from."""
    loop = asyncio.get_running_loop()
    reader = StreamReader(BaseProtocol(loop), len(body) + 1, loop=loop)
    reader.feed_data(body)
    reader.feed_eof()
    return reader
