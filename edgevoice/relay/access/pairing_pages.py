"""Pairing over HTTP; `identity/pairing_code.py` has the contract.

Whoever can reach the port may ask, so everything here is small, bounded, and counted by address.
"""

import ipaddress
import logging
from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from edgevoice.errors import CredentialError
from edgevoice.identity.device_key import PublicKey
from edgevoice.identity.pairing_code import proof_message
from edgevoice.relay.access.callers import address_of, credential_of
from edgevoice.relay.access.limits import Bucket
from edgevoice.relay.access.pairing import Pairings
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.http.request_body import read_body

PATH = "/v1/edgevoice/pairings"
BODY_BYTES = 4_096
POLL_S = 2
BEGUN_PER_S, BEGUN_AT_ONCE = 1 / 60, 3
POLLS_PER_S, POLLS_AT_ONCE = 2.0, 20
MOST_ADDRESSES = 1_024
"""Of which one remembers how often they asked; the eldest are forgotten first."""

audit = logging.getLogger("edgevoice.relay.audit")


class Asked(msgspec.Struct):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
    public_key: Annotated[str, Meta(max_length=64)]
    origin: Annotated[str, Meta(pattern=r"^https?://[\x21-\x7e]{1,250}\Z")]
    proof: Annotated[bytes, Meta(min_length=64, max_length=64)]


class Rates:
    """A bucket per address; of IPv6 per network, which is what one household has."""

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._buckets: dict[str, Bucket] = {}

    def take(self, address: str, now: float) -> None:
        """CallRefused when it is too often."""
        network = _network(address)
        bucket = self._buckets.pop(network, None) or Bucket(self._rate_per_s, self._burst, now)
        self._buckets[network] = bucket
        if len(self._buckets) > MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        if not bucket.take(now):
            raise CallRefused(
                429, "too often", code="rate_limit_exceeded", retry_after_s=bucket.wait_s
            )


class PairingPages:
    def __init__(
        self, pairings: Pairings, wall_clock: Callable[[], float], *, behind_proxy: bool = False
    ) -> None:
        self._pairings = pairings
        self._wall_clock = wall_clock
        self._behind_proxy = behind_proxy
        self._begun = Rates(BEGUN_PER_S, BEGUN_AT_ONCE)
        self._polled = Rates(POLLS_PER_S, POLLS_AT_ONCE)

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(PATH, self._begin)
        app.router.add_get(PATH + "/{pairing_id}", self._poll)

    async def _begin(self, request: web.Request) -> web.Response:
        address, now = address_of(request, self._behind_proxy), self._wall_clock()
        self._begun.take(address, now)
        asked = _asked(await read_body(request, BODY_BYTES))
        key = _proven(asked)
        begun = await self._pairings.begin(asked.name, key, asked.origin, now)
        audit.info("device=%s address=%s wants to be paired", key.fingerprint, address)
        return web.json_response(
            {
                "pairing_id": begun.pairing_id,
                "poll_secret": begun.poll_secret,
                "nonce": begun.nonce,
                "expires_at": begun.expires_at,
                "poll_s": POLL_S,
                "authority": self._pairings.authority,
            },
            status=201,
        )

    async def _poll(self, request: web.Request) -> web.Response:
        now = self._wall_clock()
        self._polled.take(address_of(request, self._behind_proxy), now)
        pairing = await self._pairings.find(
            request.match_info["pairing_id"], credential_of(request), now
        )
        if pairing is None:
            raise CallRefused(
                404, "that pairing is over: nobody approved it in time", code="not_found"
            )
        device = await self._pairings.device(pairing) if pairing.device_id else None
        if device is None or device.revoked:
            return web.json_response({"status": "pending", "expires_at": pairing.expires_at})
        audit.info("device=%s is paired, and called %s", device.device_id, device.name)
        return web.json_response(
            {
                "status": "approved",
                "device_id": device.device_id,
                "name": device.name,
                "authority": self._pairings.authority,
            }
        )


def _asked(body: bytes) -> Asked:
    try:
        return msgspec.json.decode(body, type=Asked)
    except (ValueError, RecursionError) as error:
        raise CallRefused(400, f"the body: {error}"[:200], code="invalid_value") from None


def _proven(asked: Asked) -> PublicKey:
    """The key, which its owner has signed with."""
    try:
        key = PublicKey.parse(asked.public_key)
    except CredentialError as error:
        raise CallRefused(400, str(error), code="invalid_value", param="public_key") from None
    if not key.signed(asked.proof, proof_message(key.text, asked.name, asked.origin)):
        raise CallRefused(403, "the key did not sign this", code="invalid_proof", param="proof")
    return key


def _network(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
