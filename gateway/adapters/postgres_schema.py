"""The tables of the PostgreSQL engine, and how a database of an older version gets them.

Many gateways share one database and are not replaced all at once, so no gateway changes the tables by itself: somebody
runs `cronofy-gateway store migrate` before the new release is rolled out. `gateway_schema` says how many of the steps
the database has seen, and how old a gateway may be to go on using it meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import asyncpg

from gateway.adapters.postgres_address import read_address
from gateway.adapters.postgres_connections import connect, errors_as_unavailable
from gateway.rules.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the tables.

    Attributes:
        oldest_code: gateways that know fewer steps than this cannot work with the tables as the step leaves them.
        sql: statements, run in one transaction.
    """

    oldest_code: int
    sql: str


STEPS: Final = (
    # COLLATE "C": a walk goes by bytes, whatever language the database speaks. EXTERNAL: what is sealed does not
    # shrink, so PostgreSQL need not try. Every write moves a row and most move its expiry: vacuum comes round sooner
    # than the usual fifth of the table.
    Step(
        oldest_code=1,
        sql="""
        CREATE SEQUENCE gateway_fence;
        CREATE TABLE gateway_records (
            kind text COLLATE "C" NOT NULL,
            id text COLLATE "C" NOT NULL,
            version bigint NOT NULL,
            client text NOT NULL,
            account text NOT NULL,
            expires_at double precision,
            value bytea NOT NULL,
            sealed_by text NOT NULL,
            PRIMARY KEY (kind, id)
        ) WITH (autovacuum_vacuum_scale_factor = 0.05);
        ALTER TABLE gateway_records ALTER COLUMN value SET STORAGE EXTERNAL;
        CREATE INDEX gateway_records_by_client ON gateway_records (kind, client) WHERE client <> '';
        CREATE INDEX gateway_records_by_account ON gateway_records (kind, account) WHERE account <> '';
        CREATE INDEX gateway_records_by_expiry ON gateway_records (expires_at) WHERE expires_at IS NOT NULL;
        CREATE INDEX gateway_records_by_key ON gateway_records (kind, sealed_by);
        CREATE TABLE gateway_leases (
            name text PRIMARY KEY,
            owner text NOT NULL,
            number bigint NOT NULL,
            expires_at timestamptz NOT NULL
        );
        """,
    ),
)

_ONE_AT_A_TIME: Final = 0x63726F_676174  # any number that nobody else's advisory lock has
_NOBODY_WAITS: Final = "SET LOCAL lock_timeout = '2s'"  # every call of every gateway queues behind a waiting ALTER
_SEEN: Final = "CREATE TABLE IF NOT EXISTS gateway_schema (version int NOT NULL, oldest_code int NOT NULL)"


class SchemaBehind(StoreUnavailable):
    """The database's tables and this gateway are of versions that do not go together."""


class Asks(Protocol):
    """A connection, of a pool or not."""

    async def fetchrow(self, query: str, /) -> asyncpg.Record | None:
        """Return a statement's first row."""
        ...


async def check(connection: Asks, steps: Sequence[Step] = STEPS) -> None:
    """Return when this gateway can work with the tables.

    Raises:
        SchemaBehind: it cannot, and the detail says what to do.
        asyncpg.PostgresError: it cannot be said.
    """
    version, oldest_code = await _version(connection)
    ours = len(steps)
    if version < ours:
        raise SchemaBehind(
            f"the tables are at version {version} and this gateway needs {ours}; run: cronofy-gateway store migrate"
        )
    if oldest_code > ours:
        raise SchemaBehind(
            f"the tables are at version {version}, which takes a gateway that knows {oldest_code}, and this one knows "
            f"{ours}; run a newer release of the gateway"
        )


async def migrate(connection: asyncpg.Connection, steps: Sequence[Step] = STEPS) -> int:
    """Run the steps that a database has not seen, all or none, and return how many those were.

    A second process that does so at the same time waits and then finds nothing to do.

    Raises:
        asyncpg.PostgresError: it failed and nothing was changed.
    """
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
        await connection.execute(_NOBODY_WAITS)
        await connection.execute(_SEEN)
        version, _ = await _version(connection)
        unseen = steps[version:]
        for step in unseen:
            await connection.execute(step.sql)
        if unseen:
            await connection.execute("DELETE FROM gateway_schema")
            oldest_code = max(step.oldest_code for step in steps)
            await connection.execute("INSERT INTO gateway_schema VALUES ($1, $2)", len(steps), oldest_code)
    return len(unseen)


async def migrate_url(url: str, *, timeout: float = 10.0) -> int:  # noqa: ASYNC109  asyncpg's own
    """Bring the database at a URL up to date and return how many steps that took.

    Args:
        url: as `PostgresStore.open` takes it.
        timeout: seconds to wait for the server; the steps themselves take what they take.

    Raises:
        StoreUnavailable: the server cannot be reached, or a step failed and nothing was changed.
    """
    connection = await connect(read_address(url, pool_size=1), timeout)
    try:
        async with errors_as_unavailable():
            return await migrate(connection)
    finally:
        connection.terminate()


async def _version(connection: Asks) -> tuple[int, int]:
    """Return (steps seen, oldest gateway that may use them)."""
    there = await connection.fetchrow("SELECT to_regclass('gateway_schema') IS NOT NULL")
    row = await connection.fetchrow("SELECT version, oldest_code FROM gateway_schema") if there and there[0] else None
    return (row[0], row[1]) if row else (0, 0)
