"""The board's own key: Ed25519, made here, and never leaves.

A relay knows a device by its public key and names it by the key's fingerprint. The file is
PKCS#8 in PEM, which `openssl pkey -in FILE -text` reads. Where it lies is the caller's choice.
"""

import base64
import hashlib
import os
import re
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edgevoice.errors import CredentialError

KEY_BYTES = 32
FINGERPRINT_BYTES = 10
"""80 bits: whoever wants another key of the same name has to try 2^80 of them."""
FINGERPRINT = re.compile(r"dev_[a-z2-7]{16}")
MOST_FILE_BYTES = 4_096


class PublicKey:
    """What others know of a device; compares by its bytes."""

    def __init__(self, raw: bytes) -> None:
        """CredentialError where the bytes are no key."""
        self.raw = raw
        try:
            self.key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise CredentialError("a public key of Ed25519 must have 32 bytes") from None

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """The opposite of `text`; CredentialError where it is none."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise CredentialError("a public key is 43 letters of base64url") from None
        if _text(raw) != text:  # several texts would otherwise be the same key
            raise CredentialError("a public key is 43 letters of base64url")
        return cls(raw)

    @property
    def text(self) -> str:
        """43 characters, base64url without padding."""
        return _text(self.raw)

    @property
    def fingerprint(self) -> str:
        """The device's id at every relay: `dev_` and 16 letters."""
        digest = hashlib.sha256(self.raw).digest()[:FINGERPRINT_BYTES]
        return "dev_" + base64.b32encode(digest).decode().lower()

    def signed(self, signature: bytes, message: bytes) -> bool:
        try:
            self.key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)


class DeviceKey:
    """The private half; it has no text, so that it gets into no log."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        self.public = PublicKey(
            private.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw
            )
        )

    @property
    def fingerprint(self) -> str:
        return self.public.fingerprint

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)

    def __repr__(self) -> str:
        return f"DeviceKey({self.fingerprint})"


def create(path: Path) -> DeviceKey:
    """Make a key and write it there, for its owner alone. CredentialError where one is already."""
    key = DeviceKey(Ed25519PrivateKey.generate())
    pem = key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        _write_new(path, pem)
    except FileExistsError:
        raise CredentialError(
            f"there is a key at {path} already: relays know this device by it; "
            "remove it if it is to be another device"
        ) from None
    except OSError as error:
        raise CredentialError(
            f"cannot write the device's key to {path} ({error.strerror}): "
            "make the folder, and let this user write there"
        ) from error
    return key


def load(path: Path, *, by_manager: bool = False) -> DeviceKey:
    """CredentialError says what is wrong with the file, and what to do.

    `by_manager`: a service manager's copy, whose group bits stand for an access list.
    """
    too_open = stat.S_IRWXO if by_manager else stat.S_IRWXG | stat.S_IRWXO
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & too_open:
                raise CredentialError(
                    f"{path} can be read by others, who could call as this device: "
                    f"chmod 600 {path}, and pair anew if somebody may have copied it"
                )
            pem = file.read(MOST_FILE_BYTES)
    except OSError as error:
        if isinstance(error, CredentialError):
            raise
        raise CredentialError(
            f"cannot read the device's key at {path} ({error.strerror}); `edgevoice pair` makes one"
        ) from error
    return DeviceKey(_private(pem, path))


def load_or_create(path: Path) -> DeviceKey:
    return load(path) if path.exists() else create(path)


def _private(pem: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise CredentialError(
            f"{path} holds no Ed25519 key (PKCS#8, PEM): remove it, and pair anew with "
            "`edgevoice pair`"
        )
    return private


def _write_new(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the power goes; FileExistsError where something is there."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)  # unlike a rename it replaces nothing
    finally:
        fresh.unlink()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
