"""Watches one session and publishes what it sees as facts. Changes nothing in it."""

import asyncio
from collections.abc import Callable, Iterable

from edgevoice.audio.departures import Departures
from edgevoice.realtime import server_events as says
from edgevoice.realtime.response import InputTokens, OutputTokens, Response, Usage
from edgevoice.relay.live_session import LiveSession
from edgevoice.relay.monitoring import facts
from edgevoice.relay.monitoring.observers import Publish
from edgevoice.relay.monitoring.session_record import SessionRecord
from edgevoice.relay.monitoring.turn_follower import TurnFollower
from edgevoice.relay.monitoring.waterfall import TurnReport

MOST_TOKENS = 10_000_000
"""Of one response, whatever a server says: sums have to fit into 64 bits for years."""

Price = Callable[[facts.Tokens], float]
"""In US dollars."""


Failed = Callable[[str, str, SessionRecord], None]
"""Which call, what failed, and what led to it."""
BUG = "a bug"
"""Why a session ended, if it was one."""


def ignored(_call_id: str, _why: str, _record: SessionRecord) -> None:
    """For who keeps nothing."""


def free(_tokens: facts.Tokens) -> float:
    """For an engine that bills nobody."""
    return 0.0


class SessionWatch:
    def __init__(
        self,
        call_id: str,
        session: LiveSession,
        publish: Publish,
        price: Price = free,
        failed: Failed = ignored,
    ) -> None:
        """`failed` is told at the end of a session in which something broke."""
        self._call_id = call_id
        self._session = session
        self._publish = publish
        self._price = price
        self._turns = TurnFollower()
        self._is_standby = False
        self._received = 0
        self._lost = 0
        self._failed = failed
        self._failure = ""
        self._record = SessionRecord(self._now)

    def begin(self, began: facts.SessionBegan) -> None:
        """From here on everything that happens in the session is seen."""
        self._is_standby = began.standby
        self._publish(began)
        self._session.watch(self._published, self._made, self._record.asked)
        self._session.on_brain_changed = self._engine_changed
        self._session.on_surplus = lambda: self._publish(facts.EventsDropped(self._call_id))

    def woken(self) -> None:
        self._is_standby = False
        self._record.noted("woken")
        self._publish(facts.SessionWoken(self._call_id))

    def held(self, reason: str) -> None:
        self._record.noted(f"held: {reason}")
        self._publish(facts.SessionHeld(self._call_id, reason))

    def resumed(self, after_s: float) -> None:
        self._record.noted(f"resumed after {after_s:.1f} s")
        self._publish(facts.SessionResumed(self._call_id, after_s, self._is_standby))

    def end(self, reason: str) -> None:
        self._tell(self._turns.close())
        self._count_media()
        self._publish(facts.SessionEnded(self._call_id, reason))
        if failure := self._failure or (reason if reason == BUG else ""):
            self._record.noted(f"ended: {reason}")
            self._failed(self._call_id, failure, self._record)

    def _engine_changed(self) -> None:
        self._record.noted(f"another engine: {self._session.engine}")
        self._publish(facts.EngineChanged(self._call_id, self._session.engine))

    def _published(self, event: says.ServerEvent) -> None:
        self._tell(self._turns.follow(event, self._now()))
        self._record.told(event)
        match event:
            case says.Error(error=details) if details.code == "server_error":
                self._failure = "the engine cannot go on"
            case says.ResponseDone(response=response) if response.status == "failed":
                self._failure = "an answer failed"
                self._bill(response)
            case says.ResponseDone(response=response):
                self._bill(response)
            case says.OutputAudioBufferStopped() | says.OutputAudioBufferCleared():
                self._count_media()

    def _made(self, response_id: str) -> None:
        self._turns.will_play(response_id)
        self._turns.sound_made(response_id, self._now())

    def _tell(self, reports: Iterable[TurnReport]) -> None:
        for report in reports:
            self._publish(facts.TurnEnded(self._call_id, report))

    def _bill(self, response: Response) -> None:
        if response.usage is not None:
            tokens = counted(response.usage)
            self._publish(facts.ResponseBilled(self._call_id, tokens, self._price(tokens)))

    def _count_media(self) -> None:
        now, sent = self._session.received, self._session.departures()
        # A packet that was given up may come after all: there are never fewer than were told.
        received, lost = max(0, now.packets - self._received), max(0, now.lost - self._lost)
        if received or lost or sent != Departures():
            self._publish(facts.MediaCounted(self._call_id, received, lost, sent))
        self._received, self._lost = self._received + received, self._lost + lost

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def counted(usage: Usage) -> facts.Tokens:
    """Where a server does not say what kind they are, tokens count as text; none are negative."""
    read = usage.input_token_details or InputTokens()
    written = usage.output_token_details or OutputTokens()
    heard, spoken = _some(read.audio_tokens), _some(written.audio_tokens)
    return facts.Tokens(
        input_text=_some(_some(usage.input_tokens) - heard),
        input_audio=heard,
        output_text=_some(_some(usage.output_tokens) - spoken),
        output_audio=spoken,
        cached=_some(read.cached_tokens),
    )


def _some(tokens: int | None) -> int:
    return min(max(0, tokens or 0), MOST_TOKENS)
