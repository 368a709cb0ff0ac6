"""Links that are made before anybody has woken us: what they carry, and how long they last."""

from edgevoice.realtime.server_events import SessionCreated
from edgevoice.transceiver.actions import OpenLink, WakePhrase
from edgevoice.transceiver.inputs import EventReceived, LinkOpened
from tests.link.house import House, house
from tests.virtual_time import elapse


async def woken(home: House, wake: WakePhrase | None = None) -> float:
    """Seconds until the link is open."""
    first = home.board.ring.end - 3_200
    home.board.link.open(OpenLink(first, wake))
    home.board.gate.open(first)
    before = home.board.now
    await home.board.until(LinkOpened)
    return home.board.now - before


async def test_a_link_made_early_is_there_when_it_is_wanted() -> None:
    async with house() as home:
        await elapse(1)
        home.board.link.open_early()
        await elapse(0.5)
        assert home.board.inputs == [], "nobody has asked for anything yet"
        assert await woken(home) == 0.0
        created = await home.board.until(EventReceived)
        assert isinstance(created.event, SessionCreated)
        assert (home.board.link.early_opened, home.board.link.early_used) == (1, 1)


async def test_no_sound_goes_out_before_anybody_has_woken_it() -> None:
    async with house() as home:
        await elapse(1)
        home.board.link.open_early()
        await elapse(0.5)
        assert not home.relay.audio
        await woken(home)
        await elapse(1)
        heard = home.relay.heard()
        assert len(heard) == home.board.gate.sent_samples > 16_000


async def test_where_the_wake_phrase_lies_is_told_afterwards() -> None:
    async with house() as home:
        await elapse(1)
        home.board.link.open_early()
        await elapse(0.5)
        end = home.board.ring.end
        await woken(home, WakePhrase("alexa", end - 2_200, end - 200))
        await elapse(0.1)
        told = '"type":"edgevoice.wake","name":"alexa","start_sample":1000'
        assert told in home.relay.messages[0]


async def test_nobody_came_so_it_is_closed_again() -> None:
    async with house() as home:
        home.board.link.open_early()
        await elapse(4)
        assert [r.path for r in home.relay.requests][-1].endswith("/hangup")
        assert home.board.inputs == []
        assert await woken(home) > 0.0
        assert home.board.link.early_used == 0


async def test_one_at_a_time() -> None:
    async with house() as home:
        for _ in range(5):
            home.board.link.open_early()
        await elapse(1)
        assert len(home.relay.requests) == home.board.link.early_opened == 1


async def test_on_standby_a_session_is_always_open() -> None:
    async with house(standby=True) as home:
        await elapse(100)
        assert home.board.inputs == []
        assert home.relay.requests[-1].headers["Edgevoice-Standby"] == "1"
        calls = len(home.relay.requests)
        assert calls == 1
        assert await woken(home) == 0.0
        home.board.gate.close()
        home.board.link.close("enough")
        await elapse(1)
        assert await woken(home) == 0.0


async def test_one_that_breaks_is_made_again_without_haste() -> None:
    async with house(standby=True) as home:
        await elapse(5)
        for _ in range(3):
            await home.relay.call.close()
            await elapse(60)
        assert home.board.inputs == []
        assert 4 <= len(home.relay.requests) < 9
