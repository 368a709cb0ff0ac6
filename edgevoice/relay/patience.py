"""How long a session may last, be silent or stay unconnected: one deadline. Pure.

One on standby waits for its device to be woken, for as long as that takes; its time
counts from then.
"""

import math

CONNECT_S = 15.0
"""From the answer to the open channel; ICE and DTLS take 0.2 s on a good day."""


class Patience:
    def __init__(
        self, idle_s: float, session_s: float, now: float, *, standby: bool = False
    ) -> None:
        self.is_standby = standby
        self._idle_s = idle_s
        self._session_s = session_s
        self._ends_at = math.inf if standby else now + session_s
        self._connect_by: float | None = now + CONNECT_S
        self._active_at = now

    @property
    def is_open(self) -> bool:
        """It was connected."""
        return self._connect_by is None

    @property
    def deadline(self) -> float:
        if self._connect_by is not None:
            return min(self._connect_by, self._ends_at)
        if self.is_standby:
            return math.inf
        return min(self._active_at + self._idle_s, self._ends_at)

    def opened(self, now: float) -> None:
        self._connect_by, self._active_at = None, now

    def wake(self, now: float) -> None:
        """The standby is over; whoever ends it says so to those who count the time."""
        self.is_standby, self._ends_at, self._active_at = False, now + self._session_s, now

    def active(self, now: float) -> None:
        """Somebody spoke: the user, the assistant, or the client by an event."""
        self._active_at = now

    def expired(self, now: float) -> str | None:
        """Why to hang up, if it is time."""
        if now < self.deadline:
            return None
        if now >= self._ends_at:
            return "session too long"
        return "never connected" if self._connect_by is not None else "idle"
