"""Records in a SQLite file: the default, good for one host and several processes on it.

WAL, so that readers and a writer do not wait for each other; `synchronous = FULL`, because a refresh token that was
answered and not yet on disk would be lost with the power. Every method is one statement, never a transaction over
several: all callers share the connection, and what one writes between another one's BEGIN and ROLLBACK would be undone.

Source: https://www.sqlite.org/wal.html
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiosqlite

from gateway.adapters.sqlite_schema import bring_up_to_date
from gateway.flows.ports import Clock, Entry, Heard, Lease, LeaseLost, Record, Tally, VersionMoved
from gateway.rules.errors import StoreUnavailable, StoreUnusable

_LIVES: Final = "(expires_at IS NULL OR expires_at > :now)"
_FIELDS: Final = "value, version, client, account, expires_at, sealed_by"
_NAMED: Final = "kind = :kind AND id = :id"
_GET: Final = f"SELECT {_FIELDS} FROM records WHERE {_NAMED} AND {_LIVES}"  # noqa: S608  constants only
_HELD: Final = "(SELECT 1 FROM leases WHERE number = :lease AND owner = :owner AND expires_at > :now)"
# One statement, so that the checks and the write cannot be torn apart: an expired record counts as version 0.
_PUT: Final = f"""
INSERT INTO records (kind, id, version, client, account, expires_at, value, sealed_by)
SELECT :kind, :id, 1, :client, :account, :expires_at, :value, :sealed_by
WHERE (:expected IS NULL OR :expected = 0 OR EXISTS (SELECT 1 FROM records WHERE {_NAMED}))
AND (:lease IS NULL OR EXISTS {_HELD})
ON CONFLICT (kind, id) DO UPDATE SET
    version = CASE WHEN {_LIVES} THEN version + 1 ELSE 1 END, client = excluded.client, account = excluded.account,
    expires_at = excluded.expires_at, value = excluded.value, sealed_by = excluded.sealed_by
WHERE :expected IS NULL OR :expected = CASE WHEN {_LIVES} THEN version ELSE 0 END
RETURNING version
"""  # noqa: S608  constants only
# An expired one is not «there», and the sweep removes it.
_DELETE: Final = f"DELETE FROM records WHERE {_NAMED} AND {_LIVES} AND (:expected IS NULL OR version = :expected)"  # noqa: S608  the same
_RESEAL: Final = f"""
UPDATE records SET value = :value, sealed_by = :sealed_by
WHERE {_NAMED} AND version = :version AND value = :old AND {_LIVES}
"""  # noqa: S608  constants only
# Left to itself SQLite reads every record of the kind (EXPLAIN QUERY PLAN, 3.40): it knows no numbers. The indexes are
# partial, so a query has to repeat their condition.
_LIST: Final = f"""
SELECT id FROM records %s WHERE kind = :kind AND {_LIVES}
AND (:client IS NULL OR client = :client) AND (:account IS NULL OR account = :account) %s
"""  # noqa: S608  constants only
_LIST_ALL: Final = _LIST % ("", "")
_LIST_BY_CLIENT: Final = _LIST % ("INDEXED BY records_by_client", "AND client = :client AND client <> ''")
_LIST_BY_ACCOUNT: Final = _LIST % ("INDEXED BY records_by_account", "AND account = :account AND account <> ''")
# The table has no row ids, so its indexes end in the primary key: this one is in the order of the ids already.
_PAGE_OF_CLIENT: Final = f"""
SELECT id FROM records INDEXED BY records_by_client
WHERE kind = :kind AND client = :client AND client <> '' AND id > :after AND {_LIVES} ORDER BY id LIMIT :limit
"""  # noqa: S608  constants only
_WALK: Final = f"""
SELECT kind, id, {_FIELDS} FROM records WHERE (kind, id) > (:after_kind, :after_id) ORDER BY kind, id LIMIT :limit
"""  # noqa: S608  constants only
# A statement of its own: with `:kind IS NULL OR …` in the one above, a walk over the few nodes that serve would read
# every session behind them, each heartbeat anew.
_WALK_KIND: Final = f"""
SELECT kind, id, {_FIELDS} FROM records WHERE kind = :kind AND id > :after_id ORDER BY id LIMIT :limit
"""  # noqa: S608  constants only
_COUNT: Final = "SELECT kind, sealed_by, count(*) FROM records GROUP BY kind, sealed_by"
_SWEEP: Final = (
    "DELETE FROM records WHERE (kind, id) IN (SELECT kind, id FROM records WHERE expires_at <= :now LIMIT :batch)"
)
_ACQUIRE: Final = """
INSERT OR REPLACE INTO leases (name, owner, expires_at) SELECT :name, :owner, :until
WHERE NOT EXISTS (SELECT 1 FROM leases WHERE name = :name AND expires_at > :now) RETURNING number
"""
_RENEW: Final = "UPDATE leases SET expires_at = :until WHERE number = :lease AND owner = :owner AND expires_at > :now"
_RELEASE: Final = "DELETE FROM leases WHERE number = :lease AND owner = :owner"
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
            StoreUnusable: the file cannot be opened or is no database.
        """
        connection: aiosqlite.Connection | None = None
        try:
            await asyncio.to_thread(Path(path).touch, 0o600, exist_ok=True)  # its owner's alone
            connection = await aiosqlite.connect(path, timeout=busy_timeout, isolation_level=None)
            await connection.execute("PRAGMA journal_mode = WAL")
            await connection.execute("PRAGMA synchronous = FULL")
            await bring_up_to_date(connection)
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                await connection.close()
            raise StoreUnusable(f"the store's file cannot be opened: {type(error).__name__}: {error}") from None
        return cls(connection, clock)

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        rows = await self._all(_GET, self._named(kind, record_id))
        return Record(*rows[0]) if rows else None

    async def put(
        self, kind: str, record_id: str, record: Record, *, expected: int | None = None, lease: Lease | None = None
    ) -> int:
        """Write a record whole and return its new version."""
        values = {
            **self._named(kind, record_id),
            "client": record.client,
            "account": record.account,
            "expires_at": record.expires_at,
            "value": record.value,
            "sealed_by": record.sealed_by,
            "expected": expected,
            "lease": lease.number if lease else None,
            "owner": lease.owner if lease else None,
        }
        rows = await self._all(_PUT, values)
        if rows:
            return int(rows[0][0])
        if lease is not None and not await self._all(f"SELECT * FROM {_HELD}", values):  # noqa: S608  constants only
            raise LeaseLost
        raise VersionMoved

    async def delete(self, kind: str, record_id: str, *, expected: int | None = None) -> bool:
        """Remove a record; say whether that was done."""
        return await self._change(_DELETE, {**self._named(kind, record_id), "expected": expected}) == 1

    async def reseal(self, kind: str, record_id: str, old: Record, value: bytes, sealed_by: str) -> bool:
        """Put another sealing in a record's place; say whether that was done."""
        values = {"value": value, "sealed_by": sealed_by, "version": old.version, "old": old.value}
        return await self._change(_RESEAL, {**self._named(kind, record_id), **values}) == 1

    async def list_ids(self, kind: str, *, client: str | None = None, account: str | None = None) -> Sequence[str]:
        """Return the ids of a kind's living records."""
        values = {"kind": kind, "client": client, "account": account, "now": self._clock.now()}
        statement = _LIST_BY_ACCOUNT if account is not None else _LIST_ALL if client is None else _LIST_BY_CLIENT
        return [row[0] for row in await self._all(statement, values)]

    async def page_of_client(self, kind: str, client: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of a client's next living records of a kind, in their order."""
        values = {"kind": kind, "client": client, "after": after, "limit": limit, "now": self._clock.now()}
        return [row[0] for row in await self._all(_PAGE_OF_CLIENT, values)]

    async def walk(self, cursor: str, limit: int, *, kind: str | None = None) -> tuple[Sequence[Entry], str]:
        """Return about so many living records, and where to go on."""
        after = json.loads(cursor) if cursor else ["", ""]
        values = {"after_kind": after[0], "after_id": after[1], "kind": kind, "limit": limit}
        rows = await self._all(_WALK if kind is None else _WALK_KIND, values)
        entries = [Entry(row[0], row[1], Record(*row[2:])) for row in rows]
        now = self._clock.now()
        living = [one for one in entries if one.record.expires_at is None or one.record.expires_at > now]
        return living, json.dumps([entries[-1].kind, entries[-1].id]) if len(rows) == limit else ""

    async def count(self) -> Sequence[Tally]:
        """Return how many records there are, by kind and key."""
        return [Tally(*row) for row in await self._all(_COUNT, {})]

    async def delete_expired(self) -> int:
        """Remove what has expired, in batches so that writers get their turn; return how many."""
        removed = 0
        while True:
            count = await self._change(_SWEEP, {"now": self._clock.now(), "batch": _SWEEP_BATCH})
            removed += max(count, 0)
            if count < _SWEEP_BATCH:
                return removed

    async def acquire(self, name: str, owner: str, seconds: float) -> Lease | None:
        """Take a lease; None while somebody holds it."""
        now = self._clock.now()
        rows = await self._all(_ACQUIRE, {"name": name, "owner": owner, "now": now, "until": now + seconds})
        return Lease(name, owner, rows[0][0]) if rows else None

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold a lease for so many seconds from now; False when it was lost."""
        now = self._clock.now()
        values = {"lease": lease.number, "owner": lease.owner, "now": now, "until": now + seconds}
        return await self._change(_RENEW, values) == 1

    async def release(self, lease: Lease) -> None:
        """Give a lease back."""
        await self._change(_RELEASE, {"lease": lease.number, "owner": lease.owner})

    def listen(self, heard: Heard) -> None:
        """Tell nobody: a file has no way to."""

    async def ping(self) -> None:
        """Return when the store can be read and written."""
        now = self._clock.now()
        await self.put(_PING, _PING, Record(b"", 0, expires_at=now + _PING_KEPT))

    async def close(self) -> None:
        """Let go of the file."""
        await self._db.close()

    def _named(self, kind: str, record_id: str) -> dict[str, object]:
        return {"kind": kind, "id": record_id, "now": self._clock.now()}

    async def _all(self, statement: str, values: Mapping[str, object]) -> list[Any]:
        # Executed and read to its end in one go of the connection's thread. A statement that is not at its end holds
        # the transaction open: what another caller writes meanwhile would be told as done and not be on the disk yet,
        # or, where another process has written since, be refused at once («database is locked») without any waiting.
        async with self._errors():
            return list(await self._db.execute_fetchall(statement, values))

    async def _change(self, statement: str, values: Mapping[str, object]) -> int:
        async with self._errors(), self._db.execute(statement, values) as cursor:
            return cursor.rowcount

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:  # aiosqlite: ValueError once the connection is closed
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from None
