"""What an owner can set about sounds that nobody has just asked for: see `config.py`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class TimersConfig:
    ring_minutes: float = 15.0
    """A timer or an alarm rings so long; after that it was missed, which the light shows and the next conversation tells."""
    snooze_minutes: float = 9.0
    """After `snooze` it rings again so much later."""
    say_names: bool = True
    """Say what rings ("pasta timer") in the relay's voice, where a relay answers, which is told the name for that; else it only rings."""


@dataclass(frozen=True, slots=True)
class QuietHoursConfig:
    begin: str = ""
    """Local time, such as 22:00, from which the house wants quiet: no chimes, announcements wait; empty: only when asked for (`edgevoice dnd`)."""
    end: str = "07:00"
    """Local time until which it does."""
    days: str = "daily"
    """The days on which it begins: daily, weekdays, weekends, or names such as friday, saturday."""
    timers: bool = True
    """Timers ring meanwhile; off: they count as missed. Alarms always ring."""
    announcements: Literal["hold", "drop"] = "hold"
    """What becomes of announcements meanwhile, if they are not urgent: said afterwards, or never."""
    volume_percent: int = 100
    """Answers are no louder than this meanwhile."""


@dataclass(frozen=True, slots=True)
class AnnouncementsConfig:
    listen: bool = False
    """Keep a request open at the relay, so that announcements come at once and not with the next conversation. No sound goes that way, but the relay knows that this board is on."""
