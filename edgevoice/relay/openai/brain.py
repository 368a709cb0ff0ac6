"""The brain that is elsewhere: the client's events and sound go to a server, its answers come back.

Rule 1: the session is the relay's. Settings, conversation and voice are held here; the server is
told of them, and a client hears nothing of its ids, limits or end.
Rule 2: when the server cannot go on, what was opened is closed, and what is unanswered is
left to the next brain: `Unanswered`.
Rule 3: before the server ends a session, another one takes its place, in a pause.
"""

import asyncio
import logging
from asyncio import Task
from dataclasses import dataclass, field

import msgspec
import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.vad import Vad
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.realtime.client_events import ClientEvent, ResponseCreate
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.items import FunctionCall, FunctionCallOutput, Message
from edgevoice.realtime.response import ErrorDetails
from edgevoice.realtime.words import as_text
from edgevoice.relay.brain import BrainLost, Stage, Unanswered
from edgevoice.relay.openai.answers import Answers
from edgevoice.relay.openai.connection import Connection
from edgevoice.relay.openai.dialect import OURS, Dialect
from edgevoice.relay.openai.questions import Questions
from edgevoice.relay.openai.server import Server
from edgevoice.relay.openai.server_says import ServerSays
from edgevoice.relay.openai.server_tools import ServerTools
from edgevoice.relay.openai.uplink import Uplink
from edgevoice.relay.openai.wake_hold import WakeHold
from edgevoice.relay.openai.wishes import Wishes
from edgevoice.relay.tool_use.engine_items import engine_items
from edgevoice.relay.tool_use.toolbox import NoTools, Toolbox
from edgevoice.relay.turns.detection import turn_rules
from edgevoice.relay.turns.hearing import Hearing
from edgevoice.relay.turns.turn_detector import TurnRules
from edgevoice.relay.turns.wake_phrase import WakePhrase

log = logging.getLogger(__name__)

OPEN_S = 8.0
"""From the call to `session.created`. The sound waits meanwhile."""
HOPELESS = frozenset(
    {"insufficient_quota", "rate_limit_exceeded", "server_error", "invalid_api_key"}
)
"""Errors after which the server answers this session no more, or not in time."""
PAUSE_S = 0.25
"""How often it is looked whether nobody speaks."""
LOOK_BACK = CAPTURE_RATE_HZ
"""Heard again by a server that takes over in a pause: somebody may have begun to speak."""


@dataclass(slots=True)
class Link:
    """One session at the server."""

    connection: Connection
    dialect: Dialect
    uplink: Uplink
    seeded: set[str] = field(default_factory=set)
    """Items it was told of; what it says of them nobody need hear."""
    clearings: list[bool] = field(default_factory=list)
    """Which it has not acknowledged; True: by the client's wish."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """It is open, or never will be."""
    is_open: bool = False
    task: Task[None] | None = None
    reason: str = ""
    """Why it ended."""

    def send(self, text: str) -> None:
        self.connection.send(text)


class UpstreamBrain:
    """A Brain; see brain.py for the contract."""

    engine = "openai"

    def __init__(
        self,
        server: Server,
        vad: Vad,
        token_name: str,
        waits: bool,
        stage: Stage,
        *,
        box: Toolbox | None = None,
    ) -> None:
        """`waits`: the call is on standby, and nobody is called before it is used. `box`: the
        relay's tools for this client."""
        self.stage, self.state = stage, stage.state
        self._server = server
        self._token_name = token_name
        rules = turn_rules(self.state.settings.audio.input.turn_detection)
        wake = stage.wake if rules is not None else None
        self.hearing = Hearing(vad, rules if wake else None, wake)
        self._hold = WakeHold(wake) if wake else None
        self.questions = Questions()
        self.answers = Answers(self.state, stage.voice)
        self.tools = ServerTools(self, box or NoTools())
        self._wishes = Wishes(self, box or NoTools())
        self._says = ServerSays(self)
        self.link = self._new_link()
        self._next: Link | None = None
        self._used = asyncio.Event()
        if not waits:
            self._used.set()
        self.is_lost = False
        self.asides = 0
        """Answers that the client wants outside the conversation, and that have not begun."""
        self.commits = 0
        """By the client's wish, which the server has not acknowledged."""
        self.stopped_at: int | None = None
        """Where the turn ends that the server is about to commit."""

    @property
    def turns(self) -> int:
        return self.questions.count

    @property
    def responses(self) -> int:
        return self.answers.count

    @property
    def busy(self) -> bool:
        return self.questions.is_owed or self.answers.is_busy or self.tools.is_running

    @property
    def speaking(self) -> bool:
        return self.questions.is_speaking

    @property
    def position(self) -> int:
        return self.hearing.position

    def follow(self, before: Unanswered) -> None:
        for _ in self.hearing.receive(before.first, before.samples):
            pass
        if before.is_owed:
            self.obey(ResponseCreate())

    def receive(self, first: int, samples: Samples) -> None:
        self._used.set()
        self._wishes.media_flows = True
        self._heard(first, samples)

    def append(self, samples: Samples) -> None:
        """Sound without a place of its own, 16 kHz."""
        self._heard(self.hearing.position, samples)

    def obey(self, event: ClientEvent) -> None:
        self._used.set()
        self._wishes.obey(event)

    def moved(self) -> None:
        self._wishes.media_flows = False

    # What its parts want of it.

    def send(self, text: str) -> None:
        self.link.send(text)

    def ask(self, event: ResponseCreate) -> None:
        """For an answer that the client need not ask for."""
        self.send(self.link.dialect.respond(msgspec.structs.replace(event, event_id=f"{OURS}ask")))
        self.stall_watch()

    def tell(self, item: FunctionCallOutput) -> None:
        """The server, and nobody else."""
        self.link.seeded.add(item.id)
        self.send(self.link.dialect.seed(item))

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def expect(self, wake: WakePhrase, rules: TurnRules) -> None:
        """A wake phrase is announced; sound that has left already is the server's to judge."""
        if self.link.uplink.is_begun_after(wake.start):
            return
        self.hearing.set_rules(rules)
        self.hearing.expect(wake)
        self._hold = WakeHold(wake)

    def hear_again(self, samples: int) -> None:
        """The server has forgotten what it heard; so much of it counts."""
        if self._hold is None:
            self.link.uplink.go_on_at(max(self.questions.taken, self.hearing.end - samples, 0))

    def silence(self) -> None:
        """Now; the server learns what was heard."""
        for cut in self.answers.silence():
            self.send(self.link.dialect.truncate(cut.item_id, cut.content_index, cut.end_ms))

    def opened(self, link: Link) -> None:
        """The server has a session for us."""
        link.is_open = True
        link.settled.set()
        link.connection.expect(None)
        self._server.works()
        if link is self.link:
            self.stall_watch()

    def gives_up_on(self, code: str | None) -> bool:
        """Somebody else had better go on."""
        return code in HOPELESS and self._server.has_fallback

    def refused(self, error: ErrorDetails) -> ErrorDetails:
        """The server does not do what the client wants: as the client may know it."""
        if error.code == "input_audio_buffer_commit_empty":
            self.commits = max(0, self.commits - 1)
        told = self._wishes.refused(error)
        if told is not None and not self.answers.is_active:
            self.questions.answered()
        return told or error

    async def run(self) -> None:
        await self._used.wait()
        try:
            await self._live()
        except BrainLost as error:
            self._give_up(error)
            raise

    def abandon(self) -> Unanswered:
        self.is_lost = True
        for link in (self.link, self._next):
            if link is not None:
                link.connection.end("nobody wants it any more")
        start = self.questions.first_unheard(self._known_until())
        samples = self.hearing.read(start, self.hearing.end)
        is_owed = self.questions.is_left
        return Unanswered(self.position - len(samples), np.array(samples), is_owed)

    # Its sessions at the server.

    def _new_link(self) -> Link:
        dialect = self._server.new_dialect()
        connection = Connection(
            lambda: self._server.connect(dialect.query, self._token_name),
            lambda text: self._says.hear(link, text),
        )
        uplink = Uplink(self.hearing, lambda samples: link.send(dialect.sound(samples)))
        link = Link(connection, dialect, uplink)
        return link

    def _start(self, link: Link) -> None:
        link.connection.expect(OPEN_S)
        link.task = self.state.spawn(self._run_link(link))

    async def _run_link(self, link: Link) -> None:
        link.reason = await link.connection.run()
        link.settled.set()

    async def _live(self) -> None:
        self._introduce(self.link)
        if self._hold is None:
            self.link.uplink.go_on_at(self.hearing.waiting[0])
        self._start(self.link)
        while True:
            link = self.link
            renewing = self.state.spawn(self._renew())
            assert link.task is not None
            await asyncio.wait([link.task])
            renewing.cancel()
            if self.link is link and not self._replaced_in_haste():
                raise self._server.lost(link.connection, link.reason)

    def _introduce(self, link: Link) -> None:
        """How the session is to be, and what has been said in it."""
        link.send(link.dialect.begin(self.tools.settings()))
        for item in engine_items(self.state.conversation.heard_items(), self.tools.offered):
            seed = as_text(item) if isinstance(item, Message) else item
            if isinstance(seed, Message | FunctionCall | FunctionCallOutput):
                link.seeded.add(seed.id)
                link.send(link.dialect.seed(seed))

    async def _renew(self) -> None:
        """Another session takes over before the server ends this one."""
        await asyncio.sleep(self._server.renew_s)
        while True:
            link = await self._another()
            if await self._pause(link):
                break
            await asyncio.sleep(self._server.retry_s())
        self._switch(link, self._heard_until(LOOK_BACK))

    async def _pause(self, link: Link) -> bool:
        """Wait until nobody speaks or is about to; False: the other one is gone meanwhile."""
        while not link.reason:
            if not (self.busy or self.speaking):
                return True
            await asyncio.sleep(PAUSE_S)
        return False

    async def _another(self) -> Link:
        """Open, or ended already."""
        link = self._next = self._new_link()
        link.send(link.dialect.begin(self.tools.settings()))
        self._start(link)
        await link.settled.wait()
        return link

    def _switch(self, link: Link, first: int) -> None:
        before, self.link, self._next = self.link, link, None
        before.connection.end("renewed")
        self._introduce(link)
        if self._hold is None:
            link.uplink.go_on_at(max(0, first))
        log.info("the session at the server was renewed")

    def _replaced_in_haste(self) -> bool:
        """The server ended it before there was a pause, and its successor stands by."""
        link = self._next
        if link is None or link.reason or not link.is_open:
            return False
        self._close_answers("the server ended its session")
        self.tools.abandon()
        is_owed = self.questions.is_left
        first = self.questions.first_unheard(self._known_until())
        self._unsay()
        self._switch(link, first)
        self.questions.answered()
        self.questions.cleared(first)
        if is_owed:
            self.obey(ResponseCreate())
        return True

    # When it cannot go on.

    def _give_up(self, error: BrainLost) -> None:
        self._close_answers(str(error))
        self.tools.abandon()
        self._unsay()
        self.is_lost = True

    def _close_answers(self, reason: str) -> None:
        if self.answers.is_active:
            self.questions.asked()
        self.answers.fail(reason)

    def _unsay(self) -> None:
        """Items whose sound is heard again become others."""
        for item_id in self.questions.to_hear_again:
            if item_id in self.state.conversation.ids():
                self.state.publish(says.ConversationItemDeleted(item_id=item_id))

    def _known_until(self) -> int:
        """What came before, the server has heard; of what came later nobody knows."""
        silent_s = self.now() - self.link.connection.heard_at
        doubtful = round(silent_s * CAPTURE_RATE_HZ) + LOOK_BACK
        return self._heard_until(doubtful) if self.link.is_open else self.questions.taken

    def _heard_until(self, doubtful: int) -> int:
        """Without these last samples. Who commits a turn itself may be in the middle of it."""
        if self.state.settings.audio.input.turn_detection is None:
            return self.questions.taken
        return max(self.questions.taken, self.hearing.end - doubtful)

    def _heard(self, first: int, samples: Samples) -> None:
        events = self.hearing.receive(first, samples)
        if self._hold is None:
            for _ in events:
                pass
            self.link.uplink.flush()
            return
        released = self._hold.release(events, self.hearing.end)
        if released is not None:
            self._hold = None
            self.hearing.set_rules(None)
            self.link.uplink.go_on_at(max(0, released))

    def stall_watch(self) -> None:
        """An answer that is owed comes in time, or the server is given up."""
        is_owed = self.questions.is_owed and not self.tools.is_running
        waits = is_owed or self.answers.is_active
        self.link.connection.expect(self._server.stall_s if waits else None)

    def read(self, link: Link, text: str) -> says.ServerEvent | None:
        """None: nothing that this version knows."""
        try:
            event = link.dialect.read(text)
        except RemoteProtocolError as error:
            log.debug("the server says what is no event: %s", error)
            return None
        return None if isinstance(event, UnknownEvent) else event
