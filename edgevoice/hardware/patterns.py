"""What each indication looks like, as data. How it gets to a LED is `lights.py`'s business.

Colours are from the palette of Okabe and Ito (2008), which people with any common
kind of colour blindness can tell apart; where two indications share a colour the
motion differs, so that nothing hangs on the colour alone. While audio may be
leaving the board the light is on at least half of the time.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from edgevoice.transceiver.indication import Indication

Motion: TypeAlias = Literal["off", "solid", "blink", "pulse"]
Colour: TypeAlias = tuple[int, int, int]

ORANGE: Colour = (230, 159, 0)
SKY_BLUE: Colour = (86, 180, 233)
GREEN: Colour = (0, 158, 115)
YELLOW: Colour = (240, 228, 66)
BLUE: Colour = (0, 114, 178)
VERMILLION: Colour = (213, 94, 0)
PURPLE: Colour = (204, 121, 167)
DARK: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Pattern:
    """`on_s` and `off_s` of a blink; of a pulse, how long it swells and fades."""

    colour: Colour
    motion: Motion
    on_s: float = 0.0
    off_s: float = 0.0


PATTERNS: dict[Indication, Pattern] = {
    Indication.MUTED: Pattern(VERMILLION, "blink", 0.1, 2.9),
    Indication.ERROR: Pattern(VERMILLION, "blink", 0.1, 0.1),
    Indication.RINGING: Pattern(YELLOW, "blink", 0.3, 0.6),
    Indication.LISTENING: Pattern(BLUE, "solid"),
    Indication.THINKING: Pattern(PURPLE, "pulse", 0.5, 0.5),
    Indication.SPEAKING: Pattern(GREEN, "blink", 0.9, 0.1),
    Indication.CONNECTING: Pattern(SKY_BLUE, "blink", 0.25, 0.25),
    Indication.OFFLINE: Pattern(ORANGE, "pulse", 2.0, 2.0),
    Indication.IDLE: Pattern(DARK, "off"),
}
