"""How bright the light may be: by day, in the night, and never dark for what must be seen. Pure."""

from dataclasses import dataclass
from datetime import time

from edgevoice.config import IndicatorConfig

LEAST = 0.05
"""Of all the light: what mute and an open gate have at least. On an APA102 of 8 mA that
still is seen across a dark room."""


@dataclass(frozen=True, slots=True)
class Brightness:
    by_day: float
    by_night: float
    night: tuple[time, time] | None = None

    def at(self, wall: time, must_be_seen: bool) -> float:
        """0 to 1, at this time of day."""
        wanted = self.by_night if self._is_night(wall) else self.by_day
        return max(wanted, LEAST) if must_be_seen else wanted

    @property
    def changes(self) -> bool:
        """Whether it depends on the time of day."""
        return self.night is not None and self.by_day != self.by_night

    def _is_night(self, wall: time) -> bool:
        if self.night is None:
            return False
        begins, ends = self.night
        if begins <= ends:
            return begins <= wall < ends
        return wall >= begins or wall < ends  # over midnight


def brightness(config: IndicatorConfig) -> Brightness:
    night = None
    if config.night_from and config.night_until:
        night = _time(config.night_from), _time(config.night_until)
    return Brightness(config.brightness_percent / 100, config.night_brightness_percent / 100, night)


def _time(text: str) -> time:
    hour, minute = text.split(":")
    return time(int(hour), int(minute))
