"""A key that is held: one step at once, then more, faster and faster. Pure."""

from edgevoice.hardware.hands.contact import Contact, Verdict

FIRST_S = 0.5
"""Until a held key repeats; keyboards do it after 0.25 to 1 s."""
SLOWEST_S = 0.3
FASTEST_S = 0.1
HURRY = 0.85
"""Each pause is so much shorter than the one before."""


class Repeat:
    """Fed with levels and the time, like a `Contact`; tells steps. A stuck key stops."""

    def __init__(self, bounce_s: float, stuck_s: float) -> None:
        self._contact = Contact(bounce_s, stuck_s)
        self._next: float | None = None
        self._pause_s = SLOWEST_S

    @property
    def stuck(self) -> bool:
        return self._contact.stuck

    @property
    def deadline(self) -> float | None:
        both = (self._next, self._contact.deadline)
        return min((due for due in both if due is not None), default=None)

    def begin(self, pressed: bool) -> None:
        self._contact.begin(pressed)

    def feed(self, pressed: bool, now: float) -> list[int]:
        told = self.passed(now)
        self._contact.feed(pressed, now)
        return told

    def passed(self, now: float) -> list[int]:
        steps: list[int] = []
        while (due := self.deadline) is not None and due <= now:
            if due == self._contact.deadline:
                for verdict in self._contact.passed(due):
                    steps += self._settled(verdict)
            else:
                steps.append(1)
                self._next = due + self._pause_s
                self._pause_s = max(FASTEST_S, self._pause_s * HURRY)
        return steps

    def _settled(self, verdict: Verdict) -> list[int]:
        if verdict is not Verdict.PRESSED:
            self._next = None
            return []
        self._next, self._pause_s = self._contact.since + FIRST_S, SLOWEST_S
        return [1]
