"""Client secrets of our own: for a client that nobody should trust with a token, such as a page.

Whoever holds one may open sessions until it expires, as its owner, with the settings that it
was made for; a session that runs then goes on. Only its hash is kept.
"""

import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from edgevoice.config import RelayConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import SessionPatch
from edgevoice.relay.access.callers import SECRET, Caller, secret_digest
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.ids import random_id
from edgevoice.relay.openai.upstream import Minted
from edgevoice.relay.session_settings import initial_settings
from edgevoice.relay.store.records import Secret
from edgevoice.relay.store.store import Store

MOST_AT_A_TIME = 100
"""Of one owner: each may hold 64 kB of instructions and tools."""


class OwnSecrets:
    def __init__(self, config: RelayConfig, store: Store, wall_clock: Callable[[], float]) -> None:
        self._config = config
        self._store = store
        self._wall_clock = wall_clock

    async def mint(self, caller: Caller, asked: SessionPatch, seconds: int) -> Minted:
        """CallRefused where there cannot be one."""
        now = self._wall_clock()
        session = self._session(asked)
        if await self._store.count_secrets(caller.name, now) >= MOST_AT_A_TIME:
            raise CallRefused(
                429,
                f"{MOST_AT_A_TIME} client secrets have not expired yet: use these, or make"
                " them expire sooner (expires_after)",
                code="rate_limit_exceeded",
                retry_after_s=60.0,
            )
        value = SECRET + secrets.token_urlsafe(32)
        expires_at = int(now) + seconds
        kept = Secret(
            secret_digest(value),
            caller.name,
            expires_at,
            msgspec.json.encode(asked).decode(),
            caller.token_hash,
        )
        await self._store.add_secret(kept)
        return Minted(value, expires_at, {**session, "expires_at": expires_at})

    def _session(self, asked: SessionPatch) -> dict[str, Any]:
        """What a session with it begins with."""
        try:
            settings = initial_settings(self._config, asked, random_id("sess"))
        except RemoteProtocolError as error:
            raise CallRefused(400, str(error), code="invalid_value", param="session") from error
        return dict(msgspec.to_builtins(settings))
