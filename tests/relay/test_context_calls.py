"""Sessions over real sockets, one after the other: what is told, and what need not be."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import (
    ContextConfig,
    DetectionConfig,
    LinkConfig,
    RelayConfig,
    TurnConfig,
)
from edgevoice.link.credential import BearerToken
from edgevoice.link.relay_link import RelayLink
from edgevoice.link.signalling import Signalling
from edgevoice.realtime.client_events import ClientEvent, ConversationItemCreate, ResponseCreate
from edgevoice.realtime.items import user_text
from edgevoice.realtime.response import ResponseParams
from edgevoice.realtime.server_events import EdgevoiceConversation, ResponseDone, ServerEvent
from edgevoice.relay.access.tokens import create
from edgevoice.transceiver.actions import CloseGate, CloseLink, OpenGate, OpenLink, SendEvent
from edgevoice.transceiver.inputs import ButtonPressed, EventReceived, Input, StopRequested
from edgevoice.transceiver.memory import ContextCounters
from edgevoice.transceiver.transceiver import Transceiver
from tests.link.house import Board
from tests.relay.test_app import Running

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


class Mind:
    """A device that writes what it has to say, and is silent otherwise."""

    def __init__(self) -> None:
        turn = TurnConfig(minutes_per_day=0, no_speech_s=30)
        self.transceiver = Transceiver(turn, ContextConfig(), LinkConfig(), (), 0, chime=False)
        self.opened: OpenLink
        self.seeds: list[ClientEvent] = []
        self._events: asyncio.Queue[ServerEvent] = asyncio.Queue()
        self._board: Board

    @property
    def counted(self) -> ContextCounters:
        return self.transceiver.memory.session

    @property
    def words(self) -> list[str]:
        return [item.content[0].words for item in self.transceiver.conversation.text_items()]

    async def says(self, words: str, url: str, token: str) -> None:
        """One session, in which it says this and gets an answer."""
        self.seeds = []
        board = self._board = Board(url, None)
        board.source = lambda start, end: np.zeros(end - start, np.int16)
        board.playout = PlayoutBuffer(24_000)
        relays = [Signalling(LinkConfig(url=url), BearerToken(token))]
        board.link = RelayLink(relays, board.gate, board.playout, self.happens)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(board.link.run()), group.create_task(board.capture())]
            self.happens(ButtonPressed(0))
            await self._until(EdgevoiceConversation)
            board.link.send(ConversationItemCreate(item=user_text(words)))
            board.link.send(ResponseCreate(response=ResponseParams(output_modalities=("text",))))
            await self._until(ResponseDone)
            self.happens(StopRequested("owner"))
            await asyncio.sleep(0.1)  # the link says goodbye
            for task in tasks:
                task.cancel()

    def happens(self, fact: Input) -> None:
        for action in self.transceiver.handle(fact, asyncio.get_running_loop().time()):
            match action:
                case OpenLink():
                    self.opened = action
                    self._board.link.open(action)
                case CloseLink(reason):
                    self._board.link.close(reason)
                case OpenGate(sample):
                    self._board.gate.open(sample)
                case CloseGate():
                    self._board.gate.close()
                case SendEvent(event):
                    self.seeds += [event] if isinstance(event, ConversationItemCreate) else []
                    self._board.link.send(event)
        if isinstance(fact, EventReceived):
            self._events.put_nowait(fact.event)

    async def _until(self, kind: type[ServerEvent]) -> None:
        async with asyncio.timeout(10):
            while not isinstance(await self._events.get(), kind):
                pass


async def test_what_one_session_knows_the_next_need_not_be_told(tmp_path: Path) -> None:
    """And what a relay forgets when it is restarted, it is told again."""
    config = RelayConfig(
        port=0,
        engine="parrot",
        store="memory",
        tokens_file=str(tmp_path / "tokens"),
        detection=DetectionConfig(vad="webrtc"),
    )
    token, mind = create(config.tokens_file, "kitchen"), Mind()
    async with asyncio.TaskGroup() as group:
        first = Running(config, group)
        await mind.says("My name is Ada.", await first.url(), token)
        assert mind.words == ["My name is Ada.", "(parrot) My name is Ada."]
        await mind.says("What is it?", await first.url(), token)
        assert mind.seeds == []
        counted = mind.counted
        assert (counted.sent_items, counted.sent_bytes, counted.saved_items) == (0, 0, 2)
        first.stop.set()
        await first.task
        second = Running(config, group)
        await mind.says("And now?", await second.url(), token)
        assert len(mind.seeds) == 4
        assert mind.counted.saved_items == 0
        assert mind.counted.sent_bytes > counted.saved_bytes > 200
        await mind.says("And again?", await second.url(), token)
        assert mind.seeds == []
        assert mind.counted.saved_items == 6
        second.stop.set()
    assert len(mind.words) == 8
