"""A device's mind on one end of the wire and a relay's session on the other.

The wire carries events at once and in order, until it is cut. The loudspeaker plays
what the relay says it sends, and can be interrupted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from edgevoice.config import ContextConfig, LinkConfig, RelayConfig, TurnConfig
from edgevoice.realtime import server_events as says
from edgevoice.realtime.client_events import ClientEvent, ConversationItemCreate
from edgevoice.realtime.wire import decode_server_event, encode
from edgevoice.relay.conversations import Conversations
from edgevoice.relay.session import CallTerms
from edgevoice.transceiver.actions import FlushPlayout, OpenLink, SendEvent
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    ButtonPressed,
    EventReceived,
    Input,
    LinkLost,
    LinkOpened,
    PlayoutDrained,
    PlayoutFlushed,
    PlayoutStarted,
    StopRequested,
)
from edgevoice.transceiver.memory import ContextCounters
from edgevoice.transceiver.transceiver import Transceiver
from tests.relay.story import Story
from tests.virtual_time import elapse


class Relay:
    """Holds conversations; `ours` or somebody else's, which knows no extensions."""

    def __init__(self, ours: bool = True) -> None:
        self.ours = ours
        self.conversations = Conversations(3_600.0)


class Device:
    def __init__(self, name: str = "kitchen") -> None:
        self.name = name
        self.mind = Transceiver(
            TurnConfig(barge_in=True, reconnect_s=0.0),
            ContextConfig(),
            LinkConfig(first_turn="media"),
            (),
            0,
            chime=False,
            hears_voices=True,
        )
        self.opened: OpenLink
        self.sent: list[ClientEvent] = []
        """Since the session began."""
        self.heard: list[says.ServerEvent] = []
        self.is_cut_off = False
        self._wire: asyncio.Queue[str] = asyncio.Queue()
        self._story: Story
        self._played_since: float | None = None

    @property
    def seeds(self) -> list[ConversationItemCreate]:
        return [event for event in self.sent if isinstance(event, ConversationItemCreate)]

    @property
    def counted(self) -> ContextCounters:
        return self.mind.memory.session

    def happens(self, fact: Input) -> None:
        for action in self.mind.handle(fact, self._now()):
            match action:
                case OpenLink():
                    self.opened = action
                case SendEvent(event) if not self.is_cut_off:
                    self.sent.append(event)
                    self._story.session.on_message(encode(event))
                case FlushPlayout() if self._played_since is not None:
                    since, self._played_since = self._played_since, None
                    self.happens(PlayoutFlushed(round(1_000 * (self._now() - since))))

    async def interrupts(self) -> None:
        """The user speaks into the answer."""
        self.happens(BargeInConfirmed(0))
        await elapse(0.5)

    def cut_off(self) -> None:
        """Nothing gets through any more, either way."""
        self.is_cut_off = True

    @asynccontextmanager
    async def session(self, relay: Relay) -> AsyncIterator[Story]:
        self.sent, self.heard, self.is_cut_off = [], [], False
        self.happens(ButtonPressed(0))
        claim = self.opened.context if relay.ours else None
        taken_up = relay.conversations.take_up(self.name, claim, self._now())
        terms = CallTerms(3_600.0, {}, None, relay.ours, taken_up=taken_up)
        self._story = story = Story(RelayConfig(), terms, NUMBERS)
        story.call.on_sent = self._wire.put_nowait
        if relay.ours:
            relay.conversations.hold(self.name, story.session.conversation)
        self.happens(LinkOpened("relay", relay.ours))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(story.session.run())
            carrying = group.create_task(self._carry())
            await asyncio.sleep(0)
            story.session.on_open()
            await elapse(0.1)
            yield story
            self.happens(LinkLost("cut off") if self.is_cut_off else StopRequested("owner"))
            story.session.hang_up("the end")
            await running
            carrying.cancel()
        relay.conversations.release(story.session.conversation, self._now())

    async def _carry(self) -> None:
        while True:
            text = await self._wire.get()
            if not self.is_cut_off:
                self._hear(decode_server_event(text))

    def _hear(self, event: says.ServerEvent) -> None:
        self.heard.append(event)
        self.happens(EventReceived(event))
        if isinstance(event, says.OutputAudioBufferStarted):
            self._played_since = self._now()
            self.happens(PlayoutStarted())
        elif isinstance(event, says.OutputAudioBufferStopped) and self._played_since is not None:
            since, self._played_since = self._played_since, None
            self.happens(PlayoutDrained(round(1_000 * (self._now() - since))))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


NUMBERS = count(1)
"""Ids differ from session to session, and from relay to relay."""
