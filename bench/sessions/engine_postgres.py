"""PostgreSQL as it is installed, with fsync on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from gateway.adapters.postgres_schema import migrate_url
from gateway.flows.ports import Entry
from tests.adapters.postgres_server import PostgresServer

_COLUMNS: Final = ("kind", "id", "value", "version", "client", "account", "expires_at", "sealed_by")


class PostgresEngine:
    """One server; each store is a database of it."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._stores = 0

    async def new_store(self) -> str:
        """Make a database with the gateway's tables and return its URL."""
        self._stores += 1
        name = f"store{self._stores}"
        async with _connected(self._server.url()) as connection:
            await connection.execute(f"CREATE DATABASE {name}")
        url = self._server.url(database=name)
        await migrate_url(url)
        return url

    async def fill(self, url: str, frames: Iterator[list[Entry]]) -> None:
        """COPY everything."""
        async with _connected(url) as connection:
            for frame in frames:
                await connection.copy_records_to_table("gateway_records", records=map(_row, frame), columns=_COLUMNS)

    async def settle(self, url: str) -> None:
        """Do what autovacuum and the checkpointer do after a while."""
        async with _connected(url) as connection:
            await connection.execute("VACUUM (ANALYZE) gateway_records")
            await connection.execute("CHECKPOINT")

    async def sizes(self, url: str) -> dict[str, int]:
        """Return the bytes of the table with its indexes."""
        async with _connected(url) as connection:
            return {"disk": await connection.fetchval("SELECT pg_total_relation_size('gateway_records')")}

    async def version(self) -> str:
        """Return the version and what matters of its settings."""
        async with _connected(self._server.url()) as connection:
            found = {name: await connection.fetchval(f"SHOW {name}") for name in ("server_version", "shared_buffers")}
        return f"PostgreSQL {found['server_version'].split()[0]}, fsync on, shared_buffers {found['shared_buffers']}"

    def stop(self) -> None:
        """End it by SIGINT, the fast shutdown that service managers ask for."""
        self._server.stop()

    def kill(self) -> None:
        """End it and its backends by SIGKILL."""
        self._server.kill()

    def start(self) -> None:
        """Start it again."""
        self._server.start()


def _row(one: Entry) -> tuple[object, ...]:
    record = one.record
    names = record.client, record.account
    return one.kind, one.id, record.value, record.version, *names, record.expires_at, record.sealed_by


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
