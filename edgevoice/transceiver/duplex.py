"""Hearing during an answer: who says that the user interrupts it.

Without barge-in nobody does, and the loudspeaker's echo must not be taken for a user:
during an answer turn detection is switched off at the relay. So it is where the device
itself tells voices from its echo. It knows what it plays and the relay does not; two
that may interrupt would be wrong twice as often. Only where the echo is somebody else's
concern (a card that cancels it, headphones) the relay decides.

The gate stays open all the while, so that whoever interrupts loses no sample.
"""

from enum import Enum

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


class BargeIn(Enum):
    """Who may say that the user interrupts an answer by speaking."""

    NOBODY = "nobody"
    RELAY = "relay"
    DEVICE = "device"


def barge_in(wanted: bool, hears_voices: bool) -> BargeIn:
    """A device that tells a voice from its echo needs no second opinion."""
    if not wanted:
        return BargeIn.NOBODY
    return BargeIn.DEVICE if hears_voices else BargeIn.RELAY


class Duplex:
    def __init__(self, deadlines: Deadlines, decider: BargeIn) -> None:
        self.barge_in = decider is not BargeIn.NOBODY
        self._relay_decides = decider is BargeIn.RELAY
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

    def relay_changed(self) -> None:
        """Another session listens as it does by default."""
        self._deaf = False

    def hear(self) -> list[Action]:
        """Turn detection as the relay had it, whoever switched it off; nothing is forgotten."""
        return hearing(self._detection, self.barge_in, forget=False)

    def answer_begins(self) -> list[Action]:
        if self._deaf or self._relay_decides:
            return []
        self._deaf = True
        return [deaf()]

    def answer_over(self, forget: bool) -> list[Action]:
        """`forget` what was heard meanwhile, where nothing takes the echo out of it.

        Elsewhere a word may have begun of which the device is not sure yet. What is left of
        our own voice, on which the relay then looks back, was a turn after none of 48 answers
        in four rooms (echo of -20 to -3 dB, 40 to 150 ms late).
        """
        actions = self.unduck()
        if self._deaf:
            self._deaf = False
            actions += hearing(self._detection, self.barge_in, forget and not self.barge_in)
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
