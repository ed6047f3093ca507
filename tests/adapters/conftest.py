"""Servers that the engines' tests share: starting one takes a second."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from gateway.adapters.postgres_schema import migrate_url
from tests.adapters.postgres_server import PostgresServer, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server that stays up, and that is quick rather than safe."""
    with running_postgres(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def safe_postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
async def postgres_url(postgres: PostgresServer) -> AsyncIterator[str]:
    """The address of a database with the tables and nothing in them."""
    url = postgres.url()
    await migrate_url(url)
    yield url
    await _empty(url)


@pytest.fixture
async def own_postgres(safe_postgres: PostgresServer) -> AsyncIterator[PostgresServer]:
    """A server with empty tables, which a test may stop and start as it likes."""
    await migrate_url(safe_postgres.url())
    yield safe_postgres
    if safe_postgres.process is None:
        safe_postgres.start()
    await _empty(safe_postgres.url())


async def _empty(url: str) -> None:
    connection = await asyncpg.connect(url, command_timeout=5)
    await connection.execute("TRUNCATE gateway_records, gateway_leases")
    await connection.close()
