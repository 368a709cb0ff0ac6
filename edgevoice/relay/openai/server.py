"""The server behind the relay, as brains and brokered calls see it: may it be called, and how."""

import asyncio
from collections.abc import Callable
from random import random

from edgevoice.config import UpstreamConfig
from edgevoice.realtime.session import SessionPatch
from edgevoice.relay.brain import BrainLost
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.openai.breaker import Breaker
from edgevoice.relay.openai.brokered_tools import BrokeredTools, with_ours
from edgevoice.relay.openai.connection import Connection
from edgevoice.relay.openai.dialect import Dialect, RealtimeDialect
from edgevoice.relay.openai.upstream import PlacedThere, Socket, Upstream

RETRY_S = 20.0


class Server:
    """One for as long as the relay runs."""

    def __init__(
        self, config: UpstreamConfig, upstream: Upstream, fraction: Callable[[], float] = random
    ) -> None:
        self.config = config
        self.upstream = upstream
        self.breaker = Breaker(fraction)
        self._fraction = fraction
        self.stall_s = config.stall_s
        self.renew_s = config.renew_s

    @property
    def has_fallback(self) -> bool:
        return self.config.fallback != "none"

    @property
    def is_broker(self) -> bool:
        return self.config.mode == "broker"

    async def place(
        self, caller: str, offer: str, asked: SessionPatch, tools: BrokeredTools
    ) -> PlacedThere | None:
        """Have the server take the call itself. None: it cannot, and somebody else may.

        CallRefused when it is the caller's fault, or nobody else would take it.
        """
        if not self.admits():
            self._refuse_alone(self.unavailable())
            return None
        session = self.upstream.session(asked)
        ours = with_ours(session.get("tools") or (), tools.definitions())
        try:
            return await self.upstream.call(
                caller, offer, session | ({"tools": ours} if ours else {})
            )
        except CallRefused as refusal:
            if refusal.code == "invalid_offer":
                raise
            self.failed(refusal.retry_after_s or 0.0)
            self._refuse_alone(refusal)
            return None

    def _refuse_alone(self, refusal: CallRefused) -> None:
        if not self.has_fallback:
            raise refusal

    def unavailable(self) -> CallRefused:
        return CallRefused(
            503,
            "the server behind this relay cannot be had at the moment",
            code="upstream_refused",
            retry_after_s=self.wait_s(),
        )

    def new_dialect(self) -> Dialect:
        return RealtimeDialect(self.config)

    async def connect(self, query: dict[str, str], token_name: str) -> Socket:
        return await self.upstream.connect(query, token_name)

    def admits(self) -> bool:
        return self.breaker.admits(self._now())

    def wait_s(self) -> float:
        return self.breaker.wait_s(self._now())

    def works(self) -> None:
        self.breaker.succeeded()

    def failed(self, at_least_s: float = 0.0) -> None:
        self.breaker.failed(self._now(), at_least_s)

    def lost(self, connection: Connection, reason: str) -> BrainLost:
        """What to raise, and the next session will not try at once."""
        wait_s = connection.refusal.retry_after_s if connection.refusal else None
        self.failed(wait_s or 0.0)
        return BrainLost(reason)

    def retry_s(self) -> float:
        """Full jitter, for a session that has another one to live from meanwhile."""
        return 1.0 + RETRY_S * self._fraction()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
