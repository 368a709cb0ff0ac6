"""Who may call a relay of these tests, by a clock that follows the virtual time."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from edgevoice.config import RelayConfig
from edgevoice.identity import call_token, device_key
from edgevoice.identity.device_key import DeviceKey
from edgevoice.relay.access.callers import Callers
from edgevoice.relay.access.client_secrets import ClientSecrets
from edgevoice.relay.access.ledger import Ledger
from edgevoice.relay.access.own_secrets import OwnSecrets
from edgevoice.relay.access.tokens import Tokens
from edgevoice.relay.calls import Calls
from edgevoice.relay.http.signalling import Signalling
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.records import Device, Pairing
from edgevoice.relay.store.store import Store

EPOCH = 1_900_000_000.0
ORIGIN = "http://relay.test"


def wall_clock() -> float:
    return EPOCH + asyncio.get_running_loop().time()


def ledger(store: Store | None = None) -> Ledger:
    return Ledger(store or MemoryStore(), wall_clock, "relay_1")


def callers(tokens_file: str, store: Store | None = None, **options: bool) -> Callers:
    tokens = Tokens(tokens_file)
    tokens.load(alone=False)
    return Callers(tokens, store or MemoryStore(), wall_clock, **options)


@dataclass
class PairedDevice:
    """One that signs each of its requests."""

    key: DeviceKey
    clock_is_ahead_s: float = 0.0
    origin: str = ORIGIN
    last: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.key.fingerprint

    def headers(self, request: str, body: bytes = b"") -> dict[str, str]:
        now = wall_clock() + self.clock_is_ahead_s
        token = call_token.sign(self.key, self.origin, request, body, now)
        self.last = {"Authorization": f"Bearer {token}"}
        return self.last


async def paired(store: Store, folder: Path, label: str = "kitchen") -> PairedDevice:
    """A device whose pairing is over."""
    key = device_key.create(folder / f"{label}.key")
    public, now = key.public, wall_clock()
    waiting = Pairing(f"pair_{label}", "CODECODE", label, public.text, ORIGIN, "hash", now + 600)
    await store.add_pairing(waiting)
    device = Device(public.fingerprint, label, public.text, ORIGIN, now)
    assert await store.approve(waiting.pairing_id, device)
    return PairedDevice(key)


def front_door(config: RelayConfig, calls: Calls, store: Store | None = None) -> Signalling:
    """The HTTP side of a relay without an upstream."""
    kept = store or MemoryStore()
    secrets = ClientSecrets(OwnSecrets(config, kept, wall_clock), None, calls.count_start)
    return Signalling(config, callers(config.tokens_file, kept), calls, secrets)
