"""The token of one request: signed by the device, good for a minute, for this request only.

A JWT (RFC 7519) whose only algorithm is EdDSA. Its claims:

    iss  the device's fingerprint
    aud  the origin that the device dials, such as https://relay.example:8790; a relay knows by
         which one each device was paired, so that no relay can use at another what it was sent
    iat, exp, jti   made when, good until when, and a number that is used once
    req  the method and the path: "POST /v1/realtime/calls". As in RFC 9449 (DPoP), and without
         the query; a proxy in front of a relay must leave paths as they are
    sdp  SHA-256 of the body in hex; a GET, a WebSocket's upgrade and a hang-up have the empty one

So whoever reads one on its way can open no session with it: the offer in the body names the
certificate of the device's media, and a second use is refused. Pure: the time is an argument.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import jwt

from edgevoice.errors import TokenForAnother, TokenForged, TokenStale, TokenTooEarly
from edgevoice.identity.device_key import DeviceKey, PublicKey

ALGORITHM = "EdDSA"
LIFE_S = 60
LEEWAY_S = 30.0
"""Clocks that differ by no more than this need no repair."""
MOST_CHARS = 2_048
"""One has about 500; more is not even looked at."""

_REQUIRED = ["iss", "aud", "iat", "exp", "jti", "req", "sdp"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says; `check_body` is still to be asked."""

    issuer: str
    token_id: str
    usable_until: float
    """After that the token is refused for its age, and its number may be forgotten."""
    body_sha256: str

    def check_body(self, body: bytes) -> None:
        """TokenForAnother when it was signed for another body."""
        if not secrets.compare_digest(self.body_sha256, body_hash(body)):
            raise TokenForAnother("the token was signed for another body than the one that came")


def body_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def sign(key: DeviceKey, audience: str, request: str, body: bytes, now: float) -> str:
    """For one request, now; `request` is its method and path: "POST /v1/realtime/calls"."""
    claims = {
        "iss": key.fingerprint,
        "aud": audience,
        "iat": int(now),
        "exp": int(now) + LIFE_S,
        "jti": secrets.token_urlsafe(16),
        "req": request,
        "sdp": body_hash(body),
    }
    return jwt.encode(claims, key.private, algorithm=ALGORITHM)


def looks_like_one(text: str) -> bool:
    """Three parts with dots between: other kinds of credential have none."""
    return len(text) <= MOST_CHARS and text.count(".") == 2


def issuer_of(token: str) -> str:
    """Who says that he signed it, which nothing proves yet. CallTokenError where nobody does."""
    issuer = _decoded(token, None).get("iss")
    if not isinstance(issuer, str):
        raise TokenForged("the token does not say which device it is of")
    return issuer


def verify(token: str, key: PublicKey, audience: str, request: str, now: float) -> Claims:
    """CallTokenError says which of its claims does not hold; a body is checked afterwards."""
    claims = _decoded(token, key)
    issuer, number = _word(claims, "iss"), _word(claims, "jti")
    made, until = _time(claims, "iat"), _time(claims, "exp")
    if issuer != key.fingerprint:
        raise TokenForged("the token was signed by another device than it says")
    if not 0 < until - made <= LIFE_S:
        raise TokenForged(f"the token is meant to be good for more than {LIFE_S} s")
    if now > until + LEEWAY_S:
        raise TokenStale(
            f"the token is {now - made:.0f} s old: the device's clock is behind, or the token "
            "was kept too long",
            made,
        )
    if now < made - LEEWAY_S:
        raise TokenTooEarly(
            f"the token was made {made - now:.0f} s from now: the device's clock is ahead", made
        )
    if claims["aud"] != audience:
        raise TokenForAnother(
            f"the token is for {str(claims['aud'])[:100]} and the device was paired by {audience}: "
            "set link.url to that on the device, or pair it anew"
        )
    if claims["req"] != request:
        raise TokenForAnother("the token was signed for another request")
    return Claims(issuer, number, until + LEEWAY_S, _word(claims, "sdp"))


def _decoded(token: str, key: PublicKey | None) -> dict[str, Any]:
    """With its signature verified, unless no key is given. All of the rest is the caller's."""
    if not looks_like_one(token):
        raise TokenForged("that is no token of a device")
    checks = {
        "verify_signature": key is not None,
        "require": _REQUIRED,
        **{f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "iss")},
    }
    try:
        if key is None:
            return jwt.decode(token, options=checks)  # type: ignore[arg-type]
        return jwt.decode(token, key.key, algorithms=[ALGORITHM], options=checks)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, RecursionError, TypeError) as error:
        raise TokenForged(f"the token is not the device's ({type(error).__name__})") from None


def _word(claims: dict[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or not value or len(value) > 128:
        raise TokenForged(f"the token's {name} is no short text")
    return value


def _time(claims: dict[str, Any], name: str) -> int:
    value = claims[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**40:
        raise TokenForged(f"the token's {name} is no time")
    return value
