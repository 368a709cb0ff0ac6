"""What rings: for how long, how loud, and what it means that nobody came.

During a session it rings softly, so that nobody is shouted down; when the session is over
it grows. Ringing ends no session, and hides no light that shows an open gate.
"""

from edgevoice.transceiver.actions import Action, RememberRung, Ring, StopRing
from edgevoice.transceiver.deadlines import Deadlines, Due
from edgevoice.transceiver.standing import Standing
from edgevoice.transceiver.states import State


class Ringing:
    def __init__(self, standing: Standing, deadlines: Deadlines, ring_s: float) -> None:
        self._standing = standing
        self._deadlines = deadlines
        self._ring_s = ring_s
        self._kind = ""

    def ring(self, kind: str, now: float) -> list[Action]:
        """One more prolongs the ringing of the first; an alarm sounds through a timer."""
        sounding = self._standing.facts.ringing
        self._deadlines.arm(Due.RING, now + self._ring_s)
        self._standing.note(ringing=True)
        if sounding and (kind == self._kind or kind != "alarm"):
            return [*self._standing.show()]
        self._kind = kind
        stop: list[Action] = [StopRing()] if sounding else []
        softly = self._standing.state is not State.IDLE or self._standing.facts.announcing
        return [*stop, Ring(kind, softly), *self._standing.show()]

    def swell(self) -> list[Action]:
        """Nobody talks any more."""
        facts = self._standing.facts
        if not facts.ringing or facts.announcing or self._standing.state is not State.IDLE:
            return []
        return [Ring(self._kind, softly=False)]

    def soften(self) -> list[Action]:
        """Something is being said."""
        return [Ring(self._kind, softly=True)] if self._standing.facts.ringing else []

    def silence(self) -> list[Action]:
        """Somebody is here. Not shown yet: something else may be about to be shown."""
        if not self._standing.facts.ringing:
            return []
        self._deadlines.disarm(Due.RING)
        self._standing.note(ringing=False)
        return [StopRing(), RememberRung(missed=False)]

    def give_up(self) -> list[Action]:
        """It has rung long enough: whoever comes next is told."""
        if not self._standing.facts.ringing:
            return []
        self._standing.note(ringing=False, missed=True)
        return [StopRing(), RememberRung(missed=True), *self._standing.show()]

    def leave_unrung(self) -> list[Action]:
        """It must not sound now: as if nobody had come."""
        self._standing.note(missed=True)
        return [RememberRung(missed=True), *self._standing.show()]
