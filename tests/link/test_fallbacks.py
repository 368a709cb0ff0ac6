"""Several relays: who is called, in which order, and what nobody is told twice."""

import pytest
from aiohttp import web

from edgevoice.config import LinkConfig
from edgevoice.link.credential import BearerToken
from edgevoice.link.relay_link import RelayLink
from edgevoice.link.signalling import Signalling
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import LinkFailed, LinkOpened, LinkStruggles
from tests.link.house import TOKEN, House, Relay, house, serving
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import raw

NOBODY = "http://127.0.0.1:1"


def second_to(home: House, url: str) -> None:
    """The board's link calls this relay first, and the one of the house after it."""
    board = home.board
    there = Signalling(LinkConfig(url=home.url), BearerToken(TOKEN))
    first = Signalling(LinkConfig(url=url), BearerToken(TOKEN))
    board.link = RelayLink([first, there], board.gate, board.playout, board.post, codec=raw(24_000))


@pytest.mark.fault("relay-down")
async def test_when_the_first_is_not_there_the_second_is_called_at_once() -> None:
    async with house() as home:
        second_to(home, NOBODY)
        running = home.relay.group.create_task(home.board.link.run())
        before = home.board.now
        opened = await home.board.talk(home.board.ring.end)
        assert opened.relay != "127.0.0.1:1"
        assert home.board.now - before < 1.0
        assert not [i for i in home.board.inputs if isinstance(i, LinkStruggles)]
        running.cancel()


async def test_the_next_session_does_not_wait_for_the_dead_one() -> None:
    async with house() as home:
        second_to(home, NOBODY)
        running = home.relay.group.create_task(home.board.link.run())
        for _ in range(2):
            await home.board.talk(home.board.ring.end)
            home.board.gate.close()
            home.board.link.close("enough")
            await elapse(0.5)
            home.relay.audio.clear()
        assert home.board.link._ways.retry._relays[0].avoid_until > home.board.now
        running.cancel()


@pytest.mark.fault("relay-down")
async def test_when_nobody_is_there_it_goes_on_trying_with_pauses() -> None:
    async with house(url=NOBODY) as home:
        home.board.link.open(OpenLink(0))
        await elapse(20)
        rounds = [i for i in home.board.inputs if isinstance(i, LinkStruggles)]
        assert 4 < len(rounds) < 40
        assert not [i for i in home.board.inputs if isinstance(i, LinkFailed | LinkOpened)]
        assert "is the relay running?" in rounds[0].reason


@pytest.mark.fault("address-change")
async def test_in_another_network_it_is_tried_at_once() -> None:
    async with house() as home:
        home.relay.refusal = web.Response(status=503)
        home.board.link._ways.retry._random = lambda: 1.0
        home.board.link.open(OpenLink(0))
        await elapse(8)
        home.relay.refusal = None
        home.board.link.network_changed()
        before = home.board.now
        await home.board.until(LinkOpened)
        assert home.board.now - before < 0.1


async def test_who_is_refused_by_one_is_taken_by_the_other() -> None:
    async with house() as home:
        other = Relay(raw(16_000))
        other.refusal = web.Response(status=401)
        async with serving(other.application()) as url:
            second_to(home, url)
            running = home.relay.group.create_task(home.board.link.run())
            await home.board.talk(home.board.ring.end)
            assert len(other.requests) == 1
            assert not [i for i in home.board.inputs if isinstance(i, LinkFailed)]
            running.cancel()
