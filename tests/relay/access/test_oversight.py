"""What ends a session from above: revocation within a second, and the day's quota."""

import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edgevoice.config import LimitsConfig
from edgevoice.errors import StoreError
from edgevoice.relay.access.callers import Caller, secret_digest
from edgevoice.relay.access.ledger import Ledger
from edgevoice.relay.access.limits import Limits
from edgevoice.relay.access.oversight import LAST_WORDS_S, LOOK_S, Oversight
from edgevoice.relay.access.tokens import create, revoke
from edgevoice.relay.monitoring.facts import ResponseBilled, Tokens
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.records import Secret
from edgevoice.relay.store.sqlite import SqliteStore
from tests.fault_report import Measured
from tests.relay.doors import callers, paired, wall_clock
from tests.relay.http.test_signalling import House
from tests.virtual_time import elapse

REVOKED = ("the caller was revoked", "invalid_api_key")


class SomeCalls:
    """That are live until somebody ends them."""

    def __init__(self, book: Ledger) -> None:
        self._book = book
        self._live: dict[str, Caller] = {}
        self.busy: set[str] = set()
        self.ended: dict[str, tuple[str, str]] = {}
        self.ended_at = 0.0

    def begin(self, call_id: str, caller: Caller) -> None:
        self._live[call_id] = caller
        self._book.begin(call_id, caller)

    def callers(self) -> list[tuple[str, Caller]]:
        return list(self._live.items())

    def is_busy(self, call_id: str) -> bool:
        return call_id in self.busy

    def end(self, call_id: str, reason: str, code: str) -> None:
        del self._live[call_id]
        self.ended[call_id] = reason, code
        self.ended_at = asyncio.get_running_loop().time()


class Watched:
    """Calls with oversight."""

    def __init__(self, tokens_file: str, store, **limits) -> None:
        self.book = Ledger(store, wall_clock, "relay_1")
        self.calls = SomeCalls(self.book)
        known = callers(tokens_file, store)
        self.oversight = Oversight(self.calls, known, self.book, Limits(LimitsConfig(**limits)))

    @asynccontextmanager
    async def going_on(self):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.oversight.run())
            await elapse(LOOK_S / 2)
            yield self.calls
            task.cancel()

    async def end_of(self, call_id: str) -> float:
        """How long until it is ended."""
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(100):
            while call_id not in self.calls.ended:
                await elapse(0.05)
        return self.calls.ended_at - began


@pytest.fixture
def tokens_file(tmp_path):
    path = str(tmp_path / "tokens")
    create(path, "hall")
    create(path, "cellar")
    return path


@pytest.fixture
def store():
    return MemoryStore()


@pytest.mark.fault("token-revoked")
async def test_a_revoked_token_is_gone_within_a_second(tokens_file, store):
    watched = Watched(tokens_file, store)
    async with watched.going_on() as calls:
        calls.begin("a", Caller("hall"))
        calls.begin("b", Caller("cellar"))
        await elapse(10)
        revoke(tokens_file, "hall")
        assert await watched.end_of("a") < 1.0
        await elapse(10)
    assert calls.ended == {"a": REVOKED}


async def test_a_token_that_was_replaced_is_a_revoked_one(tokens_file, store):
    watched = Watched(tokens_file, store)
    async with watched.going_on() as calls:
        stolen, lent = secret_digest(create(tokens_file, "attic")), Caller("hall")
        calls.begin("a", Caller("attic", token_hash=stolen))
        calls.begin("b", lent)
        await elapse(10)
        assert calls.ended == {}
        revoke(tokens_file, "attic")
        create(tokens_file, "attic")
        assert await watched.end_of("a") < 1.0
        await elapse(10)
    assert calls.ended == {"a": REVOKED}


async def test_so_is_everybody_when_the_file_is_removed(tokens_file, store):
    watched = Watched(tokens_file, store)
    async with watched.going_on() as calls:
        calls.begin("a", Caller("hall"))
        await elapse(10)
        os.remove(tokens_file)
        assert await watched.end_of("a") < 1.0


@pytest.mark.fault("token-revoked")
async def test_a_device_revoked_by_another_process_is_gone_within_a_second(
    tokens_file, tmp_path: Path, measured: Measured
):
    async with (
        SqliteStore(tmp_path / "store") as store,
        SqliteStore(tmp_path / "store", create=False) as command,
    ):
        watched = Watched(tokens_file, store)
        kitchen = await paired(store, tmp_path)
        async with watched.going_on() as calls:
            calls.begin("a", Caller(kitchen.name, "device"))
            await elapse(10)
            assert calls.ended == {}
            await command.revoke_device(kitchen.name, wall_clock())
            took_s = await watched.end_of("a")
            assert took_s < 1.0
            measured(f"hung up {took_s:.1f} s after it was revoked by a command (virtual)")
        assert calls.ended == {"a": REVOKED}


async def test_so_is_a_session_of_a_secret_whose_owner_is_revoked(tokens_file, store):
    watched = Watched(tokens_file, store)
    async with watched.going_on() as calls:
        calls.begin("a", Caller("hall", "secret"))
        await elapse(10)
        revoke(tokens_file, "hall")
        assert await watched.end_of("a") < 1.0


async def test_a_call_that_begins_while_its_caller_is_revoked_is_found_out(tokens_file, store):
    watched = Watched(tokens_file, store)
    async with watched.going_on() as calls:
        revoke(tokens_file, "hall")
        await elapse(10)
        calls.begin("a", Caller("hall"))  # it was admitted just before
        assert await watched.end_of("a") < 1.0


async def test_a_device_is_looked_up_only_when_something_has_changed(tokens_file, tmp_path):
    class Counting(MemoryStore):
        looked_up = 0

        async def device(self, device_id):
            self.looked_up += 1
            return await super().device(device_id)

    store = Counting()
    watched = Watched(tokens_file, store)
    kitchen = await paired(store, tmp_path)
    async with watched.going_on() as calls:
        calls.begin("a", Caller(kitchen.name, "device"))
        await elapse(60)
        assert store.looked_up == 1


async def test_the_days_money_ends_it_politely(tokens_file, store):
    watched = Watched(tokens_file, store, cost_per_day_usd=0.5)
    async with watched.going_on() as calls:
        calls.begin("a", Caller("hall"))
        calls.busy.add("a")
        watched.book.see(ResponseBilled("a", Tokens(), 0.49))
        await elapse(10)
        assert calls.ended == {}
        watched.book.see(ResponseBilled("a", Tokens(), 0.02))
        await elapse(10)
        assert calls.ended == {}, "what it says is heard to its end"
        calls.busy.discard("a")
        assert await watched.end_of("a") < 1.0
    assert calls.ended == {"a": ("the 0.5 dollars of this day are used up", "insufficient_quota")}


async def test_an_answer_without_end_is_not_waited_for(tokens_file, store):
    watched = Watched(tokens_file, store, cost_per_day_usd=0.5)
    async with watched.going_on() as calls:
        calls.begin("a", Caller("hall"))
        calls.busy.add("a")
        watched.book.see(ResponseBilled("a", Tokens(), 1.0))
        assert LAST_WORDS_S <= await watched.end_of("a") < LAST_WORDS_S + 1


async def test_what_was_used_before_a_restart_counts(tokens_file, store):
    before = Watched(tokens_file, store, cost_per_day_usd=0.5)
    async with before.going_on() as calls:
        calls.begin("a", Caller("hall"))
        before.book.see(ResponseBilled("a", Tokens(), 0.4))
        await elapse(6)
    after = Watched(tokens_file, store, cost_per_day_usd=0.5)
    async with after.going_on() as calls:
        calls.begin("b", Caller("hall"))
        after.book.see(ResponseBilled("b", Tokens(), 0.2))
        assert await after.end_of("b") < 6.0


async def test_several_sessions_share_the_minutes_of_the_day(tokens_file, store):
    watched = Watched(tokens_file, store, minutes_per_day=2)
    async with watched.going_on() as calls:
        calls.begin("a", Caller("hall"))
        calls.begin("b", Caller("hall"))
        await elapse(58)
        assert calls.ended == {}
        assert await watched.end_of("a") < 2.5
        assert set(calls.ended) == {"a", "b"}


@pytest.mark.fault("relay-store")
async def test_a_store_in_trouble_is_told_of_once_and_ends_nothing(tokens_file, caplog, measured):
    class Broken(MemoryStore):
        async def revision(self):
            raise StoreError("the disk is gone")

    watched = Watched(tokens_file, Broken())
    async with watched.going_on() as calls:
        calls.begin("a", Caller("hall"))
        await elapse(60)
    assert calls.ended == {}
    assert [record.message for record in caplog.records].count("the disk is gone") == 1
    measured("told once in a minute of it, no session ended")


async def test_a_real_session_is_told_why_and_hung_up(tmp_path):
    """Through all of it: a call by HTTP, its token revoked, the client told, the place free."""
    house = House(str(tmp_path / "tokens"))
    store = MemoryStore()
    known = callers(house.config.tokens_file, store)
    oversight = Oversight(house.calls, known, house.ledger, house.calls.limits)

    async def tale(house: House) -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(oversight.run())
            assert (await house.call()).status == 201
            house.carriers[0].session.on_open()
            await elapse(10)
            revoke(house.config.tokens_file, "kitchen")
            await elapse(1)
            assert house.calls.live == 0
            task.cancel()
        last = house.carriers[0].sent[-1]
        assert last["type"] == "error"
        assert last["error"]["code"] == "invalid_api_key"

    await house.visit(tale)


async def test_other_processes_see_a_call_within_a_second(tokens_file, store):
    watched = Watched(tokens_file, store)
    async with watched.going_on() as calls:
        calls.begin("a", Caller("hall"))
        await elapse(LOOK_S)
        assert [call.call_id for call in await store.calls(wall_clock())] == ["a"]
        await elapse(60)
        assert [call.call_id for call in await store.calls(wall_clock())] == ["a"]


async def test_old_things_are_swept_up(tokens_file, store):
    await store.add_secret(Secret(secret_digest("ek_x"), "hall", wall_clock() + 10, "{}"))
    watched = Watched(tokens_file, store)
    async with watched.going_on():
        await elapse(700)
    assert store._secrets == {}
