"""Announcements: what others want said here, and when there is a moment for it.

One at a time. They wait while somebody talks with the assistant, while something rings and,
unless they are urgent, while the house wants quiet. An urgent one is heard over an answer
(which makes way for it) and over ringing; over a user it is not. Whoever wakes the
assistant in the middle of one hears it again, once, when the session is over.
"""

from collections import deque
from dataclasses import dataclass, replace

from edgevoice.transceiver.actions import (
    Action,
    DropAnnouncement,
    SayAnnouncement,
    StopAnnouncement,
)
from edgevoice.transceiver.deadlines import Deadlines, Due
from edgevoice.transceiver.inputs import AnnouncementReady
from edgevoice.transceiver.standing import Standing
from edgevoice.transceiver.states import State

MOST_WAITING = 8
"""One more takes the place of the oldest, which is told."""
PROGRAM_ENDS = "the program ends"
MARGIN_S = 5.0
"""A loudspeaker that has not come to the end by then will not."""


@dataclass(frozen=True, slots=True)
class Waiting:
    ready: AnnouncementReady
    again: bool = False
    """It was cut off once already."""


class Announcing:
    def __init__(self, standing: Standing, deadlines: Deadlines, hold_in_quiet: bool) -> None:
        """`hold_in_quiet`: those that come while it is quiet are said later, else never."""
        self._standing = standing
        self._deadlines = deadlines
        self._hold_in_quiet = hold_in_quiet
        self._waiting: deque[Waiting] = deque()
        self._current: Waiting | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is said, and nothing waits."""
        return self._current is None and not self._waiting

    def take(self, ready: AnnouncementReady) -> list[Action]:
        """It waits for its moment; `go_on` begins it."""
        if self._standing.facts.quiet and not (ready.urgent or self._hold_in_quiet):
            return [DropAnnouncement(ready.number, "quiet hours")]
        dropped: list[Action] = []
        if len(self._waiting) >= MOST_WAITING:
            oldest = self._waiting.popleft()
            dropped = [DropAnnouncement(oldest.ready.number, "too many are waiting")]
        self._waiting.append(Waiting(ready))
        return dropped

    def go_on(self, now: float) -> list[Action]:
        """After everything that happened: is this the moment for the next one?"""
        if self._current is not None:
            return []
        found = next((each for each in self._waiting if self._may_be_said(each.ready)), None)
        if found is None:
            return []
        self._waiting.remove(found)
        self._current = found
        self._deadlines.arm(Due.ANNOUNCEMENT, now + found.ready.length_s + MARGIN_S)
        self._standing.note(announcing=True)
        return [*self._standing.show(), SayAnnouncement(found.ready.number)]

    def said(self, number: int) -> list[Action]:
        """Nothing for one that was stopped meanwhile."""
        if self._current is None or self._current.ready.number != number:
            return []
        return [*self._end(), *self._standing.show()]

    def expire(self) -> list[Action]:
        """It should have been over long ago."""
        return [*self.stop(), *self._standing.show()]

    def stop(self) -> list[Action]:
        """Somebody does not want to hear the rest. Not shown yet."""
        return [StopAnnouncement(), *self._end()] if self._current else []

    def postpone(self) -> list[Action]:
        """Somebody wants to speak: once more from the beginning, later. Not shown yet."""
        cut_off = self._current
        stopped = self.stop()
        if cut_off is None or cut_off.again:
            return stopped
        self._waiting.appendleft(replace(cut_off, again=True))
        return [each for each in stopped if not isinstance(each, DropAnnouncement)]

    def forget(self) -> list[Action]:
        """The program ends: nothing is said any more."""
        dropped: list[Action] = [
            DropAnnouncement(each.ready.number, PROGRAM_ENDS) for each in self._waiting
        ]
        self._waiting.clear()
        return [*self.stop(), *dropped]

    def _end(self) -> list[Action]:
        assert self._current is not None
        number, self._current = self._current.ready.number, None
        self._deadlines.disarm(Due.ANNOUNCEMENT)
        self._standing.note(announcing=False)
        return [DropAnnouncement(number)]

    def _may_be_said(self, ready: AnnouncementReady) -> bool:
        facts, state = self._standing.facts, self._standing.state
        if ready.urgent:
            return state in (State.IDLE, State.SPEAKING)
        return state is State.IDLE and not facts.quiet and not facts.ringing
