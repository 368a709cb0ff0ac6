"""What the live page shows: the sessions there are, the last turns, and the day's sums.

Bounded, whatever is published. Pure: the time is an argument, and so is the day.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from edgevoice.audio.departures import Departures
from edgevoice.relay.monitoring import facts
from edgevoice.relay.monitoring.waterfall import TurnReport

TURNS_KEPT = 40
CALLERS_KEPT = 50
"""Of the day; those that talked most are shown, and the others are summed up."""
MOST_CODES = 20
LAGS_KEPT = 120
"""Of the event loop: a minute's worth."""
MOST_PACKETS = 0.95
"""So many of them left no later than what is shown."""
OTHERS = "others"


@dataclass(slots=True)
class _Session:
    began: facts.SessionBegan
    engine: str
    state: str
    since: float
    """When it was begun; on standby, when it was woken."""
    turns: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    is_used: bool = True
    """It is on standby no more, so that its time counts."""


@dataclass(slots=True)
class Sums:
    """One caller's sums, or everybody's."""

    seconds: float = 0.0
    sessions: int = 0
    turns: int = 0
    tokens: int = 0
    cost_usd: float = 0.0

    def add(self, other: "Sums") -> None:
        self.seconds += other.seconds
        self.sessions += other.sessions
        self.turns += other.turns
        self.tokens += other.tokens
        self.cost_usd += other.cost_usd

    def shown(self) -> dict[str, Any]:
        return {
            "minutes": round(self.seconds / 60, 2),
            "sessions": self.sessions,
            "turns": self.turns,
            "tokens": self.tokens,
            "cost_usd": round(self.cost_usd, 6),
        }


@dataclass(slots=True)
class _Turn:
    caller: str
    call_id: str
    ended: float
    report: TurnReport


@dataclass(slots=True)
class _Day:
    date: date
    callers: dict[str, Sums] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    dropped_events: int = 0
    departed: Departures = field(default_factory=Departures)

    def of(self, caller: str) -> Sums:
        if caller not in self.callers and len(self.callers) >= CALLERS_KEPT:
            caller = OTHERS
        return self.callers.setdefault(caller, Sums())

    def refuse(self, code: str) -> None:
        if code not in self.refusals and len(self.refusals) >= MOST_CODES:
            code = OTHERS
        self.refusals[code] += 1


class Scoreboard:
    def __init__(self, today: Callable[[], date]) -> None:
        self._today = today
        self._day = _Day(today())
        self._sessions: dict[str, _Session] = {}
        """As many as `relay.limits.sessions` admits."""
        self._turns: deque[_Turn] = deque(maxlen=TURNS_KEPT)
        self._loop_lags: deque[float] = deque([0.0], maxlen=LAGS_KEPT)

    def remember(self, used: Mapping[str, Sums]) -> None:
        """What callers had used today before this relay was started."""
        for caller, sums in used.items():
            self._day.of(caller).add(sums)

    def see(self, fact: facts.Fact, now: float) -> None:
        self._turn_the_page(now)
        match fact:
            case facts.SessionBegan(standby=standby):
                state = "standby" if standby else "live"
                begun = _Session(fact, fact.engine, state, now, is_used=not standby)
                self._sessions[fact.call_id] = begun
                self._day.of(fact.caller).sessions += 1
            case facts.SessionWoken(call_id) if session := self._sessions.get(call_id):
                session.state, session.since, session.is_used = "live", now, True
            case facts.SessionHeld(call_id) if session := self._sessions.get(call_id):
                session.state = "held"
            case facts.SessionResumed(call_id) if session := self._sessions.get(call_id):
                session.state = "live" if session.is_used else "standby"
            case facts.EngineChanged(call_id, engine) if session := self._sessions.get(call_id):
                session.engine = engine
            case facts.SessionEnded(call_id) if session := self._sessions.pop(call_id, None):
                self._day.of(session.began.caller).seconds += self._length(session, now)
            case facts.TurnEnded(call_id, report) if session := self._sessions.get(call_id):
                session.turns += 1
                self._day.of(session.began.caller).turns += 1
                self._turns.append(_Turn(session.began.caller, call_id, now, report))
            case facts.ResponseBilled(call_id) if session := self._sessions.get(call_id):
                self._bill(session, fact)
            case facts.Refused(status, code):
                self._day.refuse(code or str(status))
            case facts.EventsDropped(events=events):
                self._day.dropped_events += events
            case facts.MediaCounted(sent=sent):
                self._day.departed += sent
            case facts.LoopLagged(lag_s):
                self._loop_lags.append(lag_s)

    def snapshot(self, now: float) -> dict[str, Any]:
        """Everything that is shown, as plain values; a few kilobytes."""
        self._turn_the_page(now)
        callers = self._callers(now)
        total = Sums()
        for sums in callers.values():
            total.add(sums)
        most = sorted(callers.items(), key=lambda entry: -entry[1].seconds)
        return {
            "sessions": [self._shown(session, now) for session in self._sessions.values()],
            "turns": [_shown_turn(turn, now) for turn in reversed(self._turns)],
            "day": self._day.date.isoformat(),
            "today": total.shown(),
            "callers": [{"caller": name, **sums.shown()} for name, sums in most],
            "refusals": dict(self._day.refusals.most_common()),
            "dropped_events": self._day.dropped_events,
            "loop_lag_ms": round(max(self._loop_lags) * 1e3, 1),
            "pacing_lag_ms": self._pacing_lag_ms(),
        }

    def _pacing_lag_ms(self) -> float | None:
        """None: no packet was sent today, or they are later than we can tell."""
        late_s = self._day.departed.within(MOST_PACKETS)
        return None if late_s is None else late_s * 1e3

    def _turn_the_page(self, now: float) -> None:
        """A new day begins with nothing but what is live."""
        today = self._today()
        if today != self._day.date:
            self._day = _Day(today)
            for session in self._sessions.values():
                session.since = now

    def _bill(self, session: _Session, fact: facts.ResponseBilled) -> None:
        session.tokens += fact.tokens.total
        session.cost_usd += fact.cost_usd
        sums = self._day.of(session.began.caller)
        sums.tokens += fact.tokens.total
        sums.cost_usd += fact.cost_usd

    def _callers(self, now: float) -> dict[str, Sums]:
        """With what the live sessions have used so far."""
        callers: dict[str, Sums] = {}
        for name, sums in self._day.callers.items():
            callers[name] = Sums()
            callers[name].add(sums)
        for session in self._sessions.values():
            name = session.began.caller
            shown_as = name if name in callers or len(callers) < CALLERS_KEPT else OTHERS
            sums = callers.setdefault(shown_as, Sums())
            sums.seconds += self._length(session, now)
        return callers

    def _length(self, session: _Session, now: float) -> float:
        return now - session.since if session.is_used else 0.0

    def _shown(self, session: _Session, now: float) -> dict[str, Any]:
        began = session.began
        return {
            "id": began.call_id,
            "caller": began.caller,
            "kind": began.kind,
            "engine": session.engine,
            "transport": began.transport,
            "state": session.state,
            "age_s": round(now - session.since, 1),
            "turns": session.turns,
            "tokens": session.tokens,
            "cost_usd": round(session.cost_usd, 6),
        }


def _shown_turn(turn: _Turn, now: float) -> dict[str, Any]:
    return {
        "caller": turn.caller,
        "session": turn.call_id,
        "number": turn.report.number,
        "spoken": turn.report.spoken,
        "outcome": turn.report.outcome,
        "ago_s": round(now - turn.ended, 1),
        "marks": [[stage.value, round(at, 4)] for stage, at in turn.report.marks],
    }
