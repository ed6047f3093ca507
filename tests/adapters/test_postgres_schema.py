"""Tables are made once, all or none of a release's steps, and a gateway that they do not suit says so at its start."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.adapters.postgres_schema import STEPS, SchemaBehind, Step, check, migrate, migrate_url
from gateway.adapters.store_postgres import PostgresStore
from gateway.flows.ports import Record
from gateway.rules.errors import StoreUnavailable
from tests.adapters.postgres_server import PostgresServer
from tests.clock import FakeClock

_NUMBERS = itertools.count()
_HARMLESS = Step(oldest_code=1, sql="ALTER TABLE gateway_records ADD COLUMN note text")
_BREAKING = Step(oldest_code=len(STEPS) + 1, sql="ALTER TABLE gateway_records RENAME COLUMN client TO app")


@pytest.fixture
async def empty_url(postgres: PostgresServer) -> AsyncIterator[str]:
    """The address of a new database, without tables."""
    name = f"empty_{next(_NUMBERS)}"
    maker = await asyncpg.connect(postgres.url())
    await maker.execute(f"CREATE DATABASE {name}")
    yield postgres.url(database=name)
    await maker.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await maker.close()


@pytest.fixture
async def connection(empty_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(empty_url)
    yield opened
    opened.terminate()


async def test_a_new_database_gets_every_step_once(empty_url: str, clock: FakeClock) -> None:
    assert await migrate_url(empty_url) == len(STEPS)
    assert await migrate_url(empty_url) == 0

    store = await PostgresStore.open(empty_url, clock)
    assert await store.put("binding", "a", Record(b"x", 0)) == 1
    await store.close()


async def test_of_several_at_once_one_makes_the_tables(empty_url: str) -> None:
    """As where every replica's start runs it."""
    done = await asyncio.gather(*(migrate_url(empty_url) for _ in range(5)))
    assert sorted(done) == [0, 0, 0, 0, len(STEPS)]


async def test_without_tables_a_gateway_says_what_to_run(empty_url: str, clock: FakeClock) -> None:
    with pytest.raises(SchemaBehind) as caught:
        await PostgresStore.open(empty_url, clock)
    assert "run: cronofy-gateway store migrate" in caught.value.detail
    assert "version 0" in caught.value.detail


async def test_a_gateway_that_is_ahead_of_the_tables_says_what_to_run(connection: asyncpg.Connection) -> None:
    await migrate(connection)
    with pytest.raises(SchemaBehind) as caught:
        await check(connection, (*STEPS, _HARMLESS))
    assert "run: cronofy-gateway store migrate" in caught.value.detail


async def test_a_gateway_goes_on_with_newer_tables_that_suit_it(
    empty_url: str, connection: asyncpg.Connection, clock: FakeClock
) -> None:
    """A rolling upgrade: the tables first, then one replica after the other."""
    await migrate(connection)
    running = await PostgresStore.open(empty_url, clock)
    await running.put("binding", "a", Record(b"x", 0))
    assert await migrate(connection, (*STEPS, _HARMLESS)) == 1

    assert await running.get("binding", "a") == Record(b"x", 1)
    assert await running.put("binding", "a", Record(b"x", 0)) == 2
    await running.close()
    again = await PostgresStore.open(empty_url, clock)
    assert await again.get("binding", "a") == Record(b"x", 2)
    await again.close()
    assert await migrate(connection) == 0


async def test_a_gateway_does_not_begin_with_newer_tables_that_do_not_suit_it(
    empty_url: str, connection: asyncpg.Connection, clock: FakeClock
) -> None:
    await migrate(connection, (*STEPS, _BREAKING, _HARMLESS))
    with pytest.raises(SchemaBehind) as caught:
        await PostgresStore.open(empty_url, clock)
    assert "run a newer release of the gateway" in caught.value.detail
    assert "store migrate" not in caught.value.detail


async def test_a_step_that_fails_leaves_the_tables_as_they_were(
    empty_url: str, connection: asyncpg.Connection, clock: FakeClock
) -> None:
    await migrate(connection)
    with pytest.raises(asyncpg.PostgresError):
        await migrate(connection, (*STEPS, _HARMLESS, Step(oldest_code=1, sql="ALTER TABLE nothing ADD COLUMN a int")))

    columns = await connection.fetch("SELECT 1 FROM information_schema.columns WHERE column_name = 'note'")
    assert columns == []
    assert await migrate(connection, (*STEPS, _HARMLESS)) == 1


async def test_whoever_may_not_make_tables_is_told(empty_url: str, connection: asyncpg.Connection) -> None:
    """A user of its own for calls, who may read and write rows and no more, is a fine thing to have."""
    await connection.execute("CREATE ROLE caller LOGIN PASSWORD 'canary'")
    url = f"postgresql://caller:canary@{empty_url.partition('@')[2]}"
    with pytest.raises(StoreUnavailable) as caught:
        await migrate_url(url)
    assert "InsufficientPrivilegeError" in caught.value.detail
    assert "canary" not in caught.value.detail

    await migrate(connection)
    await connection.execute(
        "GRANT SELECT ON gateway_schema TO caller;"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON gateway_records, gateway_leases TO caller;"
        "GRANT USAGE ON SEQUENCE gateway_fence TO caller"
    )
    store = await PostgresStore.open(url, FakeClock())
    await store.ping()
    lease = await store.acquire("a", "owner", 30)
    assert await store.put("journal", "a", Record(b"x", 0), lease=lease) == 1
    assert await store.delete("journal", "a") is True
    assert await store.delete_expired() == 0
    assert await store.warnings() != []
    await store.close()
    await connection.execute("DROP OWNED BY caller; DROP ROLE caller")
