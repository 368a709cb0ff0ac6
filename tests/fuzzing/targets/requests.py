"""Bodies that are posted to a relay: for client secrets, pairings, announcements."""

import asyncio
from functools import cache

import msgspec

from edgevoice.config import RelayConfig
from edgevoice.relay.access.callers import Caller
from edgevoice.relay.access.client_secrets import ClientSecrets
from edgevoice.relay.access.own_secrets import OwnSecrets
from edgevoice.relay.access.pairing_pages import _asked, _proven
from edgevoice.relay.announcing import pages, speech
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.http.request_body import text
from edgevoice.relay.store.memory import MemoryStore

CALLER = Caller("kitchen")


def contract(data: bytes) -> None:
    """CallRefused, which can be told as JSON, or what was asked for."""
    for take in (_mint, _pair, pages.read, speech.read):
        try:
            take(data)
        except CallRefused as refusal:
            assert 400 <= refusal.status < 500
            msgspec.json.encode(refusal.body())


def _mint(data: bytes) -> None:
    secrets = ClientSecrets(
        OwnSecrets(RelayConfig(), MemoryStore(), lambda: 5.0), None, _count_start
    )
    _loop().run_until_complete(secrets.mint(CALLER, text(data), direct=False))


def _pair(data: bytes) -> None:
    _proven(_asked(data))


async def _count_start(_caller: Caller) -> None:
    raise AssertionError("a secret of ours starts no session")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()
