"""The live calls: placed, found again, hung up; and the audit log of who called when.

The audit log says who, how long and why it ended. Never what was said.
"""

import asyncio
import gc
import logging
from asyncio import Lock, TaskGroup
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from edgevoice.config import RelayConfig
from edgevoice.log_fields import log_fields
from edgevoice.realtime.conversation import Conversation
from edgevoice.relay.access.callers import Caller
from edgevoice.relay.access.ledger import Ledger
from edgevoice.relay.access.limits import Limits
from edgevoice.relay.answerer import Answerer, refusals
from edgevoice.relay.carrying.call_transport import MakeTransport
from edgevoice.relay.carrying.sideband import MOST
from edgevoice.relay.conversations import Conversations, TakenUp
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.ids import random_id
from edgevoice.relay.live_session import LiveSession
from edgevoice.relay.monitoring.facts import Fact, SessionBegan, Transport
from edgevoice.relay.monitoring.observers import Publish, unobserved
from edgevoice.relay.monitoring.session_watch import Failed, SessionWatch, ignored
from edgevoice.relay.offer import Offer
from edgevoice.relay.openai.brokered import BrokeredCall

SWEEP_S = 1.0
"""After a transport, until what it leaves behind is released; its sockets close meanwhile."""

REPLACED = "session_replaced"
"""Whoever is told so does not call again: two clients of one name would replace each other."""

audit = logging.getLogger("edgevoice.relay.audit")


@dataclass(frozen=True, slots=True)
class Placed:
    call_id: str
    answer: str
    """To what was offered."""
    resumed: bool = False
    """It is the call that was to be gone on with."""
    is_foreign: bool = False
    """It is carried by a server that knows nothing of `edgevoice.*`."""


@dataclass(frozen=True, slots=True)
class _LiveCall:
    caller: Caller
    session: LiveSession
    began: float
    watch: SessionWatch


class Calls:
    def __init__(
        self,
        config: RelayConfig,
        answerer: Answerer,
        carry: Callable[[LiveSession], Awaitable[str]],
        on_change: Callable[[int], None],
        publish: Publish = unobserved,
        *,
        ledger: Ledger,
        failed: Failed = ignored,
    ) -> None:
        self._answerer = answerer
        self._carry = carry
        self._on_change = on_change
        self._publish = publish
        self._ledger = ledger
        self._failed = failed
        self.limits = Limits(config.limits)
        self._conversations = Conversations(config.context_minutes * 60.0)
        self._live: dict[str, _LiveCall] = {}
        self._placing: defaultdict[str, Lock] = defaultdict(Lock)
        """By caller: a call that begins must see those it replaces."""
        self._group: TaskGroup | None = None
        self._none_left = asyncio.Event()
        self._none_left.set()
        self._closing = False

    @property
    def live(self) -> int:
        return len(self._live)

    async def run(self, until: Awaitable[object]) -> None:
        """Carry the calls until then; afterwards hang all of them up."""
        async with TaskGroup() as self._group:
            await until
            self._closing = True
            for call in self._live.values():
                call.session.hang_up("the relay is stopping")
            await self._none_left.wait()

    async def place(self, offer: Offer) -> Placed:
        """A new call, or a new way to one that is still there; CallRefused otherwise."""
        async with self._placing[offer.caller.name]:
            return await self._resume(offer) or await self._place(offer)

    async def _resume(self, offer: Offer) -> Placed | None:
        """None: that call is gone, was never this caller's, or cannot be resumed."""
        self._refuse_when_closing()
        call = self._live.get(offer.resume)
        if call is None or not offer.extensions:
            return None
        if not offer.caller.may_end(call.caller):  # a new place is the end of the old one
            return None
        if not call.session.may_resume:
            return None
        self.limits.admit_return(offer.caller.name, self._now())
        carriers, make_transport = self._answerer.carriers(offer)
        with log_fields(session=offer.resume, device=str(offer.caller)):
            leg = call.session.new_leg(make_transport)
            with refusals(offer):
                answer = await carriers[0].answer(offer.sdp)
            if not call.session.admit(leg):
                await leg.transport.close()
                return None
        return Placed(offer.resume, answer, resumed=True)

    async def _place(self, offer: Offer) -> Placed:
        call_id = random_id("rtc")
        with log_fields(session=call_id, device=str(offer.caller)):
            return await self._place_as(call_id, offer)

    async def _place_as(self, call_id: str, offer: Offer) -> Placed:
        self._refuse_when_closing()
        day = await self._ledger.day(offer.caller.name)
        now = self._now()
        admission = self.limits.admit(offer.caller.name, day, now, self._spared_by(offer.caller))
        begin = self.limits.stands_by if offer.standby else self.limits.started
        begin(offer.caller.name, call_id, now)
        try:
            session, answer = await self._answerer.answer(
                offer, admission.session_s, self._taken_up(offer)
            )
            if self._closing:
                await session.close()
            self._refuse_when_closing()
        except BaseException:
            self.limits.ended(offer.caller.name, call_id, self._now())
            raise
        for replaced in admission.replaced:
            if replaced in self._live:
                self._live[replaced].session.hang_up("replaced by a newer call", REPLACED)
        price = self._answerer.price(session)
        watch = SessionWatch(call_id, session, self._tell, price, self._failed)
        self._begin(call_id, _LiveCall(offer.caller, session, now, watch), offer)
        return Placed(call_id, answer, is_foreign=isinstance(session, BrokeredCall))

    def _taken_up(self, offer: Offer) -> TakenUp | None:
        claim = None if offer.caller.kind == "secret" else offer.context
        return self._conversations.take_up(offer.caller.name, claim, self._now())

    def _spared_by(self, caller: Caller) -> frozenset[str]:
        """A page with a secret is not to silence whoever trusted it with that."""
        if caller.kind != "secret":
            return frozenset()
        return frozenset(id for id, call in self._live.items() if call.caller.kind != "secret")

    async def count_start(self, caller: Caller) -> None:
        """Of a session that the upstream will carry; CallRefused when it is one too many."""
        self._refuse_when_closing()
        day = await self._ledger.day(caller.name)
        self.limits.count_start(caller.name, day, self._now())

    def callers(self) -> list[tuple[str, Caller]]:
        """The live calls with who called."""
        return [(call_id, call.caller) for call_id, call in self._live.items()]

    def is_busy(self, call_id: str) -> bool:
        """An answer is being made or spoken."""
        return call_id in self._live and self._live[call_id].session.busy

    def end(self, call_id: str, reason: str, code: str) -> None:
        """Not at the caller's wish; it is told why."""
        if call_id in self._live:
            self._live[call_id].session.hang_up(reason, code)

    def hang_up(self, call_id: str, caller: Caller) -> None:
        """At the caller's own wish."""
        self._call_of(call_id, caller).session.hang_up("the client hung up")

    def forget(self, caller: Caller) -> int:
        """Hang up this caller's calls, and forget what was said in them and before.

        How many conversations that were.
        """
        if caller.kind == "secret":
            raise CallRefused(403, "a client secret is for its own call", code="forbidden")
        for call in self._live.values():
            if call.caller.name == caller.name:
                call.session.hang_up("what was said is to be forgotten")
        return self._conversations.forget(caller.name)

    def join(self, call_id: str, caller: Caller | None, make_transport: MakeTransport) -> None:
        """One more connection to a call that is live; `caller` None: the relay's owner."""
        call = self._call_of(call_id, caller)
        if not call.session.is_running:
            raise CallRefused(404, "that call is over", code="not_found")
        if caller is not None and caller.kind == "secret":
            raise CallRefused(
                403, "a client secret is for its own call; join with the token", code="forbidden"
            )
        if call.session.sidebands is None:
            raise CallRefused(409, "that call's events do not pass this relay", code="brokered")
        if not call.session.sidebands.join(make_transport):
            raise CallRefused(
                429, f"{MOST} connections have joined that call", code="rate_limit_exceeded"
            )
        audit.info("call=%s joined by=%s", call_id, caller or "the owner")

    def _call_of(self, call_id: str, caller: Caller | None) -> _LiveCall:
        """CallRefused: there is none, or it is not this caller's."""
        call = self._live.get(call_id)
        if call is None:
            raise CallRefused(404, "there is no such call; it may have ended", code="not_found")
        if caller is not None and not caller.may_end(call.caller):
            raise CallRefused(403, "that call belongs to somebody else", code="forbidden")
        return call

    def _refuse_when_closing(self) -> None:
        if self._closing or self._group is None:
            raise CallRefused(503, "the relay is stopping", code="overloaded", retry_after_s=5.0)

    def _begin(self, call_id: str, call: _LiveCall, offer: Offer) -> None:
        assert self._group is not None
        self._live[call_id] = call
        if call.session.extensions and call.caller.kind != "secret":  # who else could ask for it?
            self._conversations.hold(call.caller.name, call.session.conversation)
        self._none_left.clear()
        self._on_change(self.live)
        audit.info(
            "call=%s caller=%s begins kind=%s address=%s",
            call_id,
            call.caller,
            call.caller.kind,
            call.caller.address,
            extra={"event": "session.began"},
        )
        call.session.on_held = partial(self._held, call_id, call.watch)
        call.session.on_resumed = partial(self._resumed, call_id, call.watch)
        call.session.on_woken = partial(self._woken, call_id, call)
        self._ledger.begin(call_id, call.caller, standby=offer.standby)
        call.watch.begin(_fact(call_id, offer, call.session))
        self._group.create_task(self._follow(call_id, call))

    def _woken(self, call_id: str, call: _LiveCall) -> None:
        event = {"event": "session.woken"}
        audit.info("call=%s caller=%s is used", call_id, call.caller, extra=event)
        self.limits.started(call.caller.name, call_id, self._now())
        call.watch.woken()

    def _held(self, call_id: str, watch: SessionWatch, reason: str) -> None:
        audit.info("call=%s held reason=%s", call_id, reason, extra={"event": "session.held"})
        watch.held(reason)
        self._sweep()

    def _resumed(self, call_id: str, watch: SessionWatch, after_s: float) -> None:
        event = {"event": "session.resumed"}
        audit.info("call=%s resumed after=%.1fs", call_id, after_s, extra=event)
        watch.resumed(after_s)
        self._sweep()

    async def _follow(self, call_id: str, call: _LiveCall) -> None:
        reason = "cancelled"
        try:
            reason = await self._carry(call.session)
        finally:
            now = self._now()
            del self._live[call_id]
            self.limits.ended(call.caller.name, call_id, now)
            self._leave(call.session.conversation, now)
            call.watch.end(reason)
            use = self._ledger.end(call_id)
            audit.info(
                "call=%s caller=%s ends seconds=%.1f turns=%d responses=%d tokens=%d cost=%.4f"
                " reason=%s",
                call_id,
                call.caller,
                now - call.began,
                call.session.turns,
                call.session.responses,
                use.input_tokens + use.output_tokens,
                use.cost_micro_usd / 1e6,
                reason,
                extra={"event": "session.ended"},
            )
            self._on_change(self.live)
            if not self._live:
                self._none_left.set()
            self._sweep()

    def _tell(self, fact: Fact) -> None:
        self._ledger.see(fact)
        self._publish(fact)

    def _sweep(self) -> None:
        """A transport is a ring of references around 6 MB that Python does not count as much."""
        asyncio.get_running_loop().call_later(SWEEP_S, gc.collect)

    def _leave(self, conversation: Conversation, now: float) -> None:
        """To the caller's next session, until it is old."""
        self._conversations.release(conversation, now)
        loop, keep_s = asyncio.get_running_loop(), self._conversations.keep_s
        loop.call_later(keep_s, lambda: self._conversations.forget_old(loop.time()))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _fact(call_id: str, offer: Offer, session: LiveSession) -> SessionBegan:
    transport: Transport = "webrtc" if offer.make_carrier is None else "websocket"
    kind, engine = offer.caller.kind, session.engine
    return SessionBegan(call_id, str(offer.caller), kind, engine, transport, offer.standby)
