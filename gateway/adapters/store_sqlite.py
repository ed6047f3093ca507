"""Records in a SQLite file: the default, good for one host and several processes on it.

WAL, so that readers and a writer do not wait for each other; `synchronous = FULL`, because a refresh token that was
answered and not yet on disk would be lost with the power.

Source: https://www.sqlite.org/wal.html
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiosqlite

from gateway.flows.ports import Clock, Record, VersionMoved
from gateway.rules.errors import StoreUnavailable

_SCHEMA: Final = """
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
"""
_LIVES: Final = "(expires_at IS NULL OR expires_at > :now)"
_GET: Final = (
    f"SELECT value, version, client, account, expires_at FROM records WHERE kind = :kind AND id = :id AND {_LIVES}"  # noqa: S608  constants only
)
# One statement, so that the check and the write cannot be torn apart: an expired record counts as version 0.
_PUT: Final = f"""
INSERT INTO records (kind, id, version, client, account, expires_at, value)
SELECT :kind, :id, 1, :client, :account, :expires_at, :value
WHERE :expected IS NULL OR :expected = 0 OR EXISTS (SELECT 1 FROM records WHERE kind = :kind AND id = :id)
ON CONFLICT (kind, id) DO UPDATE SET
    version = CASE WHEN {_LIVES} THEN version + 1 ELSE 1 END,
    client = excluded.client, account = excluded.account, expires_at = excluded.expires_at, value = excluded.value
WHERE :expected IS NULL OR :expected = CASE WHEN {_LIVES} THEN version ELSE 0 END
RETURNING version
"""  # noqa: S608  constants only
_LIST: Final = f"""
SELECT id FROM records WHERE kind = :kind AND {_LIVES}
AND (:client IS NULL OR client = :client) AND (:account IS NULL OR account = :account)
"""  # noqa: S608  constants only
_PING: Final = "ping"
_PING_KEPT: Final = 86_400.0
_BUSY_TIMEOUT: Final = 5.0
_SWEEP_BATCH: Final = 1_000


class SqliteStore:
    """A record store in one file; see `RecordStore` for what its methods promise."""

    def __init__(self, connection: aiosqlite.Connection, clock: Clock) -> None:
        self._db = connection
        self._clock = clock

    @classmethod
    async def open(cls, path: str, clock: Clock, *, busy_timeout: float = _BUSY_TIMEOUT) -> "SqliteStore":
        """Open the file, making it and its tables where they are not there.

        Args:
            path: the file.
            clock: tells what has expired.
            busy_timeout: seconds to wait for another writer.

        Raises:
            StoreUnavailable: the file cannot be opened or is no database.
        """
        connection: aiosqlite.Connection | None = None
        try:
            await asyncio.to_thread(Path(path).touch, 0o600, exist_ok=True)  # its owner's alone
            connection = await aiosqlite.connect(path, timeout=busy_timeout, isolation_level=None)
            await connection.execute("PRAGMA journal_mode = WAL")
            await connection.execute("PRAGMA synchronous = FULL")
            await connection.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                await connection.close()
            raise StoreUnavailable(f"the store's file cannot be opened: {type(error).__name__}: {error}") from None
        return cls(connection, clock)

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        async with self._errors(), self._db.execute(_GET, self._named(kind, record_id)) as cursor:
            row = await cursor.fetchone()
        return None if row is None else Record(row[0], row[1], row[2], row[3], row[4])

    async def put(self, kind: str, record_id: str, record: Record, *, expected: int | None = None) -> int:
        """Write a record whole and return its new version."""
        values = {
            **self._named(kind, record_id),
            "client": record.client,
            "account": record.account,
            "expires_at": record.expires_at,
            "value": record.value,
            "expected": expected,
        }
        async with self._errors(), self._db.execute(_PUT, values) as cursor:
            row = await cursor.fetchone()
        if row is None:
            raise VersionMoved
        return int(row[0])

    async def delete(self, kind: str, record_id: str) -> bool:
        """Remove a record; say whether it was there."""
        # An expired one is not «there», and the sweep removes it.
        statement = f"DELETE FROM records WHERE kind = :kind AND id = :id AND {_LIVES}"  # noqa: S608  constants only
        async with self._errors(), self._db.execute(statement, self._named(kind, record_id)) as cursor:
            return cursor.rowcount == 1

    async def list_ids(self, kind: str, *, client: str | None = None, account: str | None = None) -> Sequence[str]:
        """Return the ids of a kind's living records."""
        values = {"kind": kind, "client": client, "account": account, "now": self._clock.now()}
        async with self._errors(), self._db.execute(_LIST, values) as cursor:
            return [row[0] for row in await cursor.fetchall()]

    async def delete_expired(self) -> int:
        """Remove what has expired, in batches so that writers get their turn; return how many."""
        statement = (
            "DELETE FROM records WHERE (kind, id) IN"
            " (SELECT kind, id FROM records WHERE expires_at <= :now LIMIT :batch)"
        )
        removed = 0
        while True:
            async with self._errors():
                cursor = await self._db.execute(statement, {"now": self._clock.now(), "batch": _SWEEP_BATCH})
                count = cursor.rowcount
                await cursor.close()
            removed += max(count, 0)
            if count < _SWEEP_BATCH:
                return removed

    async def ping(self) -> None:
        """Return when the store can be read and written."""
        # One statement, never a transaction over several: all callers share the connection, and what another one writes
        # between BEGIN and ROLLBACK would be undone after it was acknowledged.
        now = self._clock.now()
        mark = Record(b"", 0, expires_at=now + _PING_KEPT)
        await self.put(_PING, _PING, mark)

    async def close(self) -> None:
        """Let go of the file."""
        await self._db.close()

    def _named(self, kind: str, record_id: str) -> dict[str, object]:
        return {"kind": kind, "id": record_id, "now": self._clock.now()}

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:  # aiosqlite: ValueError once the connection is closed
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from None
