"""A TLS connection as a certificate sees it: whose it is, how long it is good, who vouches."""

import asyncio
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from edgevoice.doctor.finding import Finding
from edgevoice.errors import LinkError
from edgevoice.link.signalling import trust

DAY_S = 86_400.0
SOON_DAYS = 14
"""Let's Encrypt renews 30 days before the end; who has not done so by now does not renew."""
EXPIRED, NOT_YET, UNKNOWN_ISSUER = 10, 9, (18, 19, 20, 21)
"""OpenSSL's X509_V_ERR_* codes."""


@dataclass(frozen=True, slots=True)
class Shaken:
    """Hands, with whoever is there."""

    version: str
    expires: float
    """Unix time."""


async def shake(host: str, port: int, ca_file: str) -> Shaken:
    """Raises LinkError for a broken `ca_file`, ssl.SSLError and OSError as they come."""
    context = trust(ca_file)
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        shown = writer.get_extra_info("peercert") or {}
        tls = writer.get_extra_info("ssl_object")
        return Shaken(tls.version(), ssl.cert_time_to_seconds(shown["notAfter"]))
    finally:
        writer.close()


async def shakes_old_hands(host: str, port: int) -> bool:
    """Whether TLS 1.1 or older is spoken, which is no protection any more (RFC 8996)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():  # Python warns of what is looked for here
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (ssl.SSLError, OSError):
        return False
    writer.close()
    return True


def certificate(shaken: Shaken, ca_file: str, now: float) -> Finding:
    days = (shaken.expires - now) / DAY_S
    by = f"vouched for by {ca_file}" if ca_file else "vouched for by a public authority"
    text = f"{shaken.version}, good for {days:.0f} days, {by}"
    if days < SOON_DAYS:
        todo = "on the relay: edgevoice relay init makes a new one (or: sudo certbot renew)"
        return Finding("warn", "certificate", text, todo)
    return Finding("ok", "certificate", text)


def refused(error: ssl.SSLError, url: str, ca_file: str) -> Finding:
    """Why the certificate is not to be trusted, and what mends that."""
    code = getattr(error, "verify_code", 0)
    reason = getattr(error, "verify_message", "") or error.reason or str(error)
    if code == EXPIRED:
        text, todo = "has expired", "on the relay: edgevoice relay init, or sudo certbot renew"
    elif code == NOT_YET:
        text, todo = (
            "is not good yet: this board's clock is behind",
            "sudo timedatectl set-ntp true",
        )
    elif code in UNKNOWN_ISSUER:
        by = f" by {ca_file}" if ca_file else ""
        text, todo = f"is not vouched for{by} ({reason})", f"sudo edgevoice pair {url} pins it"
    elif isinstance(error, ssl.SSLCertVerificationError):
        text, todo = f"is of no use here ({reason})", "set link.url to a name that is in it"
    else:
        text, todo = f"none was shown ({reason})", "set link.url to http:// or another port"
    return Finding("fail", "certificate", text, todo)


def authority(ca_file: str, now: float) -> Iterator[Finding]:
    """The private authority that was pinned; silent where there is none."""
    if not ca_file:
        return
    try:
        pem = Path(ca_file).read_bytes()
        trust(ca_file)
        ends = min(cert.not_valid_after_utc for cert in x509.load_pem_x509_certificates(pem))
    except (OSError, ValueError, LinkError) as error:
        todo = "sudo edgevoice pair URL fetches it anew"
        yield Finding("fail", "authority", f"{ca_file} cannot be used ({error})", todo)
        return
    days = (ends - datetime.fromtimestamp(now, UTC)).days
    if days < SOON_DAYS:
        todo = "on the relay: edgevoice relay init; here: sudo edgevoice pair URL"
        yield Finding("warn", "authority", f"{ca_file} is good for {days} days", todo)
