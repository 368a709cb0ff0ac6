"""Whether the connection to a server still lives, and whether there is news of its tools."""

import asyncio
import contextlib
from typing import Any

from edgevoice.errors import McpError
from edgevoice.relay.access.limits import Bucket

Streams = tuple[Any, Any]
"""What is received and what is to be sent: the package's streams of messages."""

MAX_MESSAGE = 1_048_576
"""Bytes of one message: the `mcp` package's own limit for events."""
MESSAGES_PER_S = 50.0
BURST = 300.0
"""A server that says more than this floods us. Each costs a fraction of a millisecond."""


class Pulse:
    """Of one connection."""

    def __init__(self, now: float) -> None:
        self._budget = Bucket(MESSAGES_PER_S, BURST, now)
        self._news = asyncio.Event()
        self.lost = ""
        """Why the connection is over; the first reason counts."""

    def beat(self, now: float) -> bool:
        """A message came. False: one too many, and the connection is over."""
        if not self._budget.take(now):
            self.end(f"it sends more than {MESSAGES_PER_S:g} messages per second")
        return not self.lost

    def end(self, reason: str) -> None:
        self.lost = self.lost or reason
        self._news.set()

    def changed(self) -> None:
        """Its tools may be others now, or it may be gone."""
        self._news.set()

    async def wait(self, at_most_s: float) -> None:
        """For news. Raises McpError when it is that the connection is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._news.wait()
        self._news.clear()
        if self.lost:
            raise McpError(self.lost)
