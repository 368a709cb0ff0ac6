"""The tables of the SQLite file, and how a file of before comes to have them.

Columns are in the order of the records' fields; `sqlite.py` relies on it. A change is a new
entry at the end of `STEPS`, never a change of one that has been released.
"""

import sqlite3

from edgevoice.errors import StoreError

STEPS = (
    """
    CREATE TABLE devices (
        device_id TEXT PRIMARY KEY, name TEXT NOT NULL, public_key TEXT NOT NULL,
        origin TEXT NOT NULL, created_at REAL NOT NULL, seen_at REAL, revoked_at REAL
    );
    CREATE TABLE pairings (
        pairing_id TEXT PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL,
        public_key TEXT NOT NULL, origin TEXT NOT NULL, poll_hash TEXT NOT NULL,
        expires_at REAL NOT NULL, missed INTEGER NOT NULL, device_id TEXT NOT NULL
    );
    CREATE TABLE used (number TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
    CREATE INDEX used_until ON used (until);
    CREATE TABLE secrets (
        digest TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at REAL NOT NULL,
        session TEXT NOT NULL
    );
    CREATE TABLE uses (
        caller TEXT NOT NULL, day TEXT NOT NULL,
        seconds REAL NOT NULL, sessions INTEGER NOT NULL, turns INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
        cost_micro_usd INTEGER NOT NULL, responses INTEGER NOT NULL,
        PRIMARY KEY (caller, day)
    );
    CREATE TABLE relays (relay_id TEXT PRIMARY KEY, shown_at REAL NOT NULL);
    CREATE TABLE calls (
        call_id TEXT PRIMARY KEY, caller TEXT NOT NULL, relay_id TEXT NOT NULL,
        address TEXT NOT NULL, began_at REAL NOT NULL, state TEXT NOT NULL,
        turns INTEGER NOT NULL, responses INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL, cost_micro_usd INTEGER NOT NULL
    );
    """,
    "ALTER TABLE secrets ADD COLUMN token_hash TEXT NOT NULL DEFAULT ''",
)


def bring_up_to_date(connection: sqlite3.Connection, path: str) -> None:
    """All steps that the file has not seen, or none. StoreError where it has seen more."""
    connection.execute("BEGIN IMMEDIATE")  # another process may be doing the same
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL)")
        found = connection.execute("SELECT version FROM schema").fetchone()
        version = found[0] if found else 0
        if version > len(STEPS):
            raise StoreError(
                f"{path} was written by a newer edgevoice (schema {version}, this one knows "
                f"{len(STEPS)}): install that one again, or move the file away"
            )
        for step in STEPS[version:]:
            for statement in step.split(";"):
                connection.execute(statement)
        if not found:
            connection.execute("INSERT INTO schema VALUES (0)")
        connection.execute("UPDATE schema SET version = ?", (len(STEPS),))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
