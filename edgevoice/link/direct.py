"""Signalling to the server behind the relay: the relay mints a secret, the server takes the call.

Two origins, both configured, and each sees its own credential only: the relay the
device's token, the server a secret for one call. It stands where `Signalling` stands.
"""

import logging
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from yarl import URL

from edgevoice.config import LinkConfig
from edgevoice.errors import LinkError, LinkRefused
from edgevoice.link.announced import Announced
from edgevoice.link.credential import BearerToken, Credential
from edgevoice.link.relay import Relay
from edgevoice.link.signalling import Answer, Secret, Signalling, Upgraded

log = logging.getLogger(__name__)

UNAUTHORIZED = 401


def make_signalling(config: LinkConfig, credential: Credential) -> Relay:
    """To the relay, or with `link.direct` past it."""
    return DirectSignalling(config, credential) if config.direct else Signalling(config, credential)


def destination(config: LinkConfig) -> str:
    """Where the sound goes."""
    return config.direct_url if config.direct else config.url


class DirectSignalling:
    """Use with `async with`; one per link, for as long as the program runs."""

    def __init__(self, config: LinkConfig, credential: Credential) -> None:
        self._mint = Signalling(config, credential)
        there = replace(config, url=config.direct_url)
        self._server = Signalling(there, BearerToken(""), setting="link.direct_url")
        self._stack = AsyncExitStack()
        self._calls: dict[URL, Secret] = {}
        """The secret by which each call was made hangs it up, too. One or two at a time."""

    @property
    def relay(self) -> str:
        """The server's name for logs: host and port."""
        return self._server.relay

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def rtt_s(self) -> float | None:
        return self._server.rtt_s

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._mint)
        await self._stack.enter_async_context(self._server)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def call(self, offer: str, headers: dict[str, str]) -> Answer:
        """Raises LinkError, LinkRefused or LinkTimeout.

        The headers are for relays: what they say of the wake phrase is nobody else's business.
        """
        secret = await self._mint.secret()
        try:
            return await self._call(secret, offer)
        except LinkRefused as refusal:
            if refusal.status != UNAUTHORIZED:
                raise
        log.debug("the secret was not accepted; once more with a new one")
        try:
            return await self._call(await self._mint.secret(), offer)
        except LinkRefused as refusal:
            if refusal.status != UNAUTHORIZED:
                raise
            raise LinkRefused(
                UNAUTHORIZED,
                f"{self.relay} does not accept secrets of {self._mint.relay}: link.direct_url"
                " here and relay.upstream.url there must name the same server",
            ) from refusal

    async def hang_up(self, location: URL) -> None:
        """Best effort; the server finds out by itself a little later."""
        secret = self._calls.pop(location, None)
        if secret is not None:
            await self._server.hang_up(location, secret)

    async def upgrade(self, headers: dict[str, str]) -> Upgraded:
        raise LinkError(
            f"{self.relay} carries no calls over a WebSocket of ours: set link.transport: webrtc"
        )

    async def speech(self, text: str) -> bytes:
        return await self._mint.speech(text)

    async def announcements(self, wait_s: float) -> list[Announced]:
        return await self._mint.announcements(wait_s)

    async def renew(self) -> None:
        await self._mint.renew()
        await self._server.renew()

    async def forget(self) -> int:
        """At the relay; the server has its own terms."""
        return await self._mint.forget()

    async def warm(self) -> None:
        """Both connections. Raises LinkError."""
        await self._mint.warm()
        await self._server.warm()

    async def _call(self, secret: Secret, offer: str) -> Answer:
        answer = await self._server.call_with(secret, offer)
        if answer.location is not None:
            self._calls[answer.location] = secret
        return answer
