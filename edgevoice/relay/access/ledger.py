"""What every caller has used today, and which calls are live: counted here, kept in the store.

A restart forgives nothing but the last seconds. Seconds are counted by the loop's clock, which
does not jump; they belong to the day of the relay's own calendar in which they are counted.
On standby no time is used; while a session is held for its device to come back, it is.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from edgevoice.errors import StoreError
from edgevoice.relay.access.callers import Caller
from edgevoice.relay.access.limits import Day
from edgevoice.relay.monitoring import facts
from edgevoice.relay.store.records import LiveCall, Use
from edgevoice.relay.store.store import Store

KEPT_DAYS = 400
"""Of what was used: a year, to be compared with the bills."""


def day_of(now: float) -> str:
    """By the relay's own calendar, as in 2026-11-30."""
    return datetime.fromtimestamp(now, UTC).astimezone().date().isoformat()


def next_day_s(now: float) -> float:
    """How long until then."""
    moment = datetime.fromtimestamp(now, UTC).astimezone()
    tomorrow = (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1.0, tomorrow.timestamp() - now)


@dataclass(slots=True)
class _Account:
    """Of one live call."""

    caller: Caller
    began_at: float
    state: str
    counted_until: float | None
    """None: nothing counts yet."""
    use: Use = field(default_factory=Use)


class Ledger:
    def __init__(self, store: Store, wall_clock: Callable[[], float], relay_id: str) -> None:
        self._store = store
        self._wall_clock = wall_clock
        self._relay_id = relay_id
        self._live: dict[str, _Account] = {}
        self._unsaved: dict[tuple[str, str], Use] = {}
        """By caller and day."""
        self._today: dict[str, tuple[str, Use]] = {}
        """As last read: the day and what had been used of it, of callers with live calls."""
        self._shows_calls = False
        self.has_news = False
        """Calls have begun or ended, or are in another state, since they were shown last."""

    def begin(self, call_id: str, caller: Caller, *, standby: bool = False) -> None:
        state, counted = ("standby", None) if standby else ("live", self._now())
        self._live[call_id] = _Account(caller, self._wall_clock(), state, counted)
        self._add(self._live[call_id], Use(sessions=1))
        self.has_news = True

    def see(self, fact: facts.Fact) -> None:
        """What the facts of a call mean for its account. Others are nothing to us."""
        account = self._live.get(getattr(fact, "call_id", ""))
        if account is None:
            return
        match fact:
            case facts.SessionWoken():
                account.counted_until = self._now()
                self._is(account, "live")
            case facts.SessionHeld():
                self._is(account, "held")
            case facts.SessionResumed(standby=standby):
                self._is(account, "standby" if standby else "live")
            case facts.TurnEnded():
                self._add(account, Use(turns=1))
            case facts.ResponseBilled():
                self._bill(account, fact)

    def end(self, call_id: str) -> Use:
        """All that the call has used."""
        account = self._live.pop(call_id)
        self._count(account)
        self.has_news = True
        return account.use

    async def day(self, name: str) -> Day:
        """Of a caller who wants to begin something."""
        return Day(await self.used(name), next_day_s(self._wall_clock()))

    async def used(self, name: str) -> Use:
        """Today, also by calls that are live."""
        self._count_all()
        day = day_of(self._wall_clock())
        unsaved = self._unsaved.get((name, day), Use())  # before anything else can save it
        self._today[name] = day, await self._store.use(name, day)
        return self._today[name][1] + unsaved

    def used_by(self, call_id: str) -> Use:
        """Today by that call's caller, as far as it is known without a look into the store."""
        account = self._live.get(call_id)
        if account is None:  # it ends at this moment
            return Use()
        self._count(account)
        name, day = account.caller.name, day_of(self._wall_clock())
        known, use = self._today.get(name, (day, Use()))
        return (use if known == day else Use()) + self._unsaved.get((name, day), Use())

    async def save(self) -> None:
        """Into the store with it; StoreError leaves what was not saved for the next time."""
        self._count_all()
        for key in list(self._unsaved):
            use = self._unsaved.pop(key)
            try:
                await self._store.add_use(*key, use)
            except StoreError:
                self._unsaved[key] = use + self._unsaved.get(key, Use())
                raise
        names = {account.caller.name for account in self._live.values()}
        self._today = {name: known for name, known in self._today.items() if name in names}
        for name in names:
            await self.used(name)
        await self._show_calls()

    async def sweep(self) -> None:
        """Forget what nobody will ask for any more."""
        now = self._wall_clock()
        await self._store.sweep(now, day_of(now - KEPT_DAYS * 86_400))

    async def _show_calls(self) -> None:
        self.has_news = False
        calls = [self._shown(call_id, account) for call_id, account in self._live.items()]
        if calls or self._shows_calls:
            await self._store.show_calls(self._relay_id, calls, self._wall_clock())
            self._shows_calls = bool(calls)

    def _shown(self, call_id: str, account: _Account) -> LiveCall:
        caller, use = account.caller, account.use
        return LiveCall(
            call_id,
            caller.name,
            self._relay_id,
            caller.address,
            account.began_at,
            account.state,
            use.turns,
            use.responses,
            use.input_tokens,
            use.output_tokens,
            use.cost_micro_usd,
        )

    def _is(self, account: _Account, state: str) -> None:
        account.state = state
        self.has_news = True

    def _bill(self, account: _Account, fact: facts.ResponseBilled) -> None:
        tokens = fact.tokens
        self._add(
            account,
            Use(
                responses=1,
                input_tokens=tokens.input_text + tokens.input_audio,
                output_tokens=tokens.output_text + tokens.output_audio,
                cost_micro_usd=round(fact.cost_usd * 1e6),
            ),
        )

    def _count_all(self) -> None:
        for account in self._live.values():
            self._count(account)

    def _count(self, account: _Account) -> None:
        """Its time up to now."""
        if account.counted_until is not None:
            now = self._now()
            self._add(account, Use(seconds=now - account.counted_until))
            account.counted_until = now

    def _add(self, account: _Account, use: Use) -> None:
        key = account.caller.name, day_of(self._wall_clock())
        self._unsaved[key] = self._unsaved.get(key, Use()) + use
        account.use += use

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
