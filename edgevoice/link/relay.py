"""What a session needs of a relay, however it is reached. `signalling.py` is the usual one."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from yarl import URL

from edgevoice.link.announced import Announced
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

    async def speech(self, text: str) -> bytes:
        """The text in the relay's voice: 24 kHz, 16 bit, mono. Raises as `call` does."""

    async def announcements(self, wait_s: float) -> list[Announced]:
        """What is to be said here, at once or within this time; each once. Raises as `call`."""

    async def forget(self) -> int:
        """Have it forget what was said; how many conversations. Raises as `call` does."""

    async def warm(self) -> None:
        """Have its handshakes done before anybody speaks. Raises LinkError."""
