"""The file: for several processes, for kill -9, and what is said when it cannot be used."""

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import AsyncExitStack, closing

import pytest

from edgevoice.errors import StoreError
from edgevoice.relay.store.records import Device, Pairing, Secret, Use
from edgevoice.relay.store.schema import STEPS
from edgevoice.relay.store.sqlite import SqliteStore
from edgevoice.relay.store.store import STALE_S

NOW = 1_900_000_000.0
KITCHEN = Device("dev_kitchen", "kitchen", "A" * 43, "https://relay.lan", NOW)
WAITING = Pairing("pair_1", "CODECODE", "kitchen", "A" * 43, "https://relay.lan", "hash", NOW + 600)

WRITER = """
import asyncio, sys
from pathlib import Path
from edgevoice.relay.store.records import Use
from edgevoice.relay.store.sqlite import SqliteStore

async def main():
    async with SqliteStore(Path(sys.argv[1])) as store:
        for number in range(1_000_000):
            await store.add_use("kitchen", "2026-11-30", Use(sessions=1))
            print(number + 1, flush=True)

asyncio.run(main())
"""


async def test_it_is_all_there_after_a_restart(tmp_path):
    async with SqliteStore(tmp_path / "store") as store:
        await store.add_pairing(WAITING)
        await store.approve("pair_1", KITCHEN)
        await store.use_once("n", NOW + 90, NOW)
        await store.add_use("kitchen", "2026-11-30", Use(seconds=60))
    async with SqliteStore(tmp_path / "store") as store:
        assert await store.devices() == [KITCHEN]
        assert not await store.use_once("n", NOW + 90, NOW + 1)
        assert await store.use("kitchen", "2026-11-30") == Use(seconds=60)


async def test_only_its_user_may_read_it(tmp_path):
    before = os.umask(0)
    try:
        async with SqliteStore(tmp_path / "store") as store:
            await store.add_use("kitchen", "2026-11-30", Use(seconds=60))
            assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    finally:
        os.umask(before)


async def test_another_process_is_seen_and_sees(tmp_path):
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(SqliteStore(tmp_path / "store"))
        await relay.add_pairing(WAITING)
        beside = SqliteStore(tmp_path / "store", create=False, durable=True)
        command = await stack.enter_async_context(beside)
        before = await relay.revision()
        assert await relay.revision() == before
        assert await command.approve("pair_1", KITCHEN)
        assert await relay.revision() != before
        assert await relay.device("dev_kitchen") == KITCHEN


async def test_what_a_killed_relay_was_told_is_done_is_done(tmp_path):
    path = tmp_path / "store"
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    for _ in range(20):
        told = int(await writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = (await writer.stdout.read()).decode().split("\n")[:-1]  # the last may be half a line
    await writer.wait()
    told = int(rest[-1]) if rest else told
    async with SqliteStore(path) as store:
        assert (await store.use("kitchen", "2026-11-30")).sessions in (told, told + 1)


async def test_what_two_count_at_once_adds_up(tmp_path):
    stores = [SqliteStore(tmp_path / "store") for _ in range(2)]
    async with AsyncExitStack() as stack:
        for store in stores:
            await stack.enter_async_context(store)
        adding = [store.add_use("kitchen", "2026-11-30", Use(turns=1)) for store in stores * 50]
        await asyncio.gather(*adding)
        assert (await stores[0].use("kitchen", "2026-11-30")).turns == 100


async def test_two_may_make_the_file_at_once(tmp_path):
    stores = [SqliteStore(tmp_path / "store") for _ in range(4)]
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(store) for store in stores))
        assert [await store.devices() for store in stores] == [[]] * 4


async def test_a_command_makes_no_file(tmp_path):
    with pytest.raises(StoreError, match="start it first"):
        async with SqliteStore(tmp_path / "store", create=False):
            pass
    assert list(tmp_path.iterdir()) == []


async def test_without_a_folder_the_error_says_what_to_do(tmp_path):
    with pytest.raises(StoreError, match=r"relay\.state_dir names another"):
        async with SqliteStore(tmp_path / "nowhere" / "store"):
            pass


@pytest.mark.fault("relay-store")
async def test_a_damaged_file_is_said_to_be(tmp_path):
    (tmp_path / "store").write_bytes(b"not a database, but long enough to be one" * 100)
    with pytest.raises(StoreError, match="damaged"):
        async with SqliteStore(tmp_path / "store"):
            pass


async def test_a_file_of_a_newer_version_is_left_alone(tmp_path):
    async with SqliteStore(tmp_path / "store"):
        pass
    with closing(sqlite3.connect(tmp_path / "store")) as file, file:
        file.execute("UPDATE schema SET version = 99")
    with pytest.raises(StoreError, match="newer edgevoice"):
        async with SqliteStore(tmp_path / "store"):
            pass


async def test_what_fails_half_way_has_not_happened(tmp_path):
    async with SqliteStore(tmp_path / "store") as store:
        await store.add_pairing(WAITING)
        broken = Device("dev_kitchen", None, "A", "", NOW)  # type: ignore[arg-type]
        with pytest.raises(StoreError):
            await store.approve("pair_1", broken)
        assert await store.pairings(NOW) == [WAITING]
        await store.show_calls("relay_1", [], NOW + STALE_S)  # and the next one goes through


@pytest.mark.fault("relay-store")
async def test_a_disk_that_was_full_can_be_used_again(tmp_path):
    async with SqliteStore(tmp_path / "store") as store:
        full = Use(seconds=1)
        pages = await store._one("PRAGMA page_count")
        await store._all(f"PRAGMA max_page_count = {pages[0]}")
        with pytest.raises(StoreError, match="make room"):
            await store.add_use("kitchen" * 10_000, "2026-11-30", full)
        await store._all("PRAGMA max_page_count = 100000")
        await store.add_use("kitchen", "2026-11-30", full)
        assert await store.use("kitchen", "2026-11-30") == full


async def test_a_transaction_that_cannot_be_finished_is_taken_back(tmp_path):
    async with SqliteStore(tmp_path / "store") as store:

        def refuse(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            connection.execute("INSERT INTO child VALUES (7)")  # found out at the commit

        await store._all("PRAGMA foreign_keys = ON")
        await store._all("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        await store._all("CREATE TABLE child (of INTEGER REFERENCES parent)")
        with pytest.raises(StoreError):
            await store._transaction(refuse)
        assert await store.use_once("n", NOW + 90, NOW)


async def test_what_was_asked_for_is_done_when_nobody_waits_any_more(tmp_path):
    async with SqliteStore(tmp_path / "store") as store:
        asking = asyncio.create_task(store.add_use("kitchen", "2026-11-30", Use(seconds=1)))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        assert await store.use("kitchen", "2026-11-30") == Use(seconds=1)


async def test_a_file_of_before_is_brought_up_to_date(tmp_path):
    with closing(sqlite3.connect(tmp_path / "store")) as file:
        file.executescript(STEPS[0] + "CREATE TABLE schema (version INTEGER NOT NULL);")
        file.execute("INSERT INTO schema VALUES (1)")
        file.execute("INSERT INTO secrets VALUES ('digest', 'kitchen', ?, '{}')", (NOW + 600,))
        file.commit()
    for _ in range(2):
        async with SqliteStore(tmp_path / "store") as store:
            assert await store.secret("digest", NOW) == Secret("digest", "kitchen", NOW + 600, "{}")
