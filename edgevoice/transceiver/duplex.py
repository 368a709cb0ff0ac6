"""Hearing during an answer: ducking in full duplex, a deaf relay in half duplex.

Without barge-in the loudspeaker's echo must not be taken for a user, so during an
answer turn detection is switched off at the relay. The gate stays open all the
while, so that the wake word is answered without losing a sample.
"""

from edgevoice.realtime.session import ServerVad, Session, TurnDetection
from edgevoice.transceiver.actions import (
    Action,
    Announce,
    DuckPlayout,
    PlaySound,
    Problem,
    UnduckPlayout,
)
from edgevoice.transceiver.deadlines import Deadlines, Due
from edgevoice.transceiver.greeting import deaf, hearing
from edgevoice.transceiver.limits import CONFIRM_S


class Duplex:
    def __init__(self, deadlines: Deadlines, barge_in: bool) -> None:
        self.barge_in = barge_in
        self._deadlines = deadlines
        self._detection: TurnDetection = ServerVad()
        self._deaf = False
        self._ducked = False

    @property
    def silence_ms(self) -> int:
        """By which the relay decides that speech is over."""
        detection = self._detection
        return detection.silence_duration_ms if isinstance(detection, ServerVad) else 0

    def learn(self, effective: Session) -> None:
        """How the relay listens; null is our own doing."""
        self._detection = effective.audio.input.turn_detection or self._detection

    def answer_begins(self) -> list[Action]:
        if self.barge_in or self._deaf:
            return []
        self._deaf = True
        return [deaf()]

    def answer_over(self, forget: bool) -> list[Action]:
        """`forget` what was heard meanwhile: nobody was expected to speak."""
        actions = self.unduck()
        if self._deaf:
            self._deaf = False
            actions += hearing(self._detection, self.barge_in, forget)
        return actions

    def duck(self, now: float) -> list[Action]:
        """Somebody may be speaking. Undone unless the relay says so as well."""
        if self._ducked or not self.barge_in:
            return []
        self._ducked = True
        self._deadlines.arm(Due.DUCK, now + CONFIRM_S)
        return [DuckPlayout()]

    def complaint(self, problem: Problem) -> Action:
        """Of what does not end the session. In half duplex a sentence would be taken for a turn."""
        return Announce(problem) if self.barge_in else PlaySound("error")

    def unduck(self) -> list[Action]:
        self._deadlines.disarm(Due.DUCK)
        ducked, self._ducked = self._ducked, False
        return [UnduckPlayout()] if ducked else []
