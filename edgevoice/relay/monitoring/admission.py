"""Who may look at the metrics and the live page: this machine, and whoever has the admin token.

A request of this machine needs no token, if it can be nobody else's: through a proxy, or from
a page in a browser that was led here, it could be. Judges what HTTP says; knows no HTTP library.
"""

import hashlib
import hmac
import ipaddress
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from edgevoice.errors import CredentialError

MIN_CHARS = 20
MOST_CHARS = 4_096
CREDENTIAL = "admin"
"""Its name among the service manager's credentials (LoadCredential=admin:...)."""

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_OWN_PAGES = ("same-origin", "none")
"""Sec-Fetch-Site: our own page asks, or the person at the browser (fetch.spec.whatwg.org)."""


class Admission:
    def __init__(self, token: str, behind_proxy: bool) -> None:
        """An empty token admits nobody from elsewhere."""
        self._digest = _digest(token) if token else ""
        self._behind_proxy = behind_proxy

    @property
    def needs_token(self) -> bool:
        """There is a token, so that asking for it makes sense."""
        return bool(self._digest)

    def admits(self, peer: str, headers: Mapping[str, str]) -> bool:
        return self.is_local(peer, headers) or self.has_token(headers)

    def is_near(self, peer: str, headers: Mapping[str, str]) -> bool:
        """The request comes from this machine, and from no proxy on it."""
        is_passed_on = self._behind_proxy or any(name in headers for name in _FORWARDED)
        return is_loopback(peer) and not is_passed_on

    def is_local(self, peer: str, headers: Mapping[str, str]) -> bool:
        """And it is nobody else's, whose page a browser on this machine shows."""
        if not self.is_near(peer, headers):
            return False
        if headers.get("Sec-Fetch-Site", "none") not in _OWN_PAGES:
            return False
        # A name in somebody's DNS can point here as well.
        return is_loopback(_host(headers.get("Host", "")))

    def has_token(self, headers: Mapping[str, str]) -> bool:
        """It comes from the relay's owner, from wherever."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._digest:
            return False
        return hmac.compare_digest(_digest(token.strip()), self._digest)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def read_token(configured: str, credentials_directory: str | None) -> str:
    """Empty where none is configured; CredentialError says what is wrong with the file."""
    path = _path(configured, credentials_directory)
    if path is None:
        return ""
    try:
        token = path.read_text(encoding="ascii").strip()
        is_open = bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
    except UnicodeDecodeError:
        token, is_open = "", False
    except OSError as trouble:
        raise CredentialError(
            f"the admin token at {path} cannot be read ({trouble.strerror}); it must be a file"
            " that the relay may read (relay.admin_token_file)"
        ) from trouble
    if is_open:
        raise CredentialError(f"everybody can read the admin token: chmod o-rw {path}")
    if not MIN_CHARS <= len(token) <= MOST_CHARS or not token.isprintable() or " " in token:
        raise CredentialError(
            f"{path} does not hold an admin token: one word of {MIN_CHARS} characters or more, such"
            " as `openssl rand -hex 32` prints (relay.admin_token_file)"
        )
    return token


def _path(configured: str, credentials_directory: str | None) -> Path | None:
    if credentials_directory:
        credential = os.path.join(credentials_directory, CREDENTIAL)
        if os.path.isfile(credential) and os.path.getsize(credential) > 1:
            return Path(credential)
    return Path(configured) if configured else None


def _host(header: str) -> str:
    """Without the port; an IPv6 address stands in brackets (RFC 9110, section 7.2)."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
