"""A token is good for one relay, one request, one body and one minute."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgevoice.errors import TokenForAnother, TokenForged, TokenStale, TokenTooEarly
from edgevoice.identity.call_token import (
    LEEWAY_S,
    LIFE_S,
    body_hash,
    issuer_of,
    looks_like_one,
    sign,
    verify,
)
from edgevoice.identity.device_key import DeviceKey

RELAY = "https://relay.lan:8790"
CALL = "POST /v1/realtime/calls"
NOW = 1_900_000_000.0
KEY = DeviceKey(Ed25519PrivateKey.generate())
OTHER = DeviceKey(Ed25519PrivateKey.generate())
GOOD = {
    "iss": KEY.fingerprint,
    "aud": RELAY,
    "iat": int(NOW),
    "exp": int(NOW) + LIFE_S,
    "jti": "number",
    "req": CALL,
    "sdp": body_hash(b"v=0"),
}


def signed(body=b"v=0", *, key=KEY, audience=RELAY, request=CALL, now=NOW):
    return sign(key, audience, request, body, now)


def verified(token, *, audience=RELAY, request=CALL, now=NOW, key=KEY):
    return verify(token, key.public, audience, request, now)


def forged(**claims):
    return enveloped({**GOOD, **claims})


def enveloped(claims, **headers):
    """Signed without a look at what is in it."""
    content = json.dumps(claims).encode()
    return jwt.PyJWS().encode(content, KEY.private, algorithm="EdDSA", headers=headers)


def test_a_good_one_says_whose_it_is():
    claims = verified(signed())
    assert claims.issuer == KEY.fingerprint == issuer_of(signed())
    claims.check_body(b"v=0")


def test_no_two_have_the_same_number():
    assert verified(signed()).token_id != verified(signed()).token_id


@pytest.mark.parametrize("age_s", [-LEEWAY_S, 0, LIFE_S, LIFE_S + LEEWAY_S])
def test_clocks_may_differ_a_little(age_s):
    verified(signed(now=NOW - age_s))


def test_an_old_one_and_an_early_one_are_told_apart():
    with pytest.raises(TokenStale, match="behind") as stale:
        verified(signed(now=NOW - LIFE_S - LEEWAY_S - 1))
    with pytest.raises(TokenTooEarly, match="ahead"):
        verified(signed(now=NOW + LEEWAY_S + 1))
    assert stale.value.made_at == NOW - LIFE_S - LEEWAY_S - 1


def test_its_number_is_kept_for_as_long_as_it_is_accepted():
    claims = verified(signed())
    verified(signed(), now=claims.usable_until)
    with pytest.raises(TokenStale):
        verified(signed(), now=claims.usable_until + 1)


def test_it_is_for_one_relay_request_and_body():
    with pytest.raises(TokenForAnother, match=r"link\.url"):
        verified(signed(), audience="https://elsewhere:8790")
    with pytest.raises(TokenForAnother, match="request"):
        verified(signed(), request="GET /v1/realtime")
    with pytest.raises(TokenForAnother, match="body"):
        verified(signed()).check_body(b"v=0 ")


def test_another_device_cannot_speak_for_this_one():
    with pytest.raises(TokenForged):
        verified(signed(key=OTHER))
    with pytest.raises(TokenForged, match="another device"):
        verified(forged(iss=OTHER.fingerprint))


def test_no_device_makes_itself_tokens_that_last():
    for until in (LIFE_S + 1, 0, -1):
        with pytest.raises(TokenForged, match="more than"):
            verified(forged(exp=int(NOW) + until))


def part(**content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def with_algorithm(name, signature=""):
    return f"{part(alg=name, typ='JWT')}.{part(**GOOD)}.{signature}"


@pytest.mark.parametrize(
    "token",
    [
        with_algorithm("none"),
        with_algorithm("None"),
        with_algorithm("EdDSA"),
        with_algorithm("EdDSA", "A" * 86),
        jwt.encode(GOOD, KEY.public.text, algorithm="HS256"),
        "",
        "a.b.c",
        "..",
        "ü.ü.ü",
        signed()[:-8] + "AAAAAAA=",
        signed() + "." + signed(),
        "x" * 5_000 + "..",
        f"{part(alg='EdDSA')}.{base64.urlsafe_b64encode(b'[' * 1500).decode()}.",
    ],
)
def test_only_a_signature_of_the_device_is_believed(token):
    with pytest.raises(TokenForged):
        verified(token)


@pytest.mark.parametrize("claim", GOOD)
def test_no_claim_may_be_missing_or_of_another_kind(claim):
    missing = {name: value for name, value in GOOD.items() if name != claim}
    with pytest.raises(TokenForged):
        verified(enveloped(missing))
    with pytest.raises((TokenForged, TokenForAnother)):
        verified(forged(**{claim: [1]}))


@pytest.mark.parametrize("iat", [1e400, True, -1, 2**63, "1", None, float("nan")])
def test_a_strange_time_is_a_forgery(iat):
    with pytest.raises(TokenForged):
        verified(forged(iat=iat))


def test_other_credentials_do_not_look_like_one():
    assert looks_like_one(signed())
    assert not looks_like_one("ev_" + "x" * 43)
    assert not looks_like_one("ek_" + "x" * 43)
