"""Sounds that nobody has just asked for: what rings, and what others want said.

The two meet here: what rings is soft while something is said, nothing but what is urgent is
said while it rings, and both give way to whoever wakes the assistant.
"""

from edgevoice.transceiver.actions import Action, DropAnnouncement, StopRing, TellMissed
from edgevoice.transceiver.announcing import PROGRAM_ENDS, Announcing
from edgevoice.transceiver.deadlines import Deadlines, Due
from edgevoice.transceiver.inputs import AnnouncementReady
from edgevoice.transceiver.manners import Manners
from edgevoice.transceiver.ringing import Ringing
from edgevoice.transceiver.standing import Standing


class Unasked:
    def __init__(self, standing: Standing, deadlines: Deadlines, manners: Manners) -> None:
        self._standing = standing
        self._deadlines = deadlines
        self._manners = manners
        self._ringing = Ringing(standing, deadlines, manners.ring_s)
        self._announcing = Announcing(standing, deadlines, manners.hold_announcements)
        self._shut_down = False

    @property
    def rests(self) -> bool:
        """Nothing sounds, and nothing waits."""
        return not self._standing.facts.ringing and self._announcing.is_empty

    def ring(self, kind: str, now: float) -> list[Action]:
        if self._shut_down:
            return []
        quiet = self._standing.facts.quiet and kind != "alarm"
        if quiet and not self._manners.ring_timers_in_quiet:
            return self._ringing.leave_unrung()
        return self._ringing.ring(kind, now)

    def hush(self) -> list[Action]:
        """What rings, and nothing else."""
        return [*self._ringing.silence(), *self._standing.show()]

    def stop(self) -> list[Action]:
        """All of it: somebody wants silence."""
        return [*self._ringing.silence(), *self._announcing.stop(), *self._standing.show()]

    def stop_announcement(self) -> list[Action]:
        return [*self._announcing.stop(), *self._standing.show()]

    def give_way(self) -> list[Action]:
        """To whoever says the wake word. Not shown yet."""
        return [*self._ringing.silence(), *self._announcing.postpone()]

    def ready(self, ready: AnnouncementReady) -> list[Action]:
        if self._shut_down:
            return [DropAnnouncement(ready.number, PROGRAM_ENDS)]
        return self._announcing.take(ready)

    def said(self, number: int) -> list[Action]:
        return [*self._announcing.said(number), *self._ringing.swell()]

    def go_on(self, now: float) -> list[Action]:
        """After everything that happened."""
        begun = [] if self._shut_down else self._announcing.go_on(now)
        return [*begun, *(self._ringing.soften() if begun else [])]

    def expire(self, due: Due) -> list[Action]:
        if due is Due.RING:
            return self._ringing.give_up()
        return [*self._announcing.expire(), *self._ringing.swell()]

    def said_goodbye(self) -> list[Action]:
        """Who says goodbye, or stop, means what rings as well. Not shown yet."""
        return self._ringing.silence()

    def session_over(self) -> list[Action]:
        """Nobody is talked into any more: what rings may grow."""
        return self._ringing.swell()

    def tell_missed(self) -> list[Action]:
        """To whoever has just talked with us: after their own business, and in the open."""
        if not self._standing.facts.missed:
            return []
        self._standing.note(missed=False)
        return [TellMissed(), *self._standing.show()]

    def shut_down(self) -> list[Action]:
        """What rings goes on ringing after a restart: nobody has stopped it."""
        self._shut_down = True
        self._deadlines.disarm(Due.RING)
        self._standing.note(ringing=False)
        return [StopRing(), *self._announcing.forget(), *self._standing.show()]
