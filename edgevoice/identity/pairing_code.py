"""The short code that a new device shows and its owner types at the relay.

Device and relay compute it apart, from what each of them saw: the device's public key, the
relay's certificate authority, the origin that was dialled, and the relay's nonce. Somebody
between the two has to change the key or the certificate, and then the codes differ. He could
try keys and nonces until they are the same by chance; with 30 letters in 8 places and a hash
that takes about 0.1 s and 32 MB, the ten minutes of a pairing are too short for one processor by a
factor of 10^7.

The way of a pairing, over HTTP (JSON both ways, errors in OpenAI's shape):

1.  POST /v1/edgevoice/pairings
        {"name": "kitchen", "public_key": 43 letters, "origin": "https://relay.lan:8790",
         "proof": base64 of the signature of `proof_message(...)`}
    201 {"pairing_id": "pair_...", "poll_secret": "...", "nonce": 32 hex digits,
         "expires_at": unix time, "poll_s": 2, "authority": PEM or ""}
    `origin` is scheme, host and port of the device's link.url as it dials them; the calls that
    the device signs name the same one. `authority` is the certificate that the device is going
    to pin. It proves nothing yet, so the device may not have verified the connection so far.
    From now on the device trusts this authority and nothing else, makes a new connection, and
    computes the code from it; where it is empty the connection must have been verified by the
    system's authorities, or be on loopback.
2.  GET /v1/edgevoice/pairings/{pairing_id}, with `Authorization: Bearer {poll_secret}`
    200 {"status": "pending", "expires_at": ...}
    200 {"status": "approved", "device_id": "dev_...", "name": "kitchen", "authority": ...}
    404 it is over: nobody approved it in time, or the code was typed wrong too often
    429 asked too often; `Retry-After` says when to ask again
3.  Meanwhile the owner runs `edgevoice relay devices approve CODE` at the relay.

Refusals of the first step: 400 `invalid_value` (param says which), 403 `invalid_proof`,
404 `pairing_is_off`, 429 `rate_limit_exceeded`, 503 `too_many_pairings`. A device that is paired
already may be paired again: its name and its origin are those of the last time.
"""

import hashlib
import ssl

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, no 1, I and L, and no U, which is heard as V."""
LENGTH = 8
NONCE_BYTES = 16
COST, BLOCK, PARALLEL = 2**15, 8, 1
"""scrypt's: 32 MB."""


def pairing_code(public_key: str, origin: str, authority_sha256: str, nonce: str) -> str:
    """Eight letters. Slow on purpose: not on an event loop.

    `authority_sha256`: hex, of the DER of the authority's certificate; empty: there is none.
    """
    seen = _joined("edgevoice pairing 1", public_key, origin, authority_sha256)
    number = int.from_bytes(
        hashlib.scrypt(
            seen,
            salt=bytes.fromhex(nonce),
            n=COST,
            r=BLOCK,
            p=PARALLEL,
            maxmem=2 * 128 * COST * BLOCK,
            dklen=32,
        )
    )
    letters = ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(LETTERS))
        letters += LETTERS[letter]
    return letters


def authority_sha256(certificate: str) -> str:
    """Of what the device pins (PEM); empty for empty. ValueError where it is not one certificate.

    Python stops reading at the end of the first one's base64, and OpenSSL does not: a second one
    behind it, of somebody in between, would be pinned and leave the code as it is.
    """
    if not certificate:
        return ""
    try:
        der = ssl.PEM_cert_to_DER_cert(certificate.strip())
    except ValueError:
        der = b""
    if not der or _letters(ssl.DER_cert_to_PEM_cert(der)) != _letters(certificate):
        raise ValueError("one certificate in PEM is wanted, and nothing beside it")
    return hashlib.sha256(der).hexdigest()


def proof_message(public_key: str, name: str, origin: str) -> bytes:
    """What the device signs to show that the public key is its own."""
    return _joined("edgevoice pairing proof 1", public_key, name, origin)


def shown(code: str) -> str:
    """As people read it: ABCD-EFGH."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def typed(text: str) -> str:
    """As people type it: in small letters, with or without the dash."""
    return text.upper().replace("-", "").replace(" ", "")


def _letters(text: str) -> str:
    return "".join(text.split())


def _joined(*parts: str) -> bytes:
    """With their lengths, so that nothing can move from one part into the next."""
    return b"".join(b"%d:%s," % (len(part.encode()), part.encode()) for part in parts)
