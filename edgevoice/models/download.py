"""One file from a web address: goes on where it broke off, and is checked before it counts."""

import http.client
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

from edgevoice.errors import ModelError
from edgevoice.models.catalogue import sha256_of

PATIENCE_S = 30.0
BLOCK = 262_144
MAX_BYTES = 4_000_000_000
"""No model here is as large: an address that never stops must not fill the disk."""
BAR = 30


def download(url: str, target: Path, sha256: str) -> Path:
    """`target`, complete. What came before a break is kept as `.part`, and continued.

    Raises ModelError when it cannot be had, or holds something else.
    """
    if target.is_file() and sha256_of(target) == sha256:
        return target
    if not url.startswith(("http://", "https://")):
        raise ModelError(f"{url} is no web address: http:// or https:// is wanted")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        _continue(url, part)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.exists():
            part.unlink()  # it is longer than what there is now
            return download(url, target, sha256)
        raise ModelError(
            f"{url} refused ({error.code} {error.reason}): try again later, or name a mirror"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise ModelError(
            f"{url} broke off ({error}); run the same command again: it goes on there"
        ) from None
    if (found := sha256_of(part)) != sha256:
        part.unlink()
        raise ModelError(
            f"{url} is damaged or something else, its SHA-256 is {found}: try again, or report it"
        )
    os.replace(part, target)
    return target


def _continue(url: str, part: Path) -> None:
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0  # a server that knows no ranges sends all of it
        size = have + int(response.headers.get("Content-Length") or 0)
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            _copy(response, file, Bar(url.rpartition("/")[2], have, size))


def _copy(response: http.client.HTTPResponse, file: BinaryIO, bar: "Bar") -> None:
    while block := response.read(BLOCK):
        file.write(block)
        bar.add(len(block))
        if bar.have > MAX_BYTES:
            raise OSError(f"more than {MAX_BYTES / 1e9:.0f} GB")
    bar.end()
    if bar.have < bar.size:
        raise OSError(f"{bar.size - bar.have} bytes are missing")


class Bar:
    """How far it is, on a terminal; nothing in a log file."""

    def __init__(self, name: str, have: int, size: int) -> None:
        self.have = have
        self.size = size
        self._name = name[:16]
        self._shown = sys.stderr.isatty()
        self._told = -1

    def add(self, count: int) -> None:
        self.have += count
        percent = 100 * self.have // max(self.size, self.have)
        if self._shown and percent != self._told:
            self._told = percent
            done = "#" * (BAR * percent // 100)
            of = f"{self.have / 1e6:.0f} of {self.size / 1e6:.0f} MB" if self.size else ""
            print(f"\r{self._name} [{done:{BAR}}] {percent:3} % {of}", end="", file=sys.stderr)

    def end(self) -> None:
        if self._shown:
            print(file=sys.stderr)
