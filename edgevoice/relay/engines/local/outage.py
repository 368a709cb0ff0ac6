"""Whether a server that failed is worth asking again yet. Pure; told once, not each time."""

import logging

from edgevoice.errors import EngineError

log = logging.getLogger(__name__)

REST_S = 20.0
"""Meanwhile nobody waits for it: each attempt costs the time limit of a connection."""


class Outage:
    def __init__(self, server: str, instead: str) -> None:
        self._server = server
        self._instead = instead
        self._until: float | None = None

    def lasts(self, now: float) -> bool:
        return self._until is not None and now < self._until

    def began(self, error: EngineError, now: float) -> None:
        if self._until is None:
            log.warning("%s; %s does its work", error, self._instead)
        self._until = now + REST_S

    def ended(self) -> None:
        if self._until is not None:
            log.info("%s works again", self._server)
        self._until = None
