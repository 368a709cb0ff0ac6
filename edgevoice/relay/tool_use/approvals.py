"""The call that waits for the user's yes. Pure.

Rule 1: one call waits at a time, so that a yes can mean only that one.
Rule 2: what is approved is this call of this tool with these arguments; any other asks anew.
Rule 3: a question that has got no yes at the next turn, or in time, has got none at all.
"""

from dataclasses import dataclass

from edgevoice.errors import RemoteProtocolError
from edgevoice.relay.tool_use.consent import consent
from edgevoice.relay.tool_use.toolbox import RelayTool

EXPIRY_S = 60.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that is not made yet."""

    id: str
    """Of the `mcp_approval_request`."""
    tool: RelayTool
    arguments: str
    """JSON, as the engine wrote it."""
    asked_at: float


class Approvals:
    def __init__(self) -> None:
        self._waiting: Waiting | None = None
        self._approved: Waiting | None = None

    @property
    def is_waiting(self) -> bool:
        return self._waiting is not None

    def ask(self, waiting: Waiting) -> None:
        """An older question is withdrawn."""
        self._waiting, self._approved = waiting, None

    def hear(self, words: str, is_asked: bool, now: float) -> None:
        """A turn of the user; `is_asked`: the question was put into words before."""
        waiting, self._waiting, self._approved = self._waiting, None, None
        if waiting is not None and is_asked and consent(words) and _is_fresh(waiting, now):
            self._approved = waiting

    def decide(self, request_id: str, approve: bool, now: float) -> None:
        """The client's answer."""
        waiting = self.expect(request_id, now)
        self._waiting, self._approved = None, waiting if approve else None

    def expect(self, request_id: str, now: float) -> Waiting:
        """RemoteProtocolError when nothing (any more) waits for an answer to this request."""
        waiting = self._waiting
        if waiting is None or waiting.id != request_id or not _is_fresh(waiting, now):
            raise RemoteProtocolError(
                f"approval_request_id: {request_id[:80]!r} does not wait for an answer (any more)"
            )
        return waiting

    def take(self, now: float) -> Waiting | None:
        """The approved call, once."""
        approved, self._approved = self._approved, None
        return approved if approved is not None and _is_fresh(approved, now) else None


def _is_fresh(waiting: Waiting, now: float) -> bool:
    return now - waiting.asked_at <= EXPIRY_S
