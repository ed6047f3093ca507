"""The tables of the SQLite engine, and how a file of an older version gets them.

The file's `user_version` says how many of the steps it has seen. Each step runs in a transaction of its own, and a
second process that opens the file meanwhile waits for it.

Source: https://www.sqlite.org/pragma.html#pragma_user_version
"""

from typing import Final

import aiosqlite

STEPS: Final = (
    # 1: the tables of the first release, which did not count its steps: hence IF NOT EXISTS.
    """
    CREATE TABLE IF NOT EXISTS records (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        client TEXT NOT NULL,
        account TEXT NOT NULL,
        expires_at REAL,
        value BLOB NOT NULL,
        PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS records_by_client ON records (kind, client) WHERE client <> '';
    CREATE INDEX IF NOT EXISTS records_by_account ON records (kind, account) WHERE account <> '';
    CREATE INDEX IF NOT EXISTS records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
    """,
    # 2: which key sealed a record (bytes 2 to 9 of a sealing name it), and leases. AUTOINCREMENT never gives a number
    # twice, also after its row is gone: that makes it a fencing number.
    """
    ALTER TABLE records ADD COLUMN sealed_by TEXT NOT NULL DEFAULT '';
    UPDATE records SET sealed_by = lower(hex(substr(value, 2, 8))) WHERE length(value) > 0;
    CREATE INDEX records_by_key ON records (kind, sealed_by);
    CREATE TABLE leases (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        expires_at REAL NOT NULL
    );
    """,
)


async def bring_up_to_date(db: aiosqlite.Connection) -> int:
    """Run the steps that a file has not seen, and return how many those were.

    Raises:
        sqlite3.Error: the file cannot be used; what was begun is undone.
    """
    done = 0
    while (seen := await _version(db)) < len(STEPS):
        # The version is looked at again inside: another process may have been first.
        await db.execute("BEGIN IMMEDIATE")
        try:
            if await _version(db) == seen:
                for statement in filter(str.strip, STEPS[seen].split(";")):
                    await db.execute(statement)
                await db.execute(f"PRAGMA user_version = {seen + 1}")
                done += 1
        except BaseException:
            await db.execute("ROLLBACK")
            raise
        await db.execute("COMMIT")
    return done


async def _version(db: aiosqlite.Connection) -> int:
    async with db.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0
