"""What every caller has used today: counted, kept, and not forgiven by a restart."""

import asyncio

import pytest

from edgevoice.errors import StoreError
from edgevoice.relay.access.callers import Caller
from edgevoice.relay.access.ledger import Ledger, day_of, next_day_s
from edgevoice.relay.monitoring.facts import (
    ResponseBilled,
    SessionHeld,
    SessionResumed,
    SessionWoken,
    Tokens,
    TurnEnded,
)
from edgevoice.relay.monitoring.waterfall import TurnReport
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.records import Use
from tests.relay.doors import wall_clock
from tests.virtual_time import elapse

KITCHEN = Caller("dev_kitchen", "device", "kitchen", "192.0.2.7")
HALL = Caller("hall")
BILLED = ResponseBilled("a", Tokens(10, 20, 30, 40, 5), 0.0123)


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def ledger(store):
    return Ledger(store, wall_clock, "relay_1")


async def kept(store, name="dev_kitchen") -> Use:
    return await store.use(name, day_of(wall_clock()))


async def test_what_a_live_call_uses_counts_at_once(ledger):
    ledger.begin("a", KITCHEN)
    await elapse(60)
    assert await ledger.used("dev_kitchen") == Use(seconds=60, sessions=1)
    assert ledger.used_by("a") == Use(seconds=60, sessions=1)
    assert await ledger.used("hall") == Use()


async def test_it_is_kept_and_counted_once(ledger, store):
    ledger.begin("a", KITCHEN)
    for _ in range(3):
        await elapse(20)
        await ledger.save()
    assert await kept(store) == Use(seconds=60, sessions=1)
    await elapse(5)
    assert ledger.end("a").seconds == 65
    assert await ledger.used("dev_kitchen") == Use(seconds=65, sessions=1)
    await ledger.save()
    assert await kept(store) == Use(seconds=65, sessions=1)
    await elapse(100)
    assert (await ledger.used("dev_kitchen")).seconds == 65


async def test_a_restart_forgives_nothing_that_was_saved(ledger, store):
    ledger.begin("a", KITCHEN)
    await elapse(60)
    await ledger.save()
    await elapse(4)  # and then it was killed
    again = Ledger(store, wall_clock, "relay_2")
    assert (await again.day("dev_kitchen")).used == Use(seconds=60, sessions=1)


async def test_turns_tokens_and_money_add_up(ledger, store):
    ledger.begin("a", KITCHEN)
    ledger.see(TurnEnded("a", TurnReport(1, True, "completed", ())))
    ledger.see(BILLED)
    ledger.see(BILLED)
    used = Use(0.0, 1, 1, 60, 140, 24_600, 2)
    assert ledger.used_by("a") == used
    await ledger.save()
    assert await kept(store) == used
    assert ledger.end("a") == used


async def test_facts_of_others_are_nothing_to_it(ledger):
    ledger.begin("a", KITCHEN)
    ledger.see(ResponseBilled("b", Tokens(10, 20, 30, 40), 1.0))
    assert ledger.used_by("a") == Use(sessions=1)
    assert ledger.used_by("b") == Use()


async def test_on_standby_no_time_is_used_and_while_held_it_is(ledger):
    ledger.begin("a", KITCHEN, standby=True)
    await elapse(1_000)
    assert ledger.used_by("a").seconds == 0
    ledger.see(SessionWoken("a"))
    await elapse(10)
    ledger.see(SessionHeld("a", "gone"))
    await elapse(10)
    ledger.see(SessionResumed("a", 10.0))
    await elapse(10)
    assert ledger.used_by("a").seconds == 30


async def test_a_day_ends_at_midnight(ledger, store):
    ledger.begin("a", KITCHEN)
    today, left_s = day_of(wall_clock()), (await ledger.day("dev_kitchen")).left_s
    assert left_s == next_day_s(wall_clock())
    await elapse(left_s - 1)
    assert day_of(wall_clock()) == today
    await ledger.save()
    await elapse(1)
    tomorrow = day_of(wall_clock())
    assert ledger.used_by("a").seconds == pytest.approx(1)
    await elapse(60)
    await ledger.save()
    assert tomorrow > today
    assert (await store.use("dev_kitchen", today)).seconds == pytest.approx(left_s - 1)
    assert ledger.used_by("a").seconds == pytest.approx(61)


async def test_live_calls_are_shown_as_they_are(ledger, store):
    ledger.begin("a", KITCHEN)
    await elapse(1)
    ledger.begin("b", HALL, standby=True)
    ledger.see(BILLED)
    await ledger.save()
    first, second = await store.calls(wall_clock())
    assert (first.call_id, first.caller, first.address) == ("a", "dev_kitchen", "192.0.2.7")
    assert (first.state, first.responses, first.cost_micro_usd) == ("live", 1, 12_300)
    assert (second.caller, second.state) == ("hall", "standby")
    ledger.see(SessionHeld("a", "gone"))
    ledger.end("b")
    await ledger.save()
    assert [(call.call_id, call.state) for call in await store.calls(wall_clock())] == [
        ("a", "held")
    ]
    ledger.end("a")
    await ledger.save()
    assert await store.calls(wall_clock()) == []


class FullDisk(MemoryStore):
    is_full = True

    async def add_use(self, caller: str, day: str, use: Use) -> None:
        if self.is_full:
            raise StoreError("the disk is full: make room")
        await super().add_use(caller, day, use)


async def test_what_could_not_be_saved_is_saved_later():
    store = FullDisk()
    ledger = Ledger(store, wall_clock, "relay_1")
    ledger.begin("a", KITCHEN)
    for _ in range(3):
        await elapse(10)
        with pytest.raises(StoreError):
            await ledger.save()
    assert (await ledger.used("dev_kitchen")).seconds == 30
    store.is_full = False
    await ledger.save()
    assert await kept(store) == Use(seconds=30, sessions=1)


async def test_whoever_comes_back_to_a_standby_is_on_standby(ledger, store):
    ledger.begin("a", KITCHEN, standby=True)
    ledger.see(SessionHeld("a", "gone"))
    ledger.see(SessionResumed("a", 1.0, standby=True))
    await ledger.save()
    assert [call.state for call in await store.calls(wall_clock())] == ["standby"]


class SlowStore(MemoryStore):
    """What it was told is done, whoever waits for it or not."""

    async def add_use(self, caller: str, day: str, use: Use) -> None:
        await super().add_use(caller, day, use)
        await elapse(1)


async def test_what_is_being_saved_at_the_end_is_counted_once():
    """The relay stops while its oversight is saving, and then saves what is left."""
    store = SlowStore()
    ledger = Ledger(store, wall_clock, "relay_1")
    ledger.begin("a", KITCHEN)
    await elapse(60)
    saving = asyncio.create_task(ledger.save())
    await asyncio.sleep(0)
    saving.cancel()
    await asyncio.wait([saving])
    await ledger.save()
    assert await kept(store) == Use(seconds=60, sessions=1)
