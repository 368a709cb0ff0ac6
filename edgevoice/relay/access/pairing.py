"""Devices that want to be let in, and the owner who lets them: what may happen, and how often.

A pairing waits in the store, because the owner's command is another process. Its code is
computed here and never told: the owner has to read it off the device
(`identity/pairing_code.py` says what that is good for).
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.errors import CredentialError
from edgevoice.identity.device_key import PublicKey
from edgevoice.identity.pairing_code import (
    LENGTH,
    NONCE_BYTES,
    authority_sha256,
    pairing_code,
    typed,
)
from edgevoice.relay.access.tokens import NAME
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.ids import random_id
from edgevoice.relay.store.records import Device, Pairing
from edgevoice.relay.store.store import Store

LIFE_S = 600.0
TRIES = 5
MOST_WAITING = 16
"""Also bounds how often the slow hash is computed for strangers: 16 times in ten minutes."""


@dataclass(frozen=True, slots=True)
class Begun:
    pairing_id: str
    poll_secret: str
    nonce: str
    expires_at: float


class Pairings:
    """The relay's side of those that wait."""

    def __init__(
        self, store: Store, authority: str, code_of: Callable[..., str] = pairing_code
    ) -> None:
        """`authority`: the certificate that devices pin, PEM; empty: none."""
        self._store = store
        self._code_of = code_of
        self.authority = authority
        self._beginning = asyncio.Lock()
        """One at a time: each takes 32 MB for 0.1 s, and must see those before it."""

    async def begin(self, name: str, key: PublicKey, origin: str, now: float) -> Begun:
        """CallRefused when too many wait."""
        if self._beginning.locked():
            raise _too_many()
        async with self._beginning:
            if len(await self._store.pairings(now)) >= MOST_WAITING:
                raise _too_many()
            begun = Begun(
                random_id("pair"),
                secrets.token_urlsafe(32),
                secrets.token_hex(NONCE_BYTES),
                now + LIFE_S,
            )
            authority = authority_sha256(self.authority)
            code = await asyncio.to_thread(self._code_of, key.text, origin, authority, begun.nonce)
            await self._store.add_pairing(
                Pairing(
                    begun.pairing_id,
                    code,
                    name,
                    key.text,
                    origin,
                    _hash(begun.poll_secret),
                    begun.expires_at,
                )
            )
            return begun

    async def find(self, pairing_id: str, poll_secret: str, now: float) -> Pairing | None:
        """None: it is over, or is not that device's."""
        pairing = await self._store.pairing(pairing_id, now)
        if pairing is None or not hmac.compare_digest(pairing.poll_hash, _hash(poll_secret)):
            return None
        return pairing

    async def device(self, pairing: Pairing) -> Device | None:
        """That it has become."""
        return await self._store.device(pairing.device_id)


async def approve(store: Store, code: str, name: str, now: float) -> Device:
    """The device that shows this code is let in; by the name it gave itself unless there is one.

    CredentialError: no device shows it, or the name is taken.
    """
    code = typed(code)
    if len(code) != LENGTH or not code.isascii():
        raise CredentialError(f"a code has {LENGTH} letters, as the device shows them")
    waiting = await store.pairings(now)
    found = [pairing for pairing in waiting if hmac.compare_digest(pairing.code, code)]
    if not found:
        await store.miss(TRIES)
        raise CredentialError(_nobody(waiting))
    pairing = found[0]
    key = PublicKey.parse(pairing.public_key)
    device = Device(key.fingerprint, name or pairing.name, key.text, pairing.origin, now)
    await _check_name(store, device.name, device.device_id)
    if not await store.approve(pairing.pairing_id, device):
        raise CredentialError(
            "somebody else has just approved that device; see `edgevoice relay devices`"
        )
    return device


async def rename(store: Store, device: Device, name: str) -> None:
    await _check_name(store, name, device.device_id)
    await store.rename_device(device.device_id, name)


async def named(store: Store, name: str) -> Device:
    """The device of that name or id that may call. CredentialError where there is none."""
    known = [device for device in await store.devices() if not device.revoked]
    for device in known:
        if name in (device.name, device.device_id):
            return device
    names = ", ".join(device.name for device in known) or "none"
    raise CredentialError(f'no device is called "{name}"; there are: {names}')


async def _check_name(store: Store, name: str, device_id: str) -> None:
    if not NAME.fullmatch(name):
        raise CredentialError(f'"{name}" is no name: use letters, digits, ".", "_" and "-"')
    for device in await store.devices():
        if device.name == name and device.device_id != device_id and not device.revoked:
            raise CredentialError(
                f'there is a device called "{name}" already ({device.device_id}): '
                "choose another name with --name, or revoke that one first"
            )


def _nobody(waiting: list[Pairing]) -> str:
    if not waiting:
        return "no device waits to be paired: `edgevoice pair` on the device shows a code"
    left = min(max(0, TRIES - 1 - pairing.missed) for pairing in waiting)
    return (
        f"no device shows that code. {len(waiting)} waiting, and {left} more tries;"
        " type it as shown; if it was, somebody is between the device and this relay"
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _too_many() -> CallRefused:
    return CallRefused(
        503,
        "too many devices wait to be paired: approve them, or try again in ten minutes",
        code="too_many_pairings",
        retry_after_s=10.0,
    )
