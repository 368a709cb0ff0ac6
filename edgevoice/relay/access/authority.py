"""A certificate authority of the owner's own, and the relay's certificate, for homes without a
public name.

Devices pin the authority when they are paired, and trust nothing else for this relay. Both
certificates reach far into the past: boards have no clock of their own, and would otherwise not
believe them before they have reached a time server.
"""

import datetime
import ipaddress
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edgevoice.errors import CredentialError

VALID_FROM = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
VALID = datetime.timedelta(days=3_650)
"""From now on. The pin is what is trusted, not the date; whoever copied the key is answered by a
new authority."""

NAMES = ("ca.crt", "ca.key", "relay.crt", "relay.key")
_SECRET, _PUBLIC = 0o600, 0o644

Key = ec.EllipticCurvePrivateKey


def make_certificates(
    folder: Path, names: Sequence[str], now: datetime.datetime
) -> tuple[bool, list[Path]]:
    """The relay's certificate for these names, by the authority in the folder or a new one.

    Whether the authority is new, and the files of `NAMES`. CredentialError where they cannot
    be written, or what is there is no authority.
    """
    paths = [folder / name for name in NAMES]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_new = not paths[0].exists()
        if is_new:
            _make_authority(paths[0], paths[1], now)
        authority, key = _read_authority(paths[0], paths[1])
        _issue(authority, key, paths[2], paths[3], names, now)
    except OSError as error:
        if isinstance(error, CredentialError):
            raise
        raise CredentialError(
            f"cannot write the certificates to {folder} ({error.strerror}): run this as root, or"
            " name another folder with --dir"
        ) from error
    return is_new, paths


def own_names() -> list[str]:
    """By which others may reach this machine; nothing is asked of the network."""
    host = socket.gethostname()
    names = [host, f"{host.partition('.')[0]}.local", "localhost", "127.0.0.1", "::1"]
    with suppress(OSError):
        names += [str(found[4][0]) for found in socket.getaddrinfo(host, None)]
    for family, anybody in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # Of a UDP socket only the route is looked up: where would this go out?
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((anybody, 9))
            names.append(str(sock.getsockname()[0]))
    return list(dict.fromkeys(name.partition("%")[0] for name in names))


def _make_authority(certificate: Path, key_file: Path, now: datetime.datetime) -> None:
    # Alone it is of an authority that the power was cut in making.
    key = _read_key(key_file) if key_file.exists() else ec.generate_private_key(ec.SECP256R1())
    name = _name(f"edgevoice authority of {socket.gethostname()}"[:64])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        _builder(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _pem(key), _SECRET)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), _PUBLIC)


def _read_authority(certificate: Path, key_file: Path) -> tuple[x509.Certificate, Key]:
    try:
        authority = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError as error:
        raise _not_ours(certificate, error) from None
    key = _read_key(key_file)
    if key.public_key() != authority.public_key():
        raise CredentialError(f"{key_file} is not the key of {certificate}; restore both")
    return authority, key


def _read_key(path: Path) -> Key:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Key):
            raise TypeError("another kind of key")
    except (ValueError, TypeError, FileNotFoundError) as error:
        raise _not_ours(path, error) from None
    return key


def _not_ours(path: Path, error: Exception) -> CredentialError:
    return CredentialError(
        f"{path} is of no authority of ours ({error}); move it and what is beside it away, and"
        " devices will have to be paired anew"
    )


def _issue(
    authority: x509.Certificate,
    signer: Key,
    certificate: Path,
    key_file: Path,
    names: Sequence[str],
    now: datetime.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    places = x509.SubjectAlternativeName([_place(name) for name in names])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    made = (
        _builder(_name(names[0][:64]), authority.subject, key, now)
        .add_extension(places, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(signer, hashes.SHA256())
    )
    _write(key_file, _pem(key), _SECRET)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), _PUBLIC)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, now: datetime.datetime
) -> x509.CertificateBuilder:
    number = x509.random_serial_number()
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), number)
    return builder.not_valid_before(VALID_FROM).not_valid_after(now + VALID)


def _place(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise CredentialError(f"{name!r} is no name of a host; use ASCII, as DNS does") from None


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all; never readable by more than `mode` says."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(fresh, mode)
    os.replace(fresh, path)
