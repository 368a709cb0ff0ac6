"""Files of keys and tokens, as a broken disk may hand them in."""

from pathlib import Path

from edgevoice.errors import CredentialError
from edgevoice.identity import device_key
from edgevoice.identity.device_key import PublicKey
from edgevoice.relay.access.tokens import Tokens
from tests.fuzzing.scratch import written


def contract(data: bytes) -> None:
    """CredentialError, or a key that signs, a public key that is written the same."""
    path = written("key", data)
    path.chmod(0o600)
    _signs(path)
    text = data.decode("utf-8", "surrogateescape")
    try:
        assert PublicKey.parse(text).text == text
    except CredentialError:
        pass
    tokens = Tokens(str(path))
    try:
        tokens.load()
    except CredentialError:
        return
    assert tokens.name_of(text) is None


def _signs(path: Path) -> None:
    try:
        key = device_key.load(path)
    except CredentialError as error:
        assert str(path) in str(error)
        return
    assert key.public.signed(key.sign(b"message"), b"message")
