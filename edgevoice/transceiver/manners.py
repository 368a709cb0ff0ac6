"""How it behaves where nobody has asked for anything: what rings, and what others want said."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manners:
    ring_s: float = 900.0
    """After so long it was missed."""
    ring_timers_in_quiet: bool = True
    """Alarms ring in quiet hours anyway."""
    hold_announcements: bool = True
    """Those that come in quiet hours are said afterwards, else never."""


USUAL = Manners()
