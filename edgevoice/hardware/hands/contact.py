"""When a contact of metal counts as closed or open. What that means lives elsewhere."""

from enum import Enum
from math import inf


class Verdict(Enum):
    PRESSED = "pressed"
    RELEASED = "released"
    STUCK = "stuck"


class Contact:
    """A bouncing contact, fed with levels and the time; pure.

    A level counts once it has lasted `bounce_s`, so that a spike on a long wire
    does not open the gate. Waiting that long loses nothing: the ring buffer
    remembers. A contact that is closed from the beginning is no press.
    """

    def __init__(self, bounce_s: float, stuck_s: float = inf, pressed: bool = False) -> None:
        self._bounce_s = bounce_s
        self._stuck_s = stuck_s
        self._level = self._settled = pressed
        self.since = 0.0
        """When the level last changed: what becomes certain happened then."""
        self.stuck = pressed
        self.deadline: float | None = None

    def begin(self, pressed: bool) -> None:
        """The level that was found, of which nothing is known but that it is there."""
        self._level = self._settled = self.stuck = pressed

    def feed(self, pressed: bool, now: float) -> list[Verdict]:
        """The level changed; what had become certain before this moment."""
        verdicts = self.passed(now)
        if pressed != self._level:
            self._level, self.since = pressed, now
            self._set_deadline()
        return verdicts

    def passed(self, now: float) -> list[Verdict]:
        """What has become certain by `now`. Call it at `deadline`."""
        verdicts = []
        while self.deadline is not None and now >= self.deadline:
            verdicts.append(self._decide())
            self._set_deadline()
        return verdicts

    def _decide(self) -> Verdict:
        if self._level == self._settled:
            self.stuck = True
            return Verdict.STUCK
        self._settled = self._level
        self.stuck = False
        return Verdict.PRESSED if self._settled else Verdict.RELEASED

    def _set_deadline(self) -> None:
        if self._level != self._settled:
            self.deadline = self.since + self._bounce_s
        elif self._level and not self.stuck:
            self.deadline = self.since + self._stuck_s
        else:
            self.deadline = None
