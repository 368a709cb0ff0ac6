"""What a relay says for the device: for those who wait for it, for names, and when none answers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevoice.config import AnnouncementsConfig, Config
from edgevoice.daemon.unasked.announcement_listener import (
    LONGEST_PAUSE_S,
    WAIT_S,
    AnnouncementListener,
)
from edgevoice.daemon.unasked.announcer import MOST_WAITING
from edgevoice.daemon.unasked.relay_voice import RelayVoice
from edgevoice.errors import ControlError, LinkError
from edgevoice.link.announced import Announced
from edgevoice.transceiver.inputs import AnnouncementReady, LinkOpened, TimerRang
from tests.daemon.unasked.test_unasked import House, loudness
from tests.virtual_time import elapse


class FakeRelay:
    """One with a voice, while it is there."""

    relay = "relay.test"

    def __init__(self) -> None:
        self.away = False
        self.asked: list[str] = []
        self.waits: list[float] = []
        self.kept: list[Announced] = []
        self.posted = asyncio.Event()

    async def speech(self, text: str) -> bytes:
        await asyncio.sleep(0.1)
        if self.away:
            raise LinkError("nobody answers at relay.test")
        self.asked.append(text)
        return np.full(2_400, 9_000, "<i2").tobytes()

    async def announcements(self, wait_s: float) -> list[Announced]:
        self.waits.append(wait_s)
        if self.away:
            raise LinkError("nobody answers at relay.test")
        if wait_s and not self.kept:
            try:
                async with asyncio.timeout(wait_s):
                    await self.posted.wait()
            except TimeoutError:
                pass
        kept, self.kept = self.kept, []
        self.posted.clear()
        return kept


@asynccontextmanager
async def running(folder: Path, *relays: Any, config: Config | None = None) -> AsyncIterator[House]:
    house = House(folder, config or Config(), relays)
    tasks = [asyncio.ensure_future(each) for each in house.unasked.components()]
    await elapse(1)
    yield house
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_says_something_waits_until_it_is_at_hand(tmp_path: Path) -> None:
    async with running(tmp_path, FakeRelay()) as house:
        assert await house.asked("say dinner  is ready") == {"quiet": False}
        (ready,) = house.told
        assert ready == AnnouncementReady(1, pytest.approx(0.75, abs=0.01), False)
        await house.asked("say urgent: fire")
        assert house.told[-1].urgent


async def test_without_a_relay_it_is_an_error_that_says_why(tmp_path: Path) -> None:
    relay = FakeRelay()
    relay.away = True
    async with running(tmp_path, relay) as house:
        with pytest.raises(ControlError, match="no relay says it: nobody answers"):
            await house.asked("say dinner")
        relay.away = False
        await house.asked("say dinner")
    async with running(tmp_path) as house:
        with pytest.raises(ControlError, match="there is no relay"):
            await house.asked("say dinner")


async def test_the_next_relay_says_it_where_the_first_does_not(tmp_path: Path) -> None:
    first, second = FakeRelay(), FakeRelay()
    first.away = True
    await RelayVoice([first, second], 16_000).speak("dinner")  # type: ignore[list-item]
    assert second.asked == ["dinner"]


@pytest.mark.parametrize("text", ["", "x" * 501])
async def test_nothing_and_too_much_are_refused(text: str, tmp_path: Path) -> None:
    async with running(tmp_path, FakeRelay()) as house:
        with pytest.raises(ControlError, match="1 to 500 letters"):
            await house.asked(f"say {text}")


async def test_too_many_at_a_time_are_told_so(tmp_path: Path) -> None:
    async with running(tmp_path, FakeRelay()) as house:
        asking = [asyncio.ensure_future(house.asked("say x")) for _ in range(MOST_WAITING + 2)]
        done = await asyncio.gather(*asking, return_exceptions=True)
        assert any("wait a moment" in str(each) for each in done)


async def test_what_rings_is_named(tmp_path: Path) -> None:
    relay = FakeRelay()
    async with running(tmp_path, relay) as house:
        await house.asked('timers set_timer {"seconds": 60, "label": "pasta"}')
        await elapse(60.05)
        assert house.told == [TimerRang("pasta")]
        house.unasked.bell.ring("timer", softly=True)
        await elapse(1)
        assert relay.asked == ["Pasta timer."]
        assert loudness(house.playout, 5.0) > 1_000


async def test_without_a_relay_it_rings_all_the_same(tmp_path: Path) -> None:
    relay = FakeRelay()
    relay.away = True
    async with running(tmp_path, relay) as house:
        await house.asked('timers set_timer {"seconds": 60}')
        await elapse(62)
        assert house.told == [TimerRang("timer")]


async def test_what_the_relay_kept_is_fetched_once_there_is_a_session(tmp_path: Path) -> None:
    relay = FakeRelay()
    async with running(tmp_path, relay) as house:
        relay.kept = [Announced("dinner", False), Announced("fire", True)]
        await elapse(1_000)
        assert relay.waits == [], "nobody listens unless the owner wants it"
        house.unasked.heard_from(LinkOpened("somebody's", extensions=False))
        await elapse(1)
        assert relay.waits == []
        house.unasked.heard_from(LinkOpened("ours", extensions=True))
        await elapse(1)
        assert relay.waits == [0.0]
        assert [ready.urgent for ready in house.told] == [False, True]


async def test_who_listens_hears_it_at_once(tmp_path: Path) -> None:
    relay = FakeRelay()
    config = Config(announcements=AnnouncementsConfig(listen=True))
    async with running(tmp_path, relay, config=config) as house:
        await elapse(200)
        assert set(relay.waits) == {WAIT_S}
        assert len(relay.waits) == pytest.approx(201 / WAIT_S, abs=2)
        relay.kept = [Announced("dinner", False)]
        relay.posted.set()
        await elapse(0.5)
        assert len(house.told) == 1


async def test_a_relay_that_is_away_is_asked_ever_more_seldom() -> None:
    relay = FakeRelay()
    relay.away = True
    listener = AnnouncementListener([relay], True, lambda text, urgent: None)  # type: ignore[list-item]
    task = asyncio.ensure_future(listener.run())
    await elapse(3_600)
    assert len(relay.waits) < 20
    relay.away = False
    before = len(relay.waits)
    listener.reached()
    await elapse(1)
    assert len(relay.waits) == before + 1, "a session shows that it is back"
    await elapse(LONGEST_PAUSE_S)
    assert len(relay.waits) > before + 3
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_said_is_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    relay = FakeRelay()
    async with running(tmp_path, relay) as house:
        await house.asked("say swordfish")
        relay.away = True
        with pytest.raises(ControlError):
            await house.asked("say swordfish")
    assert "swordfish" not in caplog.text


async def test_a_relay_that_answers_at_once_is_not_asked_all_the_time() -> None:
    class Hasty(FakeRelay):
        async def announcements(self, wait_s: float) -> list[Announced]:
            self.waits.append(wait_s)
            await asyncio.sleep(0.01)
            return []

    relay = Hasty()
    listener = AnnouncementListener([relay], True, lambda text, urgent: None)  # type: ignore[list-item]
    task = asyncio.ensure_future(listener.run())
    await elapse(100)
    assert len(relay.waits) < 60
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
