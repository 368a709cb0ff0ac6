"""What one token may use: starts and returns per minute, sessions, minutes per day; and events.

Pure: `now` is an argument, and nothing here knows HTTP or a session. Counters
live in memory; a restart forgives.
"""

import math
from dataclasses import dataclass, field

from edgevoice.config import LimitsConfig
from edgevoice.relay.refusal import CallRefused

DAY_S = 86_400.0
RETURNS_PER_START = 3
"""Coming back to a session is counted apart, and more generously: a bad Wi-Fi breaks several times
a minute, and neither may use up what the other needs. Each costs 30 ms of handshakes."""


class Bucket:
    """A token bucket: `burst` at once, refilled at `rate_per_s`."""

    def __init__(self, rate_per_s: float, burst: float, now: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._level = burst
        self._at = now

    def take(self, now: float) -> bool:
        self._level = min(self._burst, self._level + (now - self._at) * self._rate_per_s)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True

    @property
    def wait_s(self) -> float:
        """How long after the last `take` the next one succeeds."""
        return max(0.0, (1 - self._level) / self._rate_per_s)


@dataclass(slots=True)
class _Use:
    """One token's day."""

    starts: Bucket
    returns: Bucket
    day_began: float
    seconds: float = 0.0
    live: dict[str, float] = field(default_factory=dict)

    def used_s(self, now: float) -> float:
        return self.seconds + sum(max(0.0, now - began) for began in self.live.values())


@dataclass(frozen=True, slots=True)
class Admission:
    """How long the new session may last, and which older ones make room for it."""

    session_s: float
    replaced: tuple[str, ...]


class Limits:
    def __init__(self, config: LimitsConfig) -> None:
        self._config = config
        self._uses: dict[str, _Use] = {}

    @property
    def live(self) -> int:
        return sum(len(use.live) for use in self._uses.values())

    def admit(self, token_name: str, now: float) -> Admission:
        """May this token start a session now? CallRefused says when it may."""
        left_s = self.count_start(token_name, now)
        use = self._use(token_name, now)
        replaced = self._replaced(use)
        if self.live - len(replaced) >= self._config.sessions:
            raise CallRefused(
                503, "the relay is full; try again soon", code="overloaded", retry_after_s=5.0
            )
        return Admission(min(self._config.session_s, left_s), replaced)

    def count_start(self, token_name: str, now: float) -> float:
        """One start more, here or at the upstream: how many seconds of the day are left for it."""
        use = self._use(token_name, now)
        if not use.starts.take(now):
            raise CallRefused(
                429,
                f"more than {self._config.starts_per_minute} calls a minute",
                code="rate_limit_exceeded",
                retry_after_s=use.starts.wait_s,
            )
        return self._left_s(use, now)

    def admit_return(self, token_name: str, now: float) -> None:
        """May this token come back to a session now? CallRefused says when it may."""
        returns = self._use(token_name, now).returns
        if not returns.take(now):
            raise CallRefused(
                429,
                f"more than {RETURNS_PER_START * self._config.starts_per_minute} returns to a"
                " session a minute",
                code="rate_limit_exceeded",
                retry_after_s=returns.wait_s,
            )

    def started(self, token_name: str, call_id: str, now: float) -> None:
        """It begins; one that was on standby, only now."""
        self._use(token_name, now).live[call_id] = now

    def stands_by(self, token_name: str, call_id: str, now: float) -> None:
        """It is there, and takes a place, but none of the day's minutes."""
        self._use(token_name, now).live[call_id] = math.inf

    def ended(self, token_name: str, call_id: str, now: float) -> None:
        use = self._use(token_name, now)
        began = use.live.pop(call_id, now)
        use.seconds += max(0.0, now - max(began, use.day_began))

    def _use(self, token_name: str, now: float) -> _Use:
        per_minute = self._config.starts_per_minute
        use = self._uses.get(token_name)
        if use is None:
            returns = RETURNS_PER_START * per_minute
            use = _Use(
                Bucket(per_minute / 60, per_minute, now), Bucket(returns / 60, returns, now), now
            )
            self._uses[token_name] = use
        if now - use.day_began >= DAY_S:
            use.day_began, use.seconds = now, 0.0
        return use

    def _left_s(self, use: _Use, now: float) -> float:
        if self._config.minutes_per_day == 0:
            return math.inf
        left_s = self._config.minutes_per_day * 60 - use.used_s(now)
        if left_s < 1:
            raise CallRefused(
                429,
                f"the {self._config.minutes_per_day:g} minutes of this day are used up",
                code="insufficient_quota",
                retry_after_s=use.day_began + DAY_S - now,
            )
        return left_s

    def _replaced(self, use: _Use) -> tuple[str, ...]:
        surplus = len(use.live) + 1 - self._config.sessions_per_token
        return tuple(sorted(use.live, key=lambda call: use.live[call])[: max(0, surplus)])
