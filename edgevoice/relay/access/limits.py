"""What one caller may use: starts and returns per minute, sessions, a day's minutes and money;
and events.

Pure: `now` is an argument, and nothing here knows HTTP or a session. What was used today is told
by `ledger.py`, which keeps it; what is counted per minute a restart forgives.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field

from edgevoice.config import LimitsConfig
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.store.records import Use

QUOTA = "insufficient_quota"
"""As OpenAI calls it; no client calls again after it."""
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
        passed_s = max(0.0, now - self._at)  # a clock that is put back takes nothing away
        self._level = min(self._burst, self._level + passed_s * self._rate_per_s)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True

    @property
    def wait_s(self) -> float:
        """How long after the last `take` the next one succeeds."""
        return max(0.0, (1 - self._level) / self._rate_per_s)


@dataclass(frozen=True, slots=True)
class Day:
    """What a caller has used of today, and how long that lasts."""

    used: Use = field(default_factory=Use)
    left_s: float = 86_400.0


@dataclass(slots=True)
class _Caller:
    starts: Bucket
    returns: Bucket
    live: dict[str, float] = field(default_factory=dict)
    """When each began; on standby: never."""


@dataclass(frozen=True, slots=True)
class Admission:
    """How long the new session may last, and which older ones make room for it."""

    session_s: float
    replaced: tuple[str, ...]


class Limits:
    def __init__(self, config: LimitsConfig) -> None:
        self._config = config
        self._callers: dict[str, _Caller] = {}

    def take_up(self, config: LimitsConfig) -> None:
        """For calls from now on, and for what live ones may spend of the day."""
        self._config = config

    @property
    def live(self) -> int:
        return sum(len(caller.live) for caller in self._callers.values())

    def admit(self, name: str, day: Day, now: float, spared: Collection[str] = ()) -> Admission:
        """May this caller start a session now? CallRefused says when it may.

        `spared`: of its sessions, those that make no room for this one.
        """
        left_s = self.count_start(name, day, now)
        replaced = self._replaced(self._caller(name, now), spared)
        if self.live - len(replaced) >= self._config.sessions:
            raise CallRefused(
                503, "the relay is full; try again soon", code="overloaded", retry_after_s=5.0
            )
        return Admission(min(self._config.session_s, left_s), replaced)

    def count_start(self, name: str, day: Day, now: float) -> float:
        """One start more, here or at the upstream: how many seconds of the day are left for it."""
        starts = self._caller(name, now).starts
        if not starts.take(now):
            raise CallRefused(
                429,
                f"more than {self._config.starts_per_minute} calls a minute",
                code="rate_limit_exceeded",
                retry_after_s=starts.wait_s,
            )
        spent = self.spent(day.used)
        if spent:
            raise CallRefused(429, spent, code=QUOTA, retry_after_s=day.left_s)
        if self._config.minutes_per_day == 0:
            return math.inf
        return self._config.minutes_per_day * 60 - day.used.seconds

    def spent(self, used: Use) -> str:
        """What of the day is used up, as the caller is told; empty: nothing."""
        minutes, money = self._config.minutes_per_day, self._config.cost_per_day_usd
        if minutes and used.seconds > minutes * 60 - 1:
            return f"the {minutes:g} minutes of this day are used up"
        if money and used.cost_micro_usd >= money * 1e6:
            return f"the {money:g} dollars of this day are used up"
        return ""

    def admit_return(self, name: str, now: float) -> None:
        """May this caller come back to a session now? CallRefused says when it may."""
        returns = self._caller(name, now).returns
        if not returns.take(now):
            raise CallRefused(
                429,
                f"more than {RETURNS_PER_START * self._config.starts_per_minute} returns to a"
                " session a minute",
                code="rate_limit_exceeded",
                retry_after_s=returns.wait_s,
            )

    def started(self, name: str, call_id: str, now: float) -> None:
        """It begins; one that was on standby, only now."""
        self._caller(name, now).live[call_id] = now

    def stands_by(self, name: str, call_id: str, now: float) -> None:
        """It is there, and takes a place."""
        self._caller(name, now).live[call_id] = math.inf

    def ended(self, name: str, call_id: str, now: float) -> None:
        self._caller(name, now).live.pop(call_id, None)

    def _caller(self, name: str, now: float) -> _Caller:
        per_minute = self._config.starts_per_minute
        caller = self._callers.get(name)
        if caller is None:
            returns = RETURNS_PER_START * per_minute
            caller = self._callers[name] = _Caller(
                Bucket(per_minute / 60, per_minute, now), Bucket(returns / 60, returns, now)
            )
        return caller

    def _replaced(self, caller: _Caller, spared: Collection[str]) -> tuple[str, ...]:
        surplus = max(0, len(caller.live) + 1 - self._config.sessions_per_token)
        others = (call for call in caller.live if call not in spared)
        eldest_first = sorted(others, key=lambda call: caller.live[call])
        if surplus > len(eldest_first):
            raise CallRefused(
                429,
                "whoever made this secret has a session of his own; relay.limits"
                ".sessions_per_token allows more at a time",
                code="rate_limit_exceeded",
                retry_after_s=self._config.idle_s,
            )
        return tuple(eldest_first[:surplus])
