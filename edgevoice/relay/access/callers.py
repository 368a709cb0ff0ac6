"""Who calls: the one place that knows from a request who made it.

There are three kinds of credential, each sent as `Authorization: Bearer ...`:

    token   random and long, its hash in the tokens file (`tokens.py`)
    device  a JWT that a paired device signed for this one request (`identity/call_token.py`)
    secret  `ek_...`, minted here for somebody else's client (`client_secrets.py`)

Browsers cannot set headers of a WebSocket; OpenAI's SDKs send the credential as the subprotocol
`openai-insecure-api-key.KEY` there, and that is taken, too.

A device's token is bound to the body, which comes later than the headers: `recognise` before a
body is read, so that no stranger makes us read one, and `admit` afterwards.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from aiohttp import web

from edgevoice.errors import (
    CallTokenError,
    CredentialError,
    TokenForAnother,
    TokenUntimely,
    TokenUsed,
)
from edgevoice.identity import call_token
from edgevoice.identity.device_key import FINGERPRINT, PublicKey
from edgevoice.realtime.session import SessionPatch
from edgevoice.relay.access.limits import Bucket
from edgevoice.relay.access.tokens import Tokens
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.http.upgrade import subprotocols
from edgevoice.relay.store.records import Device
from edgevoice.relay.store.store import Store

KEY_SUBPROTOCOL = "openai-insecure-api-key."
SECRET = "ek_"
SIGNED_PER_S, SIGNED_AT_ONCE = 2.0, 40
"""Requests of one device: more than one that loses its network again and again makes."""
SEEN_S = 60.0
"""A device is noted as seen no more often than that."""

Kind = Literal["token", "device", "secret"]

audit = logging.getLogger("edgevoice.relay.audit")


@dataclass(frozen=True, slots=True)
class Caller:
    name: str
    """Whose limits count, and whose calls and conversations these are: the name of a token, or
    the id of a device. It never changes; of a client secret it is that of its owner."""
    kind: Kind = "token"
    label: str = ""
    """What its owner calls it."""
    address: str = ""
    session_patch: SessionPatch = field(default_factory=SessionPatch)
    """Settings that are bound to the credential."""
    token_hash: str = field(default="", repr=False, compare=False)
    """Of a token, or of that which a secret was made with: one that was replaced by another of
    its name is a revoked one."""
    secret: str = field(default="", repr=False)
    """The digest of a client secret: its calls are its own, though their owner pays."""

    def __str__(self) -> str:
        return self.label or self.name

    def may_end(self, placed_by: "Caller") -> bool:
        """A call of that caller; an owner may also end those of his secrets."""
        is_own = self.kind != "secret" or self.secret == placed_by.secret
        return is_own and self.name == placed_by.name


@dataclass(frozen=True, slots=True)
class Recognised:
    """It is this caller, if the body is the one that was signed."""

    caller: Caller
    claims: call_token.Claims | None = None
    """None: the credential is bound to no body."""


class Callers:
    def __init__(
        self,
        tokens: Tokens,
        store: Store,
        wall_clock: Callable[[], float],
        *,
        behind_proxy: bool = False,
    ) -> None:
        self._tokens = tokens
        self._store = store
        self._wall_clock = wall_clock
        self._behind_proxy = behind_proxy
        self._buckets: dict[str, Bucket] = {}
        """Of devices that are paired."""

    async def of(self, request: web.Request) -> Caller:
        """Who makes this request, which has no body. CallRefused: nobody we know."""
        return await self.admit(await self.recognise(request), b"")

    async def recognise(self, request: web.Request) -> Recognised:
        """Who seems to make this request. CallRefused: nobody we know."""
        credential = credential_of(request)
        address = address_of(request, self._behind_proxy)
        name = self._tokens.name_of(credential)  # first: a token may look like anything
        if name is not None:
            digest = secret_digest(credential)
            return Recognised(Caller(name, "token", name, address, token_hash=digest))
        if credential.startswith(SECRET):
            return Recognised(await self._holder(credential, address))
        if call_token.looks_like_one(credential):
            return await self._signer(credential, request, address)
        raise CallRefused(
            401,
            "no valid token: send Authorization: Bearer TOKEN; "
            "`edgevoice relay token NAME` makes one",
            code="invalid_api_key",
        )

    async def admit(self, recognised: Recognised, body: bytes) -> Caller:
        """It is that caller who sent this body, now and for the first time. CallRefused: not so."""
        claims, caller = recognised.claims, recognised.caller
        if claims is None:
            return caller
        now = self._wall_clock()
        number = f"{claims.issuer} {claims.token_id}"
        try:
            claims.check_body(body)
            if not await self._store.use_once(number, claims.usable_until, now):
                raise TokenUsed("the token has been used: each is good for one request")
        except CallTokenError as error:
            audit.warning(
                "device=%s address=%s refused: %s", caller.name, caller.address, _code(error)
            )
            raise _refusal(error) from None
        return caller

    async def admits(self, name: str, token_hash: str = "") -> bool:
        """Whether the caller of that name (with that token) may still call."""
        if FINGERPRINT.fullmatch(name):
            device = await self._store.device(name)
            return device is not None and not device.revoked
        return self._tokens.knows(name, token_hash)

    async def revision(self) -> object:
        """Another one than before when somebody may have been revoked."""
        return self._tokens.revision(), await self._store.revision()

    async def knows(self, called: str) -> bool:
        """Somebody of that name or label may call."""
        wanted = called.casefold()
        devices = await self._store.devices()
        return self._tokens.knows(called) or any(
            wanted in (device.name.casefold(), device.device_id.casefold())
            for device in devices
            if not device.revoked
        )

    async def label(self, name: str) -> str:
        """What the owner calls the caller of that name."""
        device = await self._store.device(name) if FINGERPRINT.fullmatch(name) else None
        return device.name if device else name

    async def _holder(self, credential: str, address: str) -> Caller:
        """Of a client secret of ours."""
        digest = secret_digest(credential)
        secret = await self._store.secret(digest, self._wall_clock())
        if secret is None or not await self.admits(secret.owner, secret.token_hash):
            raise CallRefused(
                401,
                "the client secret is unknown or has expired: ask for a new one",
                code="invalid_api_key",
            )
        patch = msgspec.json.decode(secret.session, type=SessionPatch)
        label = await self.label(secret.owner)
        return Caller(secret.owner, "secret", label, address, patch, secret.token_hash, digest)

    async def _signer(self, token: str, request: web.Request, address: str) -> Recognised:
        """The device that signed the token for this request."""
        now = self._wall_clock()
        try:
            device = await self._device(call_token.issuer_of(token))
            claims = call_token.verify(
                token,
                PublicKey.parse(device.public_key),
                device.origin,
                f"{request.method} {request.rel_url.raw_path}",
                now,
            )
        except CallTokenError as error:
            raise _refusal(error) from None
        bucket = self._buckets.setdefault(
            device.device_id, Bucket(SIGNED_PER_S, SIGNED_AT_ONCE, now)
        )
        if not bucket.take(now):
            raise CallRefused(
                429, "too many requests", code="rate_limit_exceeded", retry_after_s=bucket.wait_s
            )
        if now - (device.seen_at or 0.0) > SEEN_S:
            await self._store.device_seen(device.device_id, now)
        return Recognised(Caller(device.device_id, "device", device.name, address), claims)

    async def _device(self, device_id: str) -> Device:
        """Paired, and not revoked since."""
        device = await self._store.device(device_id) if FINGERPRINT.fullmatch(device_id) else None
        if device is None:
            raise CallRefused(
                401,
                "this relay does not know the device: `edgevoice pair` on the device",
                code="unknown_device",
            )
        if device.revoked:
            raise CallRefused(
                403,
                "the device was revoked: pair it anew if that was a mistake",
                code="device_revoked",
            )
        return device


def credential_of(request: web.Request) -> str:
    """What the request says to be admitted by; empty: nothing."""
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credential.strip()
    for name in subprotocols(request):
        if name.startswith(KEY_SUBPROTOCOL):
            return name.removeprefix(KEY_SUBPROTOCOL)
    return ""


def address_of(request: web.Request, behind_proxy: bool) -> str:
    """Where the request comes from; of what a proxy says only the part that it wrote itself."""
    if behind_proxy:
        said = ",".join(request.headers.getall("X-Forwarded-For", []))
        last = said.rpartition(",")[2].strip()
        if re.fullmatch(r"[0-9A-Fa-f.:]{2,45}", last):
            return last
    return request.remote or ""


def secret_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _refusal(error: CredentialError) -> CallRefused:
    return CallRefused(401, str(error), code=_code(error))


def _code(error: CredentialError) -> str:
    """Devices mend `clock_skew` by the Date of the answer, and sign a `token_used` anew."""
    match error:
        case TokenUntimely():
            return "clock_skew"
        case TokenUsed():
            return "token_used"
        case TokenForAnother():
            return "token_for_another"
    return "invalid_api_key"
