"""The engines that several nodes can share, each a real server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from gateway.adapters.postgres_schema import migrate_url
from tests.adapters.postgres_server import PostgresServer, running_postgres
from tests.adapters.redis_server import RedisServer, flush, redis_server


@pytest.fixture(scope="package")
def redis() -> Iterator[RedisServer]:
    with redis_server("--appendonly", "yes", "--appendfsync", "always") as started:
        yield started


@pytest.fixture(scope="package")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as started:
        yield started


@pytest.fixture(params=["sqlite", "redis", "postgresql"])
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.db'}"
    server: RedisServer | PostgresServer = request.getfixturevalue("redis" if request.param == "redis" else "postgres")
    await empty(server)
    return server.url if isinstance(server, RedisServer) else server.url()


async def empty(server: RedisServer | PostgresServer) -> None:
    """Empty a server, and start it where the last test left it ended."""
    if server.process is None or server.process.poll() is not None:
        await asyncio.to_thread(server.start)
    if isinstance(server, RedisServer):
        flush(server)
        return
    await migrate_url(server.url())
    connection = await asyncpg.connect(server.url())
    await connection.execute("TRUNCATE gateway_records, gateway_leases")
    await connection.close()
