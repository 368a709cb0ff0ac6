"""What each indication looks like, as data.

While audio may be leaving the board every LED is lit at least half of the time, and the
others are darker: muted, offline and idle never reach half of the light that listening
gives. Nothing flashes faster than 2.1 times a second: WCAG 2.3.1 allows three, and a
ring in a dark room is a large area.

Few LEDs tell things apart by rhythm; from `MANY` on there is room for shapes, which
stand still and cost nothing.
"""

from dataclasses import dataclass

from edgevoice.hardware.lights.colours import Colour, Palette
from edgevoice.hardware.lights.motions import Blink, Chase, Follow, Motion, Pulse, Spots, Steady
from edgevoice.transceiver.indication import Indication

MANY = 6


@dataclass(frozen=True, slots=True)
class Pattern:
    few: Motion
    many: Motion
    """On a ring or a long chain."""

    def motion(self, count: int) -> Motion:
        return self.many if count >= MANY else self.few


def _both(motion: Motion) -> Pattern:
    return Pattern(motion, motion)


PATTERNS: dict[Indication, Pattern] = {
    Indication.MUTED: Pattern(Blink(0.1, 2.9), Spots(3)),
    Indication.ERROR: _both(Blink(0.24, 0.24)),
    Indication.RINGING: _both(Blink(0.3, 0.6)),
    Indication.LISTENING: _both(Steady()),
    Indication.THINKING: Pattern(Pulse(1.0, low=0.3), Chase(1.2, low=0.35)),
    Indication.SPEAKING: Pattern(Blink(0.9, 0.1), Follow(low=0.55)),
    Indication.CONNECTING: Pattern(Blink(0.5, 0.25), Blink(0.5, 0.25, low=0.3)),
    Indication.ANNOUNCING: _both(Pulse(1.8, low=0.1)),
    Indication.MISSED: Pattern(Blink(0.3, 1.9), Spots(6)),
    Indication.OFFLINE: Pattern(Blink(0.5, 3.5), Spots(256)),
    Indication.RECORDING: Pattern(Blink(0.2, 1.1), Spots(4)),
    Indication.IDLE: _both(Steady(0.0)),
}

PAIRING = _both(Blink(1.0, 1.0))
UPDATING = _both(Pulse(2.0))
HOLDING = Blink(0.4, 0.1)
"""On few LEDs; many show how far it has come."""


def colour(palette: Palette, indication: Indication) -> Colour:
    if indication is Indication.IDLE:
        return palette.notice
    if indication is Indication.RECORDING:
        return palette.error
    found: Colour = getattr(palette, indication.name.lower())
    return found
