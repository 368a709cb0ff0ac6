"""A call between a device and the server, which the relay has placed and looks after.

Its sound passes the relay by. What is left to do here: its end (minutes, idleness, revocation),
what it uses, and tools that the relay runs; all by a second connection to the same session. A
call that cannot be looked after is hung up. Renewing a session is the device's.
"""

import asyncio
import contextlib
from asyncio import Task, TaskGroup
from collections.abc import Callable

import msgspec

from edgevoice.audio.departures import Departures
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.items import FunctionCall, function_output
from edgevoice.realtime.wire import decode_server_event, encode
from edgevoice.relay.carrying.call_transport import MakeTransport
from edgevoice.relay.carrying.line import Leg, Totals
from edgevoice.relay.openai.brokered_tools import BrokeredTools, offered, with_ours
from edgevoice.relay.openai.connection import Connection
from edgevoice.relay.openai.dialect import OURS
from edgevoice.relay.openai.server import Server
from edgevoice.relay.openai.upstream import ABSENT, EVENT_LIMIT, Socket
from edgevoice.relay.patience import Patience
from edgevoice.relay.state import Asked, Told

ATTEMPTS = 5
"""To attend the call, or to attend it again; the pauses between them double."""
FIRST_PAUSE_S = 0.25
MOST_TOOLS = 8
"""Of the relay's, that run at the same time in one call."""


class BrokeredCall:
    """A LiveSession; see live_session.py."""

    on_held: Callable[[str], None]
    on_woken: Callable[[], None]
    on_resumed: Callable[[float], None]
    on_brain_changed: Callable[[], None]
    on_surplus: Callable[[], None]
    engine = "openai"
    sidebands = None

    def __init__(
        self, server: Server, call_id: str, patience: Patience, tools: BrokeredTools
    ) -> None:
        """`call_id`: the server's own."""
        self.on_held = lambda reason: None
        self.on_resumed = lambda after_s: None
        self.on_woken = self.on_surplus = self.on_brain_changed = lambda: None
        self.turns = self.responses = 0
        self.conversation = Conversation()
        self._server = server
        self._call_id = call_id
        self._patience = patience
        self._tools = tools
        self._offered = offered(tools.definitions(), tools.definitions())
        """Names of the relay's tools that the server knows."""
        self._published: Callable[[says.ServerEvent], None] = lambda event: None
        self._connection: Connection | None = None
        self._group: TaskGroup | None = None
        self._running: set[Task[None]] = set()
        self._sounding = False
        self._is_continued = False
        """The relay's tools have answered: their answer has to be asked for."""
        self._active = False
        """The server makes an answer."""
        self._over = asyncio.Event()
        self._news = asyncio.Event()
        self._reason = ""
        self._is_gone = False
        """The server has ended it."""

    @property
    def extensions(self) -> bool:
        return False

    @property
    def may_resume(self) -> bool:
        return False

    @property
    def is_running(self) -> bool:
        return self._group is not None and not self._over.is_set()

    @property
    def busy(self) -> bool:
        return self._active or self._sounding or bool(self._running)

    @property
    def received(self) -> Totals:
        """Nothing of it came here."""
        return Totals()

    def departures(self) -> Departures:
        return Departures()

    def watch(self, published: Told, made: Callable[[str], None], asked: Asked) -> None:
        self._published = published

    def new_leg(self, make_transport: MakeTransport) -> Leg:
        raise AssertionError("there is nothing here to come back to")

    def admit(self, leg: Leg) -> bool:
        return False

    def hang_up(self, reason: str, code: str = "") -> None:
        self._reason = self._reason or reason
        self._over.set()
        self._news.set()

    async def close(self) -> None:
        """For a call that is never run."""
        await self._server.upstream.hang_up(self._call_id)

    async def run(self) -> str:
        try:
            async with TaskGroup() as self._group:
                tasks = [
                    self._group.create_task(self._attend()),
                    self._group.create_task(self._watch_time()),
                ]
                await self._over.wait()
                for task in (*tasks, *self._running):
                    task.cancel()
        finally:
            self._over.set()
            if not self._is_gone:
                await self._server.upstream.hang_up(self._call_id)
        return self._reason

    # The connection beside the call.

    async def _attend(self) -> None:
        failures = 0
        while failures < ATTEMPTS:
            connection = self._connection = Connection(self._connect, self._hear)
            await connection.run()
            refusal = connection.refusal
            if refusal is None:
                failures = 0
            elif refusal.code == ABSENT and self._was_attended:
                self._is_gone = True
                self.hang_up("the client hung up")
                return
            await asyncio.sleep(FIRST_PAUSE_S * 2**failures)
            failures += 1
        self.hang_up("the relay cannot look after it")

    async def _connect(self) -> Socket:
        socket = await self._server.connect({"call_id": self._call_id}, "")
        self._opened()
        return socket

    @property
    def _was_attended(self) -> bool:
        return self._patience.is_open

    async def _watch_time(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._over.is_set():
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._patience.deadline):
                    await self._news.wait()
            if self.busy:
                self._patience.active(loop.time())
            reason = self._patience.expired(loop.time())
            if reason is not None:
                self.hang_up(reason)

    def _send(self, event: asks.ClientEvent) -> None:
        if self._connection is not None:
            named = msgspec.structs.replace(event, event_id=f"{OURS}{event.type}")
            self._connection.send(encode(named))

    # What the server says.

    def _hear(self, text: str) -> None:
        try:
            event = decode_server_event(text, EVENT_LIMIT)
        except RemoteProtocolError:
            return
        if isinstance(event, UnknownEvent) or self._over.is_set():
            return
        self.conversation.apply(event)
        self._follow(event)
        self._published(event)

    def _follow(self, event: says.ServerEvent) -> None:
        match event:
            case says.SessionCreated(session=session) | says.SessionUpdated(session=session):
                self._offer_tools(session.tools)
            case says.InputAudioBufferSpeechStarted():
                self._used()
            case says.InputAudioBufferCommitted():
                self.turns += 1
                self._used()
            case says.ResponseCreated():
                self.responses += 1
                self._active = True
                self._used()
            case says.ResponseDone():
                self._response_done(event)
            case says.OutputAudioBufferStarted():
                self._sounding = True
            case says.OutputAudioBufferStopped() | says.OutputAudioBufferCleared():
                self._sounding = False
                self._used()
            case says.Error(error=error) if error.code == "session_expired":
                self._is_gone = True
                self.hang_up("the server ended the session")
            case _:
                pass

    def _opened(self) -> None:
        if not self._patience.is_open:
            self._patience.opened(asyncio.get_running_loop().time())
            self._server.works()
            self._news.set()

    def _used(self) -> None:
        now = asyncio.get_running_loop().time()
        self._patience.active(now)
        if self._patience.is_standby:
            self._patience.wake(now)
            self.on_woken()
        self._news.set()

    # Tools that the relay runs.

    def _offer_tools(self, tools: tuple[dict[str, object], ...]) -> None:
        """Also when the client has told the server of its own, which are all there are then."""
        ours = self._tools.definitions()
        self._offered = offered(tools, ours)
        wanted = with_ours(tools, ours)
        if wanted is not None:
            self._send(asks.SessionUpdate(session={"type": "realtime", "tools": wanted}))

    def _response_done(self, event: says.ResponseDone) -> None:
        self._active = False
        for item in event.response.output:
            if isinstance(item, FunctionCall) and item.name in self._offered:
                self._run(item)
        self._continue()

    def _run(self, call: FunctionCall) -> None:
        assert self._group is not None
        if len(self._running) >= MOST_TOOLS:
            self._answer(call, '{"error":"too many tools at once"}')
            return
        task = self._group.create_task(self._answer_by_tool(call))
        self._running.add(task)
        task.add_done_callback(self._finished)

    async def _answer_by_tool(self, call: FunctionCall) -> None:
        self._answer(call, await self._tools.run_tool(call.name, call.arguments))

    def _answer(self, call: FunctionCall, output: str) -> None:
        self._send(asks.ConversationItemCreate(item=function_output(call.call_id, output)))
        self._is_continued = True

    def _finished(self, task: Task[None]) -> None:
        self._running.discard(task)
        self._continue()

    def _continue(self) -> None:
        """One answer for all tools, when the last of them has brought its result."""
        if self._is_continued and not (self._running or self._active or self._over.is_set()):
            self._is_continued = False
            self._send(asks.ResponseCreate())
