"""A store that is gone with the program: for tests, demonstrations and single evenings."""

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from edgevoice.relay.store.records import DayUse, Device, LiveCall, Pairing, Secret, Use
from edgevoice.relay.store.store import STALE_S


class MemoryStore:
    """See `Store`."""

    def __init__(self) -> None:
        self._revision = 0
        self._devices: dict[str, Device] = {}
        self._pairings: dict[str, Pairing] = {}
        self._used: dict[str, float] = {}
        self._secrets: dict[str, Secret] = {}
        self._uses: dict[tuple[str, str], Use] = {}
        self._calls: dict[str, tuple[float, tuple[LiveCall, ...]]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    async def revision(self) -> int:
        return self._revision

    async def devices(self) -> list[Device]:
        return sorted(self._devices.values(), key=lambda device: device.created_at)

    async def device(self, device_id: str) -> Device | None:
        return self._devices.get(device_id)

    async def rename_device(self, device_id: str, name: str) -> None:
        self._put(replace(self._devices[device_id], name=name))

    async def revoke_device(self, device_id: str, now: float) -> None:
        self._put(replace(self._devices[device_id], revoked_at=now))
        self._secrets = {k: s for k, s in self._secrets.items() if s.owner != device_id}

    async def device_seen(self, device_id: str, now: float) -> None:
        self._devices[device_id] = replace(self._devices[device_id], seen_at=now)

    async def add_pairing(self, pairing: Pairing) -> None:
        self._pairings[pairing.pairing_id] = pairing

    async def pairing(self, pairing_id: str, now: float) -> Pairing | None:
        found = self._pairings.get(pairing_id)
        return found if found and found.expires_at > now else None

    async def pairings(self, now: float) -> list[Pairing]:
        return [
            pairing
            for pairing in self._pairings.values()
            if pairing.expires_at > now and not pairing.device_id
        ]

    async def approve(self, pairing_id: str, device: Device) -> bool:
        pairing = self._pairings.get(pairing_id)
        if pairing is None or pairing.device_id:
            return False
        self._pairings[pairing_id] = replace(pairing, device_id=device.device_id)
        self._put(device)
        return True

    async def miss(self, most: int) -> None:
        for pairing in list(self._pairings.values()):
            if pairing.device_id:
                continue
            if pairing.missed + 1 >= most:
                del self._pairings[pairing.pairing_id]
            else:
                self._pairings[pairing.pairing_id] = replace(pairing, missed=pairing.missed + 1)

    async def use_once(self, number: str, until: float, now: float) -> bool:
        if self._used.get(number, now) > now:
            return False
        self._used[number] = until
        return True

    async def add_secret(self, secret: Secret) -> None:
        self._secrets[secret.digest] = secret

    async def secret(self, digest: str, now: float) -> Secret | None:
        found = self._secrets.get(digest)
        return found if found and found.expires_at > now else None

    async def count_secrets(self, owner: str, now: float) -> int:
        return sum(
            secret.owner == owner and secret.expires_at > now for secret in self._secrets.values()
        )

    async def add_use(self, caller: str, day: str, use: Use) -> None:
        self._uses[caller, day] = self._uses.get((caller, day), Use()) + use

    async def use(self, caller: str, day: str) -> Use:
        return self._uses.get((caller, day), Use())

    async def uses(self, since: str) -> list[DayUse]:
        found = [
            DayUse(caller, day, use) for (caller, day), use in self._uses.items() if day >= since
        ]
        by_caller = sorted(found, key=lambda used: used.caller)
        return sorted(by_caller, key=lambda used: used.day, reverse=True)

    async def show_calls(self, relay_id: str, calls: Sequence[LiveCall], now: float) -> None:
        self._calls[relay_id] = now, tuple(calls)

    async def calls(self, now: float) -> list[LiveCall]:
        live = [
            call for shown_at, calls in self._calls.values() if now - shown_at < STALE_S
            for call in calls
        ]  # fmt: skip
        return sorted(live, key=lambda call: call.began_at)

    async def sweep(self, now: float, before_day: str) -> None:
        self._pairings = {k: p for k, p in self._pairings.items() if p.expires_at > now}
        self._used = {number: until for number, until in self._used.items() if until > now}
        self._secrets = {k: s for k, s in self._secrets.items() if s.expires_at > now}
        self._uses = {key: use for key, use in self._uses.items() if key[1] >= before_day}
        self._calls = {k: shown for k, shown in self._calls.items() if now - shown[0] < STALE_S}

    def _put(self, device: Device) -> None:
        self._devices[device.device_id] = device
        self._revision += 1
