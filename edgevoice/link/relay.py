"""What a session needs of a relay, however it is reached. `signalling.py` is the usual one."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from yarl import URL

from edgevoice.link.signalling import Answer, Upgraded


class Relay(AbstractAsyncContextManager[Any], Protocol):
    """Open it with `async with` for as long as the program runs."""

    @property
    def relay(self) -> str:
        """Its name for logs: host and port."""

    @property
    def url(self) -> str:
        """Where what is sent goes."""

    @property
    def rtt_s(self) -> float | None:
        """To it and back, as last measured; None: not yet."""

    async def renew(self) -> None:
        """Forget kept connections: the way they went may be dead."""

    async def call(self, offer: str, headers: dict[str, str]) -> Answer:
        """Post the offer. Raises LinkError, LinkRefused or LinkTimeout."""

    async def upgrade(self, headers: dict[str, str]) -> Upgraded:
        """Place a call over a WebSocket. Raises LinkError, LinkRefused or LinkTimeout."""

    async def hang_up(self, location: URL) -> None:
        """Best effort."""

    async def warm(self) -> None:
        """Have its handshakes done before anybody speaks. Raises LinkError."""
