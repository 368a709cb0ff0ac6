"""A device's link and a relay's session over real sockets, cut apart and brought together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import Samples
from edgevoice.config import LimitsConfig, LinkConfig, RelayConfig
from edgevoice.hardware.system.service_manager import ServiceManager
from edgevoice.link.credential import BearerToken
from edgevoice.link.relay_link import RelayLink
from edgevoice.link.signalling import Signalling
from edgevoice.realtime import server_events as says
from edgevoice.relay.access import tokens
from edgevoice.relay.app import Relay
from edgevoice.relay.engines.parrot import Parrot
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import EventReceived, LinkLost, LinkOpened
from edgevoice.webrtc.caller import Caller
from tests.link.house import Board
from tests.relay.story import LoudnessVad
from tests.virtual_time import elapse
from tests.webrtc import peers

pytestmark = pytest.mark.slow


@dataclass
class Home:
    board: Board
    relay: Relay

    @property
    def device_peer(self):
        return self.board.link._talk.line.peer

    def cut(self) -> None:
        """Nothing that the device sends arrives any more; it is not told."""
        peers.lose(self.device_peer.connection, lambda data: True)

    def cut_down(self) -> None:
        """Both ways."""
        self.cut()
        peers.lose(self.relay_peer.connection, lambda data: True)

    @property
    def relay_peer(self):
        return self.session._line.leg.transport._call._peer

    def stall(self, seconds: float) -> None:
        """Everything is late on either side, and then all there."""
        for peer in (self.device_peer, self.relay_peer):
            peers.stall(peer.connection, seconds, one_way_s=0.2)

    def away(self, seconds: float) -> None:
        """Nothing arrives on either side for so long."""
        loop = asyncio.get_running_loop()
        back_at = loop.time() + seconds
        for peer in (self.device_peer, self.relay_peer):
            peers.lose(peer.connection, lambda data: loop.time() < back_at)

    @property
    def session(self):
        (call,) = self.relay._calls._live.values()
        return call.session

    async def events_until(self, kind: type) -> list[says.ServerEvent]:
        events: list[says.ServerEvent] = []
        while not events or not isinstance(events[-1], kind):
            events.append((await self.board.until(EventReceived)).event)
        return events


def sound(*pieces: tuple[float, int]) -> Samples:
    """Seconds at a loudness each."""
    rng = np.random.default_rng(1)
    parts = [rng.integers(-peak - 1, peak + 1, round(s * 16_000)) for s, peak in pieces]
    return np.concatenate(parts).astype(np.int16)


@asynccontextmanager
async def home(directory: Path, heard: Samples, **limits: object) -> AsyncIterator[Home]:
    file, standby = directory / "tokens", bool(limits.pop("standby", False))
    token = tokens.create(str(file), "board")
    config = RelayConfig(
        port=0,
        engine="parrot",
        store="memory",
        tokens_file=str(file),
        limits=LimitsConfig(**limits),
    )
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    running = Relay(config, Parrot(), LoudnessVad, ServiceManager({}))
    async with asyncio.TaskGroup() as group:
        ended = group.create_task(running.run(stop, listening.set_result))
        url = await listening
        board = Board(url, None)
        board.source = lambda start, end: heard[start:end]
        board.link = RelayLink(
            [Signalling(LinkConfig(url=url), BearerToken(token))],
            board.gate,
            board.playout,
            board.post,
            standby=standby,
        )
        tasks = [group.create_task(board.link.run()), group.create_task(board.capture())]
        try:
            yield Home(board, running)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.sleep(0.1)
            stop.set()
            await ended


@pytest.mark.fault("link-loss-3s")
async def test_a_sentence_that_is_cut_in_two_arrives_in_one(tmp_path: Path) -> None:
    heard = sound((1.0, 0), (6.0, 8_000), (60.0, 0))
    async with home(tmp_path, heard) as house:
        board = house.board
        await board.talk()
        await house.events_until(says.InputAudioBufferSpeechStarted)
        await elapse(1.5)
        house.cut()
        lost = await board.until(LinkLost)
        assert not lost.hung_up
        board.link.reopen(True)
        assert (await board.until(LinkOpened)).resumed
        events = await house.events_until(says.ResponseDone)
        assert words(events) == ["(parrot) 6.5 seconds"]
        assert board.gate.gaps == 0 and board.gate.resent_samples > 0


@pytest.mark.parametrize("trouble", [Home.away, Home.stall])
@pytest.mark.parametrize("seconds", [0.8, 1.1])
@pytest.mark.fault("link-loss-1s")
async def test_a_path_that_is_away_for_a_moment_takes_no_word_with_it(
    tmp_path: Path, seconds: float, trouble: Callable[[Home, float], None]
) -> None:
    heard = sound((1.0, 0), (6.0, 8_000), (60.0, 0))
    async with home(tmp_path, heard) as house:
        board = house.board
        await board.talk()
        await house.events_until(says.InputAudioBufferSpeechStarted)
        await elapse(1.5)
        trouble(house, seconds)
        events = await house.events_until(says.ResponseDone)
        assert words(events) == ["(parrot) 6.5 seconds"]
        received = house.session._line.received
        assert received.lost == received.concealed == board.gate.gaps == 0
        assert board.gate.resent_samples > 0 or trouble is Home.stall
        assert not [i for i in board.inputs if isinstance(i, LinkLost)]


@pytest.mark.parametrize("trouble", [Home.away, Home.stall])
@pytest.mark.parametrize("after_s", [0.3, 2.0])
@pytest.mark.fault("link-loss-1s")
async def test_nor_a_word_of_an_answer_and_none_is_heard_twice(
    tmp_path: Path, after_s: float, trouble: Callable[[Home, float], None]
) -> None:
    heard = sound((1.0, 0), (4.0, 8_000), (60.0, 0))
    async with home(tmp_path, heard) as house, asyncio.TaskGroup() as group:
        board, speaker = house.board, Loudspeaker(house.board)
        playing = group.create_task(speaker.run())
        await board.talk()
        await house.events_until(says.OutputAudioBufferStarted)
        board.link.begin_answer()
        board.playout.begin_answer()
        await elapse(after_s)
        trouble(house, 1.0)
        await house.events_until(says.OutputAudioBufferStopped)
        await elapse(2.0)
        playing.cancel()
    assert 3.8 <= speaker.loud_s <= 4.3


def words(events: list[says.ServerEvent]) -> list[str]:
    """That the relay has understood."""
    kind = says.ConversationItemInputAudioTranscriptionCompleted
    return [event.transcript for event in events if isinstance(event, kind)]


class Loudspeaker:
    """Pulls in real time, and keeps what was heard."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._blocks: list[Samples] = []

    async def run(self) -> None:
        while True:
            self._blocks.append(self._board.playout.pull(480))
            await asyncio.sleep(0.02)

    @property
    def loud_s(self) -> float:
        """How long something was heard."""
        return sum(np.abs(block.astype(int)).max() > 500 for block in self._blocks) * 0.02


@pytest.mark.parametrize("after_s", [0.3, 2.0, 3.9])
@pytest.mark.fault("link-loss-3s")
async def test_an_answer_that_is_cut_off_goes_on_where_it_was(
    tmp_path: Path, after_s: float
) -> None:
    heard = sound((1.0, 0), (4.0, 8_000), (60.0, 0))
    async with home(tmp_path, heard) as house, asyncio.TaskGroup() as group:
        board, speaker = house.board, Loudspeaker(house.board)
        playing = group.create_task(speaker.run())
        await board.talk()
        await house.events_until(says.OutputAudioBufferStarted)
        board.link.begin_answer()
        board.playout.begin_answer()
        await elapse(after_s)
        house.cut_down()
        await board.until(LinkLost)
        await elapse(3.0)
        board.link.reopen(True)
        assert (await board.until(LinkOpened)).resumed
        await house.events_until(says.OutputAudioBufferStopped)
        await elapse(5.0)
        playing.cancel()
    assert 3.8 <= speaker.loud_s <= 4.3


# Where UDP is blocked.


async def blocked(house: Home) -> None:
    """Of the next call by WebRTC nothing arrives."""
    await elapse(0.3)
    prepared = house.board.link._ways.prepared
    assert prepared is not None
    peers.lose(prepared.peer.connection, lambda data: True)


@pytest.mark.fault("udp-blocked")
async def test_where_media_is_blocked_a_websocket_carries_the_session(tmp_path: Path) -> None:
    heard = sound((1.0, 0), (4.0, 8_000), (60.0, 0))
    async with home(tmp_path, heard) as house:
        await blocked(house)
        before = house.board.now
        opened = await house.board.talk()
        opened_s = house.board.now - before
        assert opened.extensions and not opened.resumed, "it is the first link"
        assert opened_s < 2.0, "nobody waits until media is given up"
        events = await house.events_until(says.ResponseDone)
        assert events[0].type == "session.created"
        assert house.board.gate.gaps == 0
        received = [e for e in events if isinstance(e, says.EdgevoiceReceived)]
        assert received[-1].lost == 0
        assert 0 <= house.board.gate.sent_samples - received[-1].samples < 8_000
        assert len(house.relay._calls._live) == 1


@pytest.mark.fault("udp-blocked")
async def test_and_the_next_time_at_once(tmp_path: Path) -> None:
    async with home(tmp_path, sound((60.0, 0))) as house:
        board = house.board
        await blocked(house)
        await board.talk()
        board.gate.close()
        board.link.close("enough")
        await elapse(0.5)
        before = board.now
        await board.talk(board.ring.end)
        assert board.now - before < 0.2


async def test_in_another_network_media_is_tried_again(tmp_path: Path) -> None:
    async with home(tmp_path, sound((60.0, 0))) as house:
        board = house.board
        await blocked(house)
        await board.talk()
        board.link.network_changed()
        board.link.reopen(True)
        assert (await board.until(LinkOpened)).resumed
        assert isinstance(board.link._talk.line, Caller)
        assert len(house.relay._calls._live) == 1


async def test_a_socket_that_breaks_is_followed_by_another(tmp_path: Path) -> None:
    heard = sound((1.0, 0), (6.0, 8_000), (60.0, 0))
    async with home(tmp_path, heard) as house:
        board = house.board
        await blocked(house)
        await board.talk()
        await house.events_until(says.InputAudioBufferSpeechStarted)
        await elapse(1.0)
        board.link._talk.line.peer._cut_off()
        lost = await board.until(LinkLost)
        assert not lost.hung_up
        board.link.reopen(True)
        assert (await board.until(LinkOpened)).resumed
        events = await house.events_until(says.ResponseDone)
        assert "6." in next(
            event.transcript
            for event in events
            if isinstance(event, says.ConversationItemInputAudioTranscriptionCompleted)
        )


# On standby.


@pytest.mark.fault("link-loss-10s")
async def test_a_relay_waits_as_long_as_it_takes_and_then_hears_every_word(tmp_path: Path) -> None:
    heard = sound((300.0, 0), (4.0, 8_000), (60.0, 0))
    async with home(tmp_path, heard, standby=True, idle_s=60.0) as house:
        board = house.board
        await elapse(299.0)
        assert len(house.relay._calls._live) == 1
        first = board.ring.end
        board.gate.open(first)
        board.link.open(OpenLink(first))
        opened = await board.until(LinkOpened)
        assert opened.extensions
        await house.events_until(says.ResponseDone)
        assert board.link.early_used == 1
