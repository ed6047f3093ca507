"""Records in PostgreSQL: for several hosts that share what they know.

Every method is one statement in a transaction of its own, at READ COMMITTED: a writer that finds a row locked waits and
then decides by what the other one left. Records expire by the gateway's clock, as everywhere; leases by the server's,
which all nodes share. The tables are made by `cronofy-gateway store migrate`, never from here.

Source: https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
"""

import json
from collections.abc import Sequence
from typing import Any, Final, Self

from gateway.adapters.postgres_address import read_address
from gateway.adapters.postgres_connections import Connections, connect
from gateway.adapters.postgres_listener import CHANNEL, Listener, announcement
from gateway.adapters.postgres_schema import check
from gateway.flows.ports import Clock, Entry, Heard, Lease, LeaseLost, Record, Tally, VersionMoved

_FIELDS: Final = "value, version, client, account, expires_at, sealed_by"
_NAMED: Final = "kind = $1 AND id = $2"
_LIVES: Final = "(present.expires_at IS NULL OR present.expires_at > $3)"
_GET: Final = f"SELECT {_FIELDS} FROM gateway_records present WHERE {_NAMED} AND {_LIVES}"  # noqa: S608  constants only
# $1 kind, $2 id, $3 now, $4 client, $5 account, $6 expires_at, $7 value, $8 sealed_by. An expired record counts as
# version 0: it is written over as if it were not there. $9: write over one that lives, too.
_UPSERT: Final = f"""
INSERT INTO gateway_records AS present (kind, id, version, client, account, expires_at, value, sealed_by)
SELECT $1, $2, 1, $4, $5, $6::float8, $7, $8{{and_held}}
ON CONFLICT (kind, id) DO UPDATE SET
    version = CASE WHEN {_LIVES} THEN present.version + 1 ELSE 1 END, client = excluded.client,
    account = excluded.account, expires_at = excluded.expires_at, value = excluded.value,
    sealed_by = excluded.sealed_by
WHERE $9::boolean OR NOT {_LIVES}
RETURNING version
"""
# $9: the expected version. Never an insert: of a record that is deleted meanwhile nothing may come back.
_UPDATE: Final = f"""
UPDATE gateway_records present SET
    version = present.version + 1, client = $4, account = $5, expires_at = $6::float8, value = $7, sealed_by = $8
WHERE {_NAMED} AND {_LIVES} AND present.version = $9::bigint{{and_held}}
RETURNING version
"""  # noqa: S608  constants only
# The row of the lease is locked until the write is done, so that nobody can be given the lease in between.
_LEASED: Final = """
WITH held AS MATERIALIZED (
    SELECT 1 FROM gateway_leases WHERE name = $10 AND owner = $11 AND number = $12 AND expires_at > clock_timestamp()
    FOR SHARE
), written AS ({statement})
SELECT (SELECT version FROM written), EXISTS (SELECT 1 FROM held)
"""
_HELD: Final = "EXISTS (SELECT 1 FROM held)"
_PUT: Final = {
    # (is a version above 0 expected, is there a lease)
    (False, False): _UPSERT.format(and_held=""),
    (True, False): _UPDATE.format(and_held=""),
    (False, True): _LEASED.format(statement=_UPSERT.format(and_held=f" WHERE {_HELD}")),
    (True, True): _LEASED.format(statement=_UPDATE.format(and_held=f" AND {_HELD}")),
}
# An expired one is not «there», and the sweep removes it.
_DELETE: Final = f"""
WITH gone AS (
    DELETE FROM gateway_records present
    WHERE {_NAMED} AND {_LIVES} AND ($4::bigint IS NULL OR present.version = $4) RETURNING 1
)
SELECT CASE WHEN $5::text IS NOT NULL THEN pg_notify('{CHANNEL}', $5) END FROM gone
"""  # noqa: S608  constants only
_RESEAL: Final = f"""
UPDATE gateway_records present SET value = $4, sealed_by = $5
WHERE {_NAMED} AND {_LIVES} AND present.version = $6 AND present.value = $7 RETURNING 1
"""  # noqa: S608  constants only
_LIST: Final = "SELECT id FROM gateway_records WHERE kind = $1 AND (expires_at IS NULL OR expires_at > $2)"
_PAGE_OF_CLIENT: Final = f"{_LIST} AND client = $3 AND client <> '' AND id > $4 ORDER BY id LIMIT $5"
_WALK: Final = f"SELECT kind, id, {_FIELDS} FROM gateway_records WHERE (kind, id) > ($1, $2)"  # noqa: S608  constants only
_COUNT: Final = "SELECT kind, sealed_by, count(*) FROM gateway_records GROUP BY kind, sealed_by"
_SWEEP: Final = """
WITH gone AS (
    DELETE FROM gateway_records WHERE expires_at <= $1 AND ctid = ANY (ARRAY(
        SELECT ctid FROM gateway_records WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
    )) RETURNING 1
)
SELECT count(*) FROM gone
"""
# The second nextval is drawn when the row is ours: the first may be an old number by then. Rows are kept a while after
# their lease, so that whoever still waits with an old number meets one; see _SWEEP_LEASES.
_ACQUIRE: Final = """
INSERT INTO gateway_leases AS present (name, owner, number, expires_at)
VALUES ($1, $2, nextval('gateway_fence'), clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (name) DO UPDATE SET
    owner = excluded.owner, number = nextval('gateway_fence'),
    expires_at = clock_timestamp() + make_interval(secs => $3)
WHERE present.expires_at <= clock_timestamp()
RETURNING number
"""
_SWEEP_LEASES: Final = "DELETE FROM gateway_leases WHERE expires_at < clock_timestamp() - interval '1 hour'"
_HOLD: Final = """
UPDATE gateway_leases SET expires_at = clock_timestamp() + make_interval(secs => $4)
WHERE name = $1 AND owner = $2 AND number = $3 AND expires_at > clock_timestamp() RETURNING 1
"""
_WARN: Final = {
    (
        "synchronous_commit",
        "off",
    ): "PostgreSQL's synchronous_commit is off: a crash loses tokens that were just renewed.",
    ("fsync", "off"): "PostgreSQL's fsync is off: a power cut can ruin the whole database.",
}
_SETTINGS: Final = "SELECT name, setting FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync')"
_PING: Final = "ping"
_PING_KEPT: Final = 86_400.0
_SWEEP_BATCH: Final = 1_000


class PostgresStore:
    """A record store in a PostgreSQL database; see `RecordStore` for what its methods promise."""

    def __init__(self, connections: Connections, listener: Listener, clock: Clock) -> None:
        self._connections = connections
        self._listener = listener
        self._clock = clock

    @classmethod
    async def open(cls, url: str, clock: Clock, *, timeout: float = 2.0, pool_size: int = 10) -> Self:  # noqa: ASYNC109  a setting
        """Connect, and see that the tables are those that this gateway knows.

        Args:
            url: `postgresql://user:password@host:port/database?sslmode=…`; `pool_size` and `statement_cache_size` in
                it are the gateway's own.
            clock: tells what has expired.
            timeout: seconds that a call may take.
            pool_size: the most connections for calls; `listen` takes one more.

        Raises:
            StoreUnavailable: the server cannot be reached or lets us not in.
            SchemaBehind: the tables are missing, or of another version.
        """
        address = read_address(url, pool_size=pool_size)
        connections = await Connections(address, timeout).open()
        try:
            async with connections.borrow() as connection:
                await check(connection)
        except BaseException:
            await connections.close()
            raise
        return cls(connections, Listener(lambda: connect(address, timeout), timeout), clock)

    async def warnings(self) -> list[str]:
        """Return a sentence about each setting of the server that puts records at risk."""
        found = {tuple(row) for row in await self._connections.rows(_SETTINGS, again=True)}
        return [sentence for setting, sentence in _WARN.items() if setting in found]

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        rows = await self._connections.rows(_GET, *self._named(kind, record_id), again=True)
        return Record(*rows[0]) if rows else None

    async def put(
        self, kind: str, record_id: str, record: Record, *, expected: int | None = None, lease: Lease | None = None
    ) -> int:
        """Write a record whole and return its new version."""
        values = self._put_values(kind, record_id, record, expected)
        statement = _PUT[bool(expected), lease is not None]
        if lease is None:
            rows = await self._connections.rows(statement, *values)
            version, is_held = rows[0][0] if rows else None, True
        else:
            rows = await self._connections.rows(statement, *values, lease.name, lease.owner, lease.number)
            version, is_held = rows[0]
        if not is_held:
            raise LeaseLost
        if version is None:
            raise VersionMoved
        return int(version)

    async def delete(self, kind: str, record_id: str, *, expected: int | None = None) -> bool:
        """Remove a record and tell who listens; say whether that was done."""
        told = announcement(kind, record_id)
        return bool(await self._connections.rows(_DELETE, *self._named(kind, record_id), expected, told))

    async def reseal(self, kind: str, record_id: str, old: Record, value: bytes, sealed_by: str) -> bool:
        """Put another sealing in a record's place; say whether that was done."""
        values = (*self._named(kind, record_id), value, sealed_by, old.version, old.value)
        return bool(await self._connections.rows(_RESEAL, *values))

    async def list_ids(self, kind: str, *, client: str | None = None, account: str | None = None) -> Sequence[str]:
        """Return the ids of a kind's living records."""
        statement, values = _LIST, [kind, self._clock.now()]
        for column, wanted in (("client", client), ("account", account)):
            if wanted is not None:
                values.append(wanted)
                statement += f" AND {column} = ${len(values)}"
                statement += f" AND {column} <> ''" if wanted else ""  # what the partial index is told by
        return [row[0] for row in await self._connections.rows(statement, *values, again=True)]

    async def page_of_client(self, kind: str, client: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of a client's next living records of a kind, in their order."""
        values = (kind, self._clock.now(), client, after, limit)
        return [row[0] for row in await self._connections.rows(_PAGE_OF_CLIENT, *values, again=True)]

    async def walk(self, cursor: str, limit: int, *, kind: str | None = None) -> tuple[Sequence[Entry], str]:
        """Return about so many living records, and where to go on."""
        after = json.loads(cursor) if cursor else ["", ""]
        of_kind, values = ("", ()) if kind is None else (" AND kind = $4", (kind,))
        statement = f"{_WALK}{of_kind} ORDER BY kind, id LIMIT $3"
        rows = await self._connections.rows(statement, *after, limit, *values, again=True)
        entries = [Entry(row[0], row[1], Record(*row[2:])) for row in rows]
        now = self._clock.now()
        living = [one for one in entries if one.record.expires_at is None or one.record.expires_at > now]
        return living, json.dumps([entries[-1].kind, entries[-1].id]) if len(rows) == limit else ""

    async def count(self) -> Sequence[Tally]:
        """Return how many records there are, by kind and key."""
        return [Tally(*row) for row in await self._connections.rows(_COUNT, again=True)]

    async def delete_expired(self) -> int:
        """Remove what has expired, in batches and around what is being written; return how many."""
        removed = 0
        while True:
            count: int
            ((count,),) = await self._connections.rows(_SWEEP, self._clock.now(), _SWEEP_BATCH)
            removed += count
            if count < _SWEEP_BATCH:
                await self._connections.rows(_SWEEP_LEASES)
                return removed

    async def acquire(self, name: str, owner: str, seconds: float) -> Lease | None:
        """Take a lease; None while somebody holds it."""
        rows = await self._connections.rows(_ACQUIRE, name, owner, seconds)
        return Lease(name, owner, rows[0][0]) if rows else None

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold a lease for so many seconds from now; False when it was lost."""
        return bool(await self._connections.rows(_HOLD, lease.name, lease.owner, lease.number, seconds, again=True))

    async def release(self, lease: Lease) -> None:
        """Give a lease back."""
        await self.renew(lease, 0)

    def listen(self, heard: Heard) -> None:
        """Call `heard(kind, record_id)` soon after any process deletes a record."""
        self._listener.listen(heard)

    async def ping(self) -> None:
        """Return when the store can be read and written."""
        record = Record(b"", 0, expires_at=self._clock.now() + _PING_KEPT)
        values = self._put_values(_PING, _PING, record, None)
        await self._connections.rows(_PUT[False, False], *values, again=True)

    async def close(self) -> None:
        """Let go of the server."""
        await self._listener.close()
        await self._connections.close()

    def _named(self, kind: str, record_id: str) -> tuple[str, str, float]:
        return kind, record_id, self._clock.now()

    def _put_values(self, kind: str, record_id: str, record: Record, expected: int | None) -> tuple[Any, ...]:
        fields = (record.client, record.account, record.expires_at, record.value, record.sealed_by)
        return *self._named(kind, record_id), *fields, expected or expected is None
