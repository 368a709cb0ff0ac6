"""The token that a device signs for a call, and what a stranger makes of one."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt import PyJWS

from edgevoice.errors import CallTokenError
from edgevoice.identity import call_token
from edgevoice.identity.device_key import DeviceKey
from tests.fuzzing.targets import CORPUS

NOW = 1_800_000_000.0
KEY = DeviceKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
AUDIENCE, REQUEST = "https://relay.example:8790", "POST /v1/realtime/calls"
GOOD = (CORPUS / "tokens" / "good.jwt").read_text()
"""As `call_token.sign` made it."""


def contract(data: bytes) -> None:
    """CallTokenError, unless the device signed just that; and then its claims are in bounds."""
    text = data.decode("utf-8", "surrogateescape")
    if _verified(text) is not None:
        assert _signed_part(text) == _signed_part(GOOD)
    claims = _verified(PyJWS().encode(data, KEY.private, algorithm="EdDSA"))
    if claims is not None:
        assert claims.issuer == KEY.fingerprint
        assert 0 < len(claims.token_id) <= 128
        assert NOW <= claims.usable_until <= NOW + call_token.LIFE_S + 2 * call_token.LEEWAY_S


def _verified(token: str) -> call_token.Claims | None:
    try:
        call_token.issuer_of(token)
        return call_token.verify(token, KEY.public, AUDIENCE, REQUEST, NOW)
    except CallTokenError:
        return None


def _signed_part(token: str) -> str:
    return token.rpartition(".")[0]
