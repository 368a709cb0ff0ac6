"""Answers an offer: by a session here, with its brains, or by one that the server carries.

Knows nothing of the calls that are live; who may call has been judged before.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from edgevoice.audio.vad import Vad
from edgevoice.config import RelayConfig
from edgevoice.errors import LinkError, ModelError, RemoteProtocolError
from edgevoice.relay.access.callers import Caller
from edgevoice.relay.access.prices import price_of
from edgevoice.relay.brain import MakeBrain
from edgevoice.relay.carrying.call_transport import Called, MakeTransport
from edgevoice.relay.carrying.carrier import Carrier, MakeCarrier
from edgevoice.relay.conversations import TakenUp
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.engines.engine import Engine
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.live_session import LiveSession
from edgevoice.relay.mcp.servers import McpServers
from edgevoice.relay.monitoring.facts import AnswerForeseen
from edgevoice.relay.monitoring.observers import Publish, unobserved
from edgevoice.relay.monitoring.session_watch import Price, free
from edgevoice.relay.offer import Offer
from edgevoice.relay.openai.brain import UpstreamBrain
from edgevoice.relay.openai.brokered import BrokeredCall
from edgevoice.relay.openai.brokered_tools import BoxedTools
from edgevoice.relay.openai.server import Server
from edgevoice.relay.patience import Patience
from edgevoice.relay.session import CallTerms, Session
from edgevoice.relay.tool_use.narrowed_tools import NarrowedTools
from edgevoice.relay.tool_use.offered_tools import check
from edgevoice.relay.tool_use.toolbox import Toolbox
from edgevoice.relay.turns.turn_judge import TurnJudge, without_judge

audit = logging.getLogger("edgevoice.relay.audit")


class Answerer:
    def __init__(
        self,
        config: RelayConfig,
        engine: Engine,
        make_vad: Callable[[], Vad],
        make_carrier: MakeCarrier,
        publish: Publish = unobserved,
        *,
        judge: TurnJudge | None = None,
        server: Server | None = None,
        servers: McpServers | None = None,
    ) -> None:
        """`judge`: started already, if anybody is to judge pauses. `server`: the one behind this
        relay that is to answer; the engine stands in for it. `servers`: of tools."""
        self._config = config
        self._engine = engine
        self._make_vad = make_vad
        self._make_carrier = make_carrier
        self._publish = publish
        self._judge = judge
        self._server = server
        self._servers = servers or McpServers(config.mcp)

    def take_up(self, config: RelayConfig) -> None:
        """Other limits and prices, for sessions from now on."""
        self._config = config

    def price(self, session: LiveSession) -> Price:
        """Of what answers; whoever stands in for the server costs nothing."""
        paid = price_of(self._model, self._config.prices)
        if self._server is None:
            return paid
        return lambda tokens: paid(tokens) if session.engine == "openai" else free(tokens)

    @property
    def _model(self) -> str:
        """What answers, whatever a client calls it."""
        if self._server is not None:
            return self._config.upstream.model
        return f"edgevoice-{self._config.engine}"

    async def answer(
        self, offer: Offer, session_s: float, taken_up: TakenUp | None
    ) -> tuple[LiveSession, str]:
        """A session for it, and what to answer; CallRefused when there is none to be had."""
        brokered = await self._broker(offer, session_s)
        return brokered or await self._carry_here(offer, session_s, taken_up)

    async def _broker(self, offer: Offer, session_s: float) -> tuple[LiveSession, str] | None:
        """None: the call is carried here."""
        server = self._server
        if server is None or not server.is_broker or offer.make_carrier is not None:
            return None
        box = self._box_of(offer.caller)
        with refusals(offer):
            check(offer.patch.get("tools") or (), box)
        tools = BoxedTools(box)
        placed = await server.place(offer.caller.name, offer.sdp, offer.patch, tools)
        if placed is None:
            return None
        idle_s = self._config.limits.idle_s
        patience = Patience(
            idle_s, session_s, asyncio.get_running_loop().time(), standby=offer.standby
        )
        return BrokeredCall(server, placed.call_id, patience, tools), placed.answer

    async def _carry_here(
        self, offer: Offer, session_s: float, taken_up: TakenUp | None
    ) -> tuple[LiveSession, str]:
        terms = CallTerms(
            session_s,
            offer.patch,
            offer.wake,
            offer.extensions,
            offer.standby,
            taken_up,
            expires_at=None if offer.standby else round(time.time() + session_s),
            sound_in_events=offer.sound_in_events,
        )
        carriers, make_transport = self.carriers(offer)
        with refusals(offer):
            vad = await asyncio.to_thread(self._make_vad)  # 30 ms that others need not wait
            box = self._box_of(offer.caller)
            check(offer.patch.get("tools") or (), box)
            brains = self._brains(offer, vad, box)
            judges = self._can_judge or self._server is not None
            config = self._config if judges else without_judge(self._config)
            session = Session(config, brains, terms, make_transport)
            return session, await carriers[0].answer(offer.sdp)

    def _box_of(self, caller: Caller) -> Toolbox:
        """Of the relay's own tools, those that this caller may have called."""
        box = self._servers.for_caller(caller.name)
        if caller.kind != "secret":
            return box
        return NarrowedTools(box, caller.session_patch.get("tools") or ())

    @property
    def _can_judge(self) -> bool:
        return self._judge is not None and self._judge.can_judge

    def _brains(self, offer: Offer, vad: Vad, box: Toolbox) -> list[MakeBrain]:
        """The first one begins; CallRefused when there is none."""
        judge = self._judge.finished if self._judge is not None and self._can_judge else None
        own: MakeBrain = partial(
            EngineBrain,
            self._engine,
            vad,
            detection=self._config.detection,
            judge=judge,
            speculate=self._config.local.speculate,
            on_foreseen=lambda used: self._publish(AnswerForeseen(used)),
            box=box,
        )
        server = self._server
        if server is None:
            return [own]
        there: list[MakeBrain] = []
        if server.admits():
            name, waits = offer.caller.name, offer.standby
            there.append(partial(UpstreamBrain, server, vad, name, waits, box=box))
        if server.has_fallback:
            return [*there, own]
        if not there:
            raise server.unavailable()
        return there

    def carriers(self, offer: Offer) -> tuple[list[Carrier], MakeTransport]:
        """What makes a carrier for this offer, and where it will be found then."""
        carriers: list[Carrier] = []
        make_carrier = offer.make_carrier or self._make_carrier

        def make_transport(called: Called) -> Carrier:
            carriers.append(make_carrier(called, offer.media_host))
            return carriers[0]

        return carriers, make_transport


@contextmanager
def refusals(offer: Offer) -> Iterator[None]:
    """What goes wrong with an offer, as the caller is told."""
    try:
        yield
    except RemoteProtocolError as error:
        raise CallRefused(400, str(error), code="invalid_offer") from error
    except (LinkError, ModelError) as error:
        event = {"event": "call.refused"}
        audit.warning("caller=%s refused: %s", offer.caller, error, extra=event)
        raise CallRefused(503, str(error), code="no_media", retry_after_s=30.0) from error
