"""What must outlive the relay, or be seen by another process: the interface.

`memory.py` and `sqlite.py` are the two that there are; one test suite runs against both. Every
method may wait for a disk or a network, and takes effect wholly or not at all: not at all where
it raises StoreError, wholly where whoever waits for it is cancelled. What is over
(`now` is past it) is as good as gone, whether it has been swept up or not.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from edgevoice.relay.store.records import DayUse, Device, LiveCall, Pairing, Secret, Use

STALE_S = 15.0
"""A relay that has not shown its calls for this long is dead, and so are they."""


class Store(Protocol):
    """Use with `async with`. StoreError says what is wrong with it and what to do."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def revision(self) -> int:
        """Another number than before when a device may have been changed, by whatever process."""

    async def devices(self) -> list[Device]:
        """All of them, the eldest first; the revoked ones, too."""

    async def device(self, device_id: str) -> Device | None: ...

    async def rename_device(self, device_id: str, name: str) -> None: ...

    async def revoke_device(self, device_id: str, now: float) -> None:
        """With the secrets it has made, for it may be approved again."""

    async def device_seen(self, device_id: str, now: float) -> None: ...

    async def add_pairing(self, pairing: Pairing) -> None: ...

    async def pairing(self, pairing_id: str, now: float) -> Pairing | None: ...

    async def pairings(self, now: float) -> list[Pairing]:
        """Those that wait for their owner."""

    async def approve(self, pairing_id: str, device: Device) -> bool:
        """The device is one from now on, also if it had been revoked. False: too late."""

    async def miss(self, most: int) -> None:
        """A wrong code was typed: all that wait have a try less, and after `most` they are gone."""

    async def use_once(self, number: str, until: float, now: float) -> bool:
        """True for the first who asks for this number until then."""

    async def add_secret(self, secret: Secret) -> None: ...

    async def secret(self, digest: str, now: float) -> Secret | None: ...

    async def count_secrets(self, owner: str, now: float) -> int: ...

    async def add_use(self, caller: str, day: str, use: Use) -> None: ...

    async def use(self, caller: str, day: str) -> Use: ...

    async def uses(self, since: str) -> list[DayUse]:
        """Of every caller, that day and later; the newest day first."""

    async def show_calls(self, relay_id: str, calls: Sequence[LiveCall], now: float) -> None:
        """These are all that this relay carries now. To be said again before `STALE_S` is over."""

    async def calls(self, now: float) -> list[LiveCall]:
        """Of all relays that live, the eldest first."""

    async def sweep(self, now: float, before_day: str) -> None:
        """Forget what is over, and what was used before that day."""
