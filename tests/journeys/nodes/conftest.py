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
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each engine."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        flush(server)
        return server.url
    if request.param == "postgresql":
        database: PostgresServer = request.getfixturevalue("postgres")
        asyncio.run(_empty(database.url()))
        return database.url()
    return f"sqlite:///{tmp_path / 'records.db'}"


async def _empty(url: str) -> None:
    await migrate_url(url)
    connection = await asyncpg.connect(url)
    await connection.execute("TRUNCATE gateway_records, gateway_leases")
    await connection.close()
