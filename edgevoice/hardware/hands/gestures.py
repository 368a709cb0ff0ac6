"""What a finger does with one button: once, twice, three times, long, very long. Pure.

An *act* is one or more presses with less than `gap_s` between them; it comes to one
gesture at most. Two things are told as early as they are certain:

- that an act begins, on the way down (`DOWN`), before anybody can know what becomes of
  it: who wants to be quick acts then, and takes it back if it becomes more than a
  single press. That suits talking: what is said into the room just after the press is
  in the ring buffer either way, but light and chime do not come 0.4 s late.
- the gesture, when no other one can follow. With nothing configured for a triple press,
  a second press is a double one at once; with nothing for very long, a long one does
  not wait for the release.

What comes after the gesture in the same act means nothing: a fifth press, a release.

Times are those of the contact, not of the moment when they became certain, so a
threshold is decided `bounce_s` after it has passed.
"""

from dataclasses import dataclass
from enum import Enum

from edgevoice.config import ButtonConfig
from edgevoice.hardware.hands.contact import Contact, Verdict

WARNING_S = 3.0
"""Before a very long press acts, there is so much time to let go."""


class Touch(Enum):
    DOWN = "down"
    """An act begins."""
    SINGLE = "single"
    DOUBLE = "double"
    TRIPLE = "triple"
    LONG = "long"
    VERY_LONG = "very long"
    HELD = "held"
    """Let go now, and it is a long press."""
    WARNING = "warning"
    """Let go now, or it becomes a very long one."""
    LET_GO = "let go"
    """In time: the warning is over, and nothing happens."""
    STUCK = "stuck"
    """No finger holds a button for so long: the act is over."""


COUNTED = {1: Touch.SINGLE, 2: Touch.DOUBLE, 3: Touch.TRIPLE}
GESTURES = frozenset({*COUNTED.values(), Touch.LONG, Touch.VERY_LONG})


@dataclass(frozen=True, slots=True)
class Touched:
    touch: Touch
    at: float
    """When it happened: for all but the held ones, when the act's last press began."""


class Gestures:
    """Fed with levels and the time, like a `Contact`; call `passed` at `deadline`."""

    def __init__(self, config: ButtonConfig) -> None:
        self._contact = Contact(config.bounce_s, config.stuck_s)
        self._bounce_s = config.bounce_s
        self._most = 3 if config.triple != "none" else 2 if config.double != "none" else 1
        self._gap_s = config.gap_s if self._most > 1 else 0.0
        self._stages = _stages(config)
        self._long_waits = config.long != "none" and config.very_long != "none"
        self._presses = 0
        self._decided = False
        self._is_down = False
        self._down_at = self._up_at = 0.0
        self._stage = 0

    @property
    def stuck(self) -> bool:
        return self._contact.stuck

    @property
    def deadline(self) -> float | None:
        own, contact = self._own_deadline(), self._contact.deadline
        return min((due for due in (own, contact) if due is not None), default=None)

    def begin(self, pressed: bool) -> None:
        """The level that was found at start: held down, it is no press, but stuck."""
        self._contact.begin(pressed)

    def feed(self, pressed: bool, now: float) -> list[Touched]:
        """The level changed; what had become certain before this moment."""
        told = self.passed(now)
        self._contact.feed(pressed, now)
        return told

    def passed(self, now: float) -> list[Touched]:
        """What has become certain by `now`."""
        told: list[Touched] = []
        while (due := self.deadline) is not None and due <= now:
            if due == self._contact.deadline:  # first: it may be what the other one waits for
                for verdict in self._contact.passed(due):
                    told += self._settled(verdict, self._contact.since)
            else:
                told += self._expired()
        return told

    def _own_deadline(self) -> float | None:
        if self._is_down:
            if self._decided or self._presses > 1 or self._stage == len(self._stages):
                return None
            return self._down_at + self._stages[self._stage][0] + self._bounce_s
        return self._up_at + self._gap_s + self._bounce_s if self._presses else None

    def _settled(self, verdict: Verdict, at: float) -> list[Touched]:
        match verdict:
            case Verdict.PRESSED:
                return self._pressed(at)
            case Verdict.RELEASED if self._is_down:
                return self._released(at)
            case Verdict.STUCK:
                warned = self._is_warned
                self._decided = True
                stuck = Touched(Touch.STUCK, at)
                return [stuck, Touched(Touch.LET_GO, at)] if warned else [stuck]
            case _:
                return []  # of a press that was there before us

    def _pressed(self, at: float) -> list[Touched]:
        told = [] if self._presses else [Touched(Touch.DOWN, at)]
        self._is_down, self._down_at, self._stage = True, at, 0
        if self._decided:
            return told
        self._presses += 1
        if self._presses == self._most and not (self._presses == 1 and self._stages):
            told += self._decide(COUNTED[self._presses])
        return told

    def _released(self, at: float) -> list[Touched]:
        warned = self._is_warned
        self._is_down, self._up_at = False, at
        told: list[Touched] = []
        if warned:
            self._decided = True
            told = [Touched(Touch.LET_GO, at)]
        elif not self._decided and self._is_held:
            told = self._decide(Touch.LONG)
        elif not self._decided and self._most == 1:
            told = self._decide(Touch.SINGLE)
        if self._most == 1:
            self._over()
        return told

    @property
    def _is_held(self) -> bool:
        return self._long_waits and self._stage > 0

    @property
    def _is_warned(self) -> bool:
        reached = [touch for _, touch in self._stages[: self._stage]]
        return self._is_down and not self._decided and Touch.WARNING in reached

    def _expired(self) -> list[Touched]:
        """A held press has reached the next stage, or no further press has come."""
        if self._is_down:
            after_s, touch = self._stages[self._stage]
            self._stage += 1
            at = self._down_at + after_s
            return self._decide(touch, at) if touch in GESTURES else [Touched(touch, at)]
        told = [] if self._decided else self._decide(COUNTED[self._presses])
        self._over()
        return told

    def _decide(self, gesture: Touch, at: float | None = None) -> list[Touched]:
        self._decided = True
        return [Touched(gesture, self._down_at if at is None else at)]

    def _over(self) -> None:
        self._presses, self._decided, self._stage = 0, False, 0


def _stages(config: ButtonConfig) -> list[tuple[float, Touch]]:
    """What a press comes to while it is held, and after how long."""
    has_long, has_very_long = config.long != "none", config.very_long != "none"
    stages: list[tuple[float, Touch]] = []
    if has_long:
        stages.append((config.long_s, Touch.HELD if has_very_long else Touch.LONG))
    if has_very_long:
        warning_s = max(config.long_s, config.very_long_s - WARNING_S)
        stages.append((warning_s, Touch.WARNING))
        stages.append((config.very_long_s, Touch.VERY_LONG))
    return stages
