"""The events of one session as both sides count them, so that none is lost with a link.

What was sent is kept until it is surely there: a new link begins with "I have so many of
yours", and what comes after that is sent again (after XEP-0198, stream management). The
channel is reliable and ordered, so what arrived is always a beginning of what was sent.
"""

from collections import deque

from edgevoice.realtime.client_events import ClientEvent, EdgevoicePing, EdgevoiceResume
from edgevoice.realtime.server_events import EdgevoicePong, EdgevoiceResumed, ServerEvent

MOST_KEPT = 1_024
MOST_BYTES = 1_048_576
"""The oldest go first; a relay that lacks them cannot go on with the session."""

UNCOUNTED = (EdgevoicePing, EdgevoicePong, EdgevoiceResume, EdgevoiceResumed)
"""These are about the link, not about the session."""


class EventLog:
    def __init__(self) -> None:
        self.received = 0
        """Of the relay's events."""
        self._sent: deque[str] = deque()
        self._sent_bytes = 0
        self._first = 0
        """How many were sent before those that are kept."""

    def sent(self, event: ClientEvent, text: str) -> None:
        if isinstance(event, UNCOUNTED):
            return
        self._sent.append(text)
        self._sent_bytes += len(text)
        while len(self._sent) > MOST_KEPT or self._sent_bytes > MOST_BYTES:
            self._drop()

    def arrived(self, event: ServerEvent) -> None:
        self.received += not isinstance(event, UNCOUNTED)

    def malformed(self) -> None:
        """Dropped here, but sent there."""
        self.received += 1

    def after(self, count: int) -> list[str] | None:
        """What the relay lacks, which has so many; None when that is not known any more."""
        if not self._first <= count <= self._first + len(self._sent):
            return None
        while self._first < count:
            self._drop()
        return list(self._sent)

    def _drop(self) -> None:
        self._sent_bytes -= len(self._sent.popleft())
        self._first += 1
