"""What shows a relay who calls: a bearer token from a file, or a token per request, signed by the
board's own key."""

import email.utils
import logging
import time
from collections.abc import Callable
from typing import Protocol

from yarl import URL

from edgevoice.config import LinkConfig
from edgevoice.identity import call_token
from edgevoice.identity.device_key import DeviceKey

log = logging.getLogger(__name__)

MOST_CORRECTIONS = 2
"""In a row, without a request that was believed: then it is not the clock."""


class Credential(Protocol):
    @property
    def is_empty(self) -> bool:
        """There is nothing to show: each request brings a secret of its own."""

    def headers(self, request: str, body: bytes) -> dict[str, str]:
        """For one request, sent once; `request` is its method and path."""

    def believed(self) -> None:
        """A request was."""

    def correct(self, date: str) -> bool:
        """The relay's clock says this (RFC 9110, section 6.6.1); True: worth trying again."""

    def remedy(self, config: LinkConfig) -> str:
        """What the owner is to do when it is not believed."""


class BearerToken:
    def __init__(self, token: str) -> None:
        self._token = token

    @property
    def is_empty(self) -> bool:
        return not self._token

    def headers(self, request: str, body: bytes) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def believed(self) -> None:
        pass

    def correct(self, date: str) -> bool:
        return False

    def remedy(self, config: LinkConfig) -> str:
        return (
            f"put a valid one into {config.token_file} (`edgevoice relay token NAME` makes one),"
            " or remove that file and introduce this board with `edgevoice pair`"
        )


class SignedToken:
    """Boards have no clock that outlives a power cut, so the relay's is followed where it differs.

    Only for tokens: nothing else on the board is set by it.
    """

    is_empty = False

    def __init__(self, key: DeviceKey, url: str, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._origin = origin(url)
        self._clock = clock
        self._ahead_s = 0.0
        self._corrections = 0

    def headers(self, request: str, body: bytes) -> dict[str, str]:
        now = self._clock() + self._ahead_s
        token = call_token.sign(self._key, self._origin, request, body, now)
        return {"Authorization": f"Bearer {token}"}

    def believed(self) -> None:
        self._corrections = 0

    def correct(self, date: str) -> bool:
        theirs = clock_of(date)
        if theirs is None:
            return False
        self._corrections += 1
        if self._corrections > MOST_CORRECTIONS:
            return False
        self._ahead_s = theirs - self._clock()
        log.warning(
            "the relay's clock is %.0f s %s ours; tokens are made by it",
            abs(self._ahead_s),
            "ahead of" if self._ahead_s > 0 else "behind",
        )
        return True

    def remedy(self, config: LinkConfig) -> str:
        return (
            f"introduce this board with `edgevoice pair`; it is {self._key.fingerprint} there"
            " (`edgevoice relay devices list`)"
        )


def clock_of(date: str) -> float | None:
    """The header `Date` (RFC 9110, section 6.6.1) as Unix time; None where it is none."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def origin(url: str) -> str:
    """Scheme, host and port as they are dialled: what a token is made out to."""
    return str(URL(url).origin())
