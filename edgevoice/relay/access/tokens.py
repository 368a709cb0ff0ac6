"""Who may call: bearer tokens, stored as SHA-256 in a small text file.

One `name:sha256-of-the-token` per line; `#` begins a comment. The tokens have
256 random bits, so a plain hash is enough and a slow one would only be a lever
for overloading the relay. No token is ever logged or kept.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
from pathlib import Path

from edgevoice.errors import CredentialError
from edgevoice.identity.device_key import FINGERPRINT

log = logging.getLogger(__name__)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}")
_MIN_TOKEN_CHARS = 20
_SAMPLES = ("changeme", "dev-token", "edgevoice", "password", "secret", "test", "token", "")
_SAMPLE_HASHES = frozenset(hashlib.sha256(word.encode()).hexdigest() for word in _SAMPLES)


def create(path: str, name: str) -> str:
    """Add a token of that name to the file and return it, for the only time."""
    if not _is_name(name):
        raise CredentialError(f'"{name}" is no token name: use letters, digits, ".", "_" and "-"')
    file = Path(path)
    lines = _lines(file) if file.exists() else []
    if name in _parse(lines, path):
        raise CredentialError(f'{path} already has a token named "{name}"; revoke it first')
    token = "ev_" + secrets.token_urlsafe(32)
    _replace(file, [*lines, f"{name}:{_hash(token)}"])
    return token


def revoke(path: str, name: str) -> None:
    """Take the token of that name out of the file; a running relay notices."""
    file = Path(path)
    lines = _lines(file)
    if name not in _parse(lines, path):
        raise CredentialError(f'{path} has no token named "{name}"; those it has are in that file')
    _replace(file, [line for line in lines if line.partition(":")[0].strip() != name])


class Tokens:
    """The file as it is now: read again whenever it changes."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._hashes: dict[str, str] = {}
        self._lent: dict[str, str] = {}
        self._seen: tuple[int, ...] | None = None
        self._trouble = ""
        """Why the file could not be read, as it was logged."""

    def lend(self, name: str, token: str) -> None:
        """Good for as long as the program runs; in no file."""
        self._lent[name] = _hash(token)

    def load(self, *, alone: bool = True) -> None:
        """Read the file; CredentialError says how to make or mend it.

        `alone`: nothing else admits anybody, so that there must be a token.
        """
        if self._lent and not (self._path.exists() and self._path.stat().st_size):
            log.info("no token in %s: only this board's own device may call", self._path)
            return
        if not alone and not self._path.exists():
            log.info("no tokens file at %s: only paired devices may call", self._path)
            return
        if not self._path.exists():
            raise CredentialError(
                f"no tokens file at {self._path}; `edgevoice relay token NAME` makes one"
            )
        self._read()
        if not self._hashes and alone:
            raise CredentialError(
                f"{self._path} holds no token; `edgevoice relay token NAME` makes one"
            )

    def revision(self) -> object:
        """Another one than before when the file has changed."""
        self._reload_if_changed()
        return self._seen

    def knows(self, name: str, token_hash: str = "") -> bool:
        """Whether a token of that name is good now; with a hash, whether that one is."""
        self._reload_if_changed()
        good = {self._hashes.get(name), self._lent.get(name)} - {None}
        return token_hash in good if token_hash else bool(good)

    def name_of(self, token: str) -> str | None:
        """Whose token this is. Compares with every hash, in constant time each."""
        self._reload_if_changed()
        if len(token) < _MIN_TOKEN_CHARS:
            return None
        digest, found = _hash(token), None
        for name, known in (*self._hashes.items(), *self._lent.items()):
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def _reload_if_changed(self) -> None:
        try:
            if self._fingerprint() != self._seen:
                self._read()
                log.info("tokens read again: %d", len(self._hashes))
        except FileNotFoundError:
            self._hashes, self._seen = {}, None
        except (CredentialError, OSError) as error:
            if str(error) != self._trouble:  # we look twice a second
                log.error("tokens unchanged: %s", error)
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _read(self) -> None:
        self._seen = self._fingerprint()
        self._hashes = _parse(_lines(self._path), str(self._path))
        if self._path.stat().st_mode & stat.S_IROTH:
            log.warning("%s is readable by everybody; chmod o-r it", self._path)

    def _fingerprint(self) -> tuple[int, ...]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino


def _is_name(name: str) -> bool:
    """Not that of a device: what callers may use is counted by name."""
    return bool(NAME.fullmatch(name)) and not FINGERPRINT.fullmatch(name)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise CredentialError(
            f"no tokens file at {file}; `edgevoice relay token NAME` makes one"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(
            f"cannot read the tokens in {file} ({error}): run this as its owner"
        ) from error


def _parse(lines: list[str], path: str) -> dict[str, str]:
    hashes: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        name, _, digest = (part.strip() for part in entry.partition(":"))
        if not _is_name(name) or not _HASH.fullmatch(digest) or name in hashes:
            raise CredentialError(f"{path}, line {number}: must be one new name:sha256")
        if digest in _SAMPLE_HASHES:
            raise CredentialError(f"{path}, line {number}: everybody can guess that: make another")
        hashes[name] = digest
    return hashes


def _replace(file: Path, lines: list[str]) -> None:
    """Write aside and rename, so that a power cut leaves the old or the new file."""
    temporary = file.with_name(file.name + ".new")
    try:
        mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o600
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write("".join(line + "\n" for line in lines))
            out.flush()
            os.fsync(out.fileno())
        if file.exists():
            before = file.stat()
            os.chmod(temporary, mode)
            os.chown(temporary, before.st_uid, before.st_gid)
        os.replace(temporary, file)
    except OSError as error:
        raise CredentialError(
            f"cannot write {file}: {error.strerror}; run this as its owner, or make the folder"
        ) from error
