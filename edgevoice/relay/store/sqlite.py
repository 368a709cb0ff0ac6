"""The store as one file: SQLite with a write-ahead log, so that others may read and write, too.

All of it happens in one thread of its own, and the loop waits for nothing. A process that is
killed loses nothing it has been told is done; a power cut can cost the last seconds of a relay
(synchronous=NORMAL spares the card a flush per call), but nothing of what an owner's command
did (`durable`).
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from edgevoice.errors import StoreError
from edgevoice.relay.store.records import DayUse, Device, LiveCall, Pairing, Secret, Use
from edgevoice.relay.store.schema import bring_up_to_date
from edgevoice.relay.store.store import STALE_S

BUSY_S = 3.0
"""How long one waits for another process's transaction; each takes milliseconds."""
RETRY_S = 0.02

T = TypeVar("T")


class SqliteStore:
    """See `Store`."""

    def __init__(self, path: Path, *, create: bool = True, durable: bool = False) -> None:
        """`create`: make the file where there is none; else that is a StoreError."""
        self._path = path
        self._create = create
        self._durable = durable
        self._changes = 0
        """Of devices, by this process: SQLite tells of those by others."""
        self._thread: ThreadPoolExecutor
        self._connection: sqlite3.Connection

    async def __aenter__(self) -> Self:
        self._thread = ThreadPoolExecutor(1, "store")
        try:
            await self._in_thread(self._open)
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def revision(self) -> int:
        version = await self._one("PRAGMA data_version")
        assert version is not None
        return int(version[0]) + self._changes

    async def devices(self) -> list[Device]:
        return [
            Device(*row) for row in await self._all("SELECT * FROM devices ORDER BY created_at")
        ]

    async def device(self, device_id: str) -> Device | None:
        row = await self._one("SELECT * FROM devices WHERE device_id = ?", device_id)
        return Device(*row) if row else None

    async def rename_device(self, device_id: str, name: str) -> None:
        self._changes += 1
        await self._do("UPDATE devices SET name = ? WHERE device_id = ?", name, device_id)

    async def revoke_device(self, device_id: str, now: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE devices SET revoked_at = ? WHERE device_id = ?", (now, device_id)
            )
            connection.execute("DELETE FROM secrets WHERE owner = ?", (device_id,))

        self._changes += 1
        await self._transaction(work)

    async def device_seen(self, device_id: str, now: float) -> None:
        await self._do("UPDATE devices SET seen_at = ? WHERE device_id = ?", now, device_id)

    async def add_pairing(self, pairing: Pairing) -> None:
        await self._insert("pairings", pairing)

    async def pairing(self, pairing_id: str, now: float) -> Pairing | None:
        row = await self._one(
            "SELECT * FROM pairings WHERE pairing_id = ? AND expires_at > ?", pairing_id, now
        )
        return Pairing(*row) if row else None

    async def pairings(self, now: float) -> list[Pairing]:
        rows = await self._all(
            "SELECT * FROM pairings WHERE device_id = '' AND expires_at > ?", now
        )
        return [Pairing(*row) for row in rows]

    async def approve(self, pairing_id: str, device: Device) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            marked = connection.execute(
                "UPDATE pairings SET device_id = ? WHERE pairing_id = ? AND device_id = ''",
                (device.device_id, pairing_id),
            )
            if marked.rowcount:
                _insert(connection, "devices", astuple(device))
            return marked.rowcount == 1

        self._changes += 1
        return await self._transaction(work)

    async def miss(self, most: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE pairings SET missed = missed + 1 WHERE device_id = ''")
            connection.execute("DELETE FROM pairings WHERE missed >= ? AND device_id = ''", (most,))

        await self._transaction(work)

    async def use_once(self, number: str, until: float, now: float) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            connection.execute("DELETE FROM used WHERE until <= ?", (now,))
            return _insert(connection, "used", (number, until), "IGNORE") == 1

        return await self._transaction(work)

    async def add_secret(self, secret: Secret) -> None:
        await self._insert("secrets", secret)

    async def secret(self, digest: str, now: float) -> Secret | None:
        row = await self._one(
            "SELECT * FROM secrets WHERE digest = ? AND expires_at > ?", digest, now
        )
        return Secret(*row) if row else None

    async def count_secrets(self, owner: str, now: float) -> int:
        row = await self._one(
            "SELECT count(*) FROM secrets WHERE owner = ? AND expires_at > ?", owner, now
        )
        assert row is not None
        return int(row[0])

    async def add_use(self, caller: str, day: str, use: Use) -> None:
        def work(connection: sqlite3.Connection) -> None:
            key = caller, day
            found = connection.execute(f"{_USE} WHERE caller = ? AND day = ?", key).fetchone()
            total = Use(*found) + use if found else use
            _insert(connection, "uses", (*key, *astuple(total)))

        await self._transaction(work)

    async def use(self, caller: str, day: str) -> Use:
        row = await self._one(f"{_USE} WHERE caller = ? AND day = ?", caller, day)
        return Use(*row) if row else Use()

    async def uses(self, since: str) -> list[DayUse]:
        rows = await self._all("SELECT * FROM uses WHERE day >= ? ORDER BY day DESC, caller", since)
        return [DayUse(caller, day, Use(*use)) for caller, day, *use in rows]

    async def show_calls(self, relay_id: str, calls: Sequence[LiveCall], now: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM calls WHERE relay_id = ?", (relay_id,))
            for call in calls:
                _insert(connection, "calls", astuple(call))
            _insert(connection, "relays", (relay_id, now))

        await self._transaction(work)

    async def calls(self, now: float) -> list[LiveCall]:
        rows = await self._all(
            "SELECT calls.* FROM calls JOIN relays USING (relay_id) WHERE shown_at > ?"
            " ORDER BY began_at",
            now - STALE_S,
        )
        return [LiveCall(*row) for row in rows]

    async def sweep(self, now: float, before_day: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for table in ("pairings", "secrets"):
                connection.execute(f"DELETE FROM {table} WHERE expires_at <= ?", (now,))
            connection.execute("DELETE FROM used WHERE until <= ?", (now,))
            connection.execute("DELETE FROM uses WHERE day < ?", (before_day,))
            connection.execute("DELETE FROM relays WHERE shown_at <= ?", (now - STALE_S,))
            connection.execute(
                "DELETE FROM calls WHERE relay_id NOT IN (SELECT relay_id FROM relays)"
            )

        await self._transaction(work)

    def _open(self) -> None:
        if not self._create and not self._path.exists():
            raise StoreError(
                f"no relay has kept anything at {self._path} yet: start it first, with"
                " relay.store: sqlite, and run this with the same configuration"
            )
        mode = "rwc" if self._create else "rw"
        self._connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            timeout=BUSY_S,
            isolation_level=None,
            uri=True,
        )
        try:
            self._path.chmod(0o600)
            _keep_a_log(self._connection)
            level = "FULL" if self._durable else "NORMAL"
            self._connection.execute(f"PRAGMA synchronous = {level}")
            bring_up_to_date(self._connection, str(self._path))
        except BaseException:
            self._connection.close()
            raise

    def _close(self) -> None:
        self._connection.close()

    async def _insert(self, table: str, record: Device | Pairing | Secret) -> None:
        await self._in_thread(lambda: _insert(self._connection, table, astuple(record)))

    async def _do(self, statement: str, *values: object) -> None:
        await self._in_thread(lambda: self._connection.execute(statement, values))

    async def _one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        rows = await self._all(statement, *values)
        return rows[0] if rows else None

    async def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return await self._in_thread(lambda: self._connection.execute(statement, values).fetchall())

    async def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def whole() -> T:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have rolled it back already
                    self._connection.execute("ROLLBACK")
                raise
            return result

        return await self._in_thread(whole)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            # Shielded, so that whoever is cancelled here knows that it is done all the same.
            loop = asyncio.get_running_loop()
            return await asyncio.shield(loop.run_in_executor(self._thread, work))
        except sqlite3.Error as error:
            raise self._explain(error) from error
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> StoreError:
        code = getattr(error, "sqlite_errorname", "")
        if code in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
            remedy = "it is damaged: move it away, start anew and pair the devices again"
        elif code == "SQLITE_FULL":
            remedy = "the disk is full: make room"
        elif code.startswith("SQLITE_BUSY"):
            remedy = "another process holds it for too long: is a copy of it being made?"
        else:
            remedy = (
                "the folder must be there and this user must be able to write to it; "
                "relay.state_dir names another, and relay.store: memory does without"
            )
        return StoreError(
            f"what the relay keeps in {self._path} cannot be used ({error}); {remedy}"
        )


_USE = (
    "SELECT seconds, sessions, turns, input_tokens, output_tokens, cost_micro_usd, responses"
    " FROM uses"
)


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """SQLite itself does not wait for another process that opens the new file, too."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(RETRY_S)
        else:
            return


def _insert(
    connection: sqlite3.Connection, table: str, values: Sequence[object], other: str = "REPLACE"
) -> int:
    """In place of what has the same key; 0: there was one, and it was not to be replaced."""
    places = ",".join("?" * len(values))
    return connection.execute(
        f"INSERT OR {other} INTO {table} VALUES ({places})", tuple(values)
    ).rowcount
