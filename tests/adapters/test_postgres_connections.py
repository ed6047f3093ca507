"""Who is let in, over what; and what an error says of it."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import trustme

from gateway.adapters.postgres_address import read_address
from gateway.adapters.postgres_connections import ConnectionDied, Connections, connect, describe
from gateway.adapters.postgres_schema import migrate_url
from gateway.adapters.store_postgres import PostgresStore
from gateway.rules.errors import StoreUnavailable
from tests.adapters.postgres_server import PASSWORD, PostgresServer
from tests.clock import FakeClock


async def _refusal(url: str) -> str:
    """Return the detail with which a URL is refused, the same in every place that opens one."""
    details = []
    for opening in (PostgresStore.open(url, FakeClock()), migrate_url(url, timeout=2)):
        with pytest.raises(StoreUnavailable) as caught:
            await opening
        details.append(caught.value.detail)
    assert details[0] == details[1]
    return details[0]


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("InvalidPasswordError", {"password": "canary-wrong"}),
        ("InvalidCatalogNameError", {"database": "nowhere"}),
        ("gaierror", {"host": "nowhere.invalid"}),
        ("PostgreSQL: ValueError", {"port": "canary"}),
        ("ConnectionRefusedError", {"port": 1}),
        ("ClientConfigurationError", {"query": "sslmode=canary"}),
        ("FileNotFoundError", {"query": "sslmode=verify-full&sslrootcert=/nowhere.pem"}),
        ("UndefinedObjectError", {"query": "sslmode=disable&no_such_setting=1"}),
        ("whole number", {"query": "pool_size=many"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_whatever_is_wrong_is_named_without_the_password(
    postgres: PostgresServer, kind: str, changed: dict[str, Any]
) -> None:
    detail = await _refusal(postgres.url(**changed))

    assert kind in detail
    for secret in (PASSWORD, "canary", postgres.url()):
        assert secret not in detail


async def test_tls_is_checked_against_the_authority_and_the_name(postgres: PostgresServer, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)

    def url(host: str, authority: Path) -> str:
        return postgres.url(f"sslmode=verify-full&sslrootcert={authority}", host=host)

    connection = await connect(read_address(url("localhost", postgres.authority), pool_size=1), 2)
    assert await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is True
    connection.terminate()
    assert "CERTIFICATE_VERIFY_FAILED" in await _refusal(url("localhost", stranger))
    assert "IP address mismatch" in await _refusal(url("127.0.0.1", postgres.authority))


async def test_a_dead_connection_costs_only_what_must_not_be_sent_twice(postgres: PostgresServer) -> None:
    """A connection that an administrator ended, or a restart."""
    connections = await Connections(read_address(postgres.url("sslmode=disable&pool_size=1"), pool_size=1), 2).open()
    me = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(ConnectionDied):
        await connections.rows(me)
    assert await connections.rows("SELECT 1") == [(1,)]
    with pytest.raises(ConnectionDied):
        await connections.rows(me, again=True)  # it kills the second one, too
    assert await connections.rows("SELECT 1") == [(1,)]
    await connections.close()


async def test_a_connection_is_used_again_after_an_error_and_a_time_out(postgres: PostgresServer) -> None:
    """The statement is called off at the server, which is quicker than a new connection and leaves nothing running."""
    address = read_address(postgres.url("sslmode=disable&pool_size=1"), pool_size=1)
    connections = await Connections(address, 0.2).open()
    ((before,),) = await connections.rows("SELECT pg_backend_pid()")
    with pytest.raises(StoreUnavailable) as caught:
        await connections.rows("SELECT 1 FROM nothing")
    assert caught.value.detail == 'PostgreSQL: UndefinedTableError (42P01): relation "nothing" does not exist'
    with pytest.raises(StoreUnavailable) as caught:
        await connections.rows("SELECT pg_sleep(30)")
    assert caught.value.detail == "PostgreSQL: TimeoutError: no answer in time"

    assert await connections.rows("SELECT pg_backend_pid()") == [(before,)]
    await connections.close()


async def test_a_pool_grows_to_its_size_and_then_makes_callers_wait(postgres: PostgresServer) -> None:
    connections = await Connections(read_address(postgres.url("sslmode=disable&pool_size=3"), pool_size=1), 2).open()
    statement = "SELECT pg_backend_pid() FROM (SELECT pg_sleep(0.02)) slept"
    rows = await asyncio.gather(*(connections.rows(statement) for _ in range(12)))
    await connections.close()

    assert len({pid for ((pid,),) in rows}) == 3


async def test_closing_waits_for_a_call_no_longer_than_it_may_take(postgres: PostgresServer) -> None:
    connections = await Connections(read_address(postgres.url(), pool_size=2), 0.3).open()
    quick = asyncio.create_task(connections.rows("SELECT 1 FROM (SELECT pg_sleep(0.1)) slept"))
    slow = asyncio.create_task(connections.rows("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(2):
        await connections.close()

    assert await quick == [(1,)]
    with pytest.raises(StoreUnavailable):
        await slow


async def test_nothing_is_prepared_where_that_was_switched_off(postgres: PostgresServer) -> None:
    """PgBouncer in transaction mode hands each transaction to another server connection, which knows no statement."""
    for query, prepared in (("", 2), ("&statement_cache_size=0", 0)):
        connections = await Connections(read_address(postgres.url(f"sslmode=disable{query}"), pool_size=1), 2).open()
        await connections.rows("SELECT 1")
        rows = await connections.rows("SELECT name FROM pg_prepared_statements WHERE name <> ''")
        assert len(rows) == prepared
        await connections.close()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("canary"), "ValueError"),
        (asyncpg.exceptions.InterfaceError("canary"), "InterfaceError"),
        (asyncpg.InvalidTextRepresentationError("canary"), "InvalidTextRepresentationError (22P02)"),
        (asyncpg.InternalClientError("canary"), "InternalClientError"),
        (ConnectionResetError(104, "reset by peer"), "ConnectionResetError: [Errno 104] reset by peer"),
        (TimeoutError(), "TimeoutError: no answer in time"),
    ],
)
def test_an_error_is_described_by_its_kind(error: Exception, said: str) -> None:
    assert describe(error) == said
