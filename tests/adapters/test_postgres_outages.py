"""A PostgreSQL that goes away costs the calls under way and no others, and nothing that was written."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import asyncpg
import pytest

from gateway.adapters.store_postgres import PostgresStore
from gateway.flows.ports import Lease, Record
from gateway.rules.errors import StoreUnavailable
from tests.adapters.postgres_server import PASSWORD, PostgresServer, until_locked_out
from tests.adapters.tcp_link import link_to
from tests.clock import FakeClock

_OLD = Record(b"x", 1)
_CALLS: dict[str, Callable[[PostgresStore], Awaitable[object]]] = {
    "get": lambda store: store.get("binding", "a"),
    "put": lambda store: store.put("binding", "a", Record(b"y", 0)),
    "put under a lease": lambda store: store.put("a", "a", Record(b"y", 0), lease=Lease("a", "owner", 1)),
    "delete": lambda store: store.delete("binding", "a"),
    "reseal": lambda store: store.reseal("binding", "a", _OLD, b"y", "k"),
    "list_ids": lambda store: store.list_ids("binding"),
    "page_of_client": lambda store: store.page_of_client("binding", "a", after="", limit=10),
    "walk": lambda store: store.walk("", 10),
    "count": lambda store: store.count(),
    "delete_expired": lambda store: store.delete_expired(),
    "acquire": lambda store: store.acquire("a", "owner", 1),
    "renew": lambda store: store.renew(Lease("a", "owner", 1), 1),
    "release": lambda store: store.release(Lease("a", "owner", 1)),
    "ping": lambda store: store.ping(),
    "warnings": lambda store: store.warnings(),
}


@pytest.fixture
async def store(own_postgres: PostgresServer, clock: FakeClock) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(own_postgres.url(), clock)
    yield opened
    await opened.close()


@pytest.fixture
async def outsider(own_postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """Somebody at the database who is no gateway."""
    connection = await asyncpg.connect(own_postgres.url())
    yield connection
    connection.terminate()


async def _fill_the_pool(store: PostgresStore, names: Iterator[int]) -> None:
    """Have ten connections open."""
    await asyncio.gather(*(store.put("binding", str(next(names)), Record(b"x", 0)) for _ in range(30)))


async def test_records_outlive_a_restart_and_the_same_store_works_on(
    own_postgres: PostgresServer, store: PostgresStore
) -> None:
    """The connections of before are found closed, so not even the first calls fail."""
    names = itertools.count()
    await _fill_the_pool(store, names)
    await asyncio.to_thread(own_postgres.restart)

    await _fill_the_pool(store, names)
    assert sorted(await store.list_ids("binding"), key=int) == [str(number) for number in range(60)]


async def test_a_restart_that_the_process_slept_through_fails_at_most_one_write_a_connection(
    own_postgres: PostgresServer, store: PostgresStore
) -> None:
    """A write over a connection of before may have been carried out, so it is not sent again; a read is."""
    names = itertools.count()
    await _fill_the_pool(store, names)
    own_postgres.restart()  # with the event loop held up, no connection is known to be closed
    assert len(await store.list_ids("binding")) == 30
    await store.ping()
    await _fill_the_pool(store, names)

    own_postgres.restart()
    with pytest.raises(StoreUnavailable):
        await store.put("binding", "x", Record(b"x", 0))
    await _fill_the_pool(store, names)


async def test_while_the_server_is_away_every_call_says_so(own_postgres: PostgresServer, store: PostgresStore) -> None:
    await asyncio.to_thread(own_postgres.stop)
    for name, call in _CALLS.items():
        began = time.monotonic()
        with pytest.raises(StoreUnavailable) as caught:
            await call(store)
        assert time.monotonic() - began < 2.5, name
        assert PASSWORD not in caught.value.detail

    with pytest.raises(StoreUnavailable):
        await PostgresStore.open(own_postgres.url(), FakeClock())
    await asyncio.to_thread(own_postgres.start)
    assert await store.put("binding", "a", Record(b"x", 0)) == 1


async def test_a_write_under_way_fails_and_is_not_sent_again(
    store: PostgresStore, outsider: asyncpg.Connection
) -> None:
    """It may have been carried out: whoever asked for it has to look."""
    await store.put("binding", "a", Record(b"x", 0))
    transaction = outsider.transaction()
    await transaction.start()
    await outsider.execute("SELECT 1 FROM gateway_records FOR UPDATE")
    writing = asyncio.create_task(store.put("binding", "a", Record(b"y", 0)))
    await until_locked_out(outsider)
    await outsider.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
    with pytest.raises(StoreUnavailable):
        await writing
    await transaction.rollback()

    assert await store.get("binding", "a") == Record(b"x", 1)


async def test_a_network_that_falls_silent_fails_the_calls_under_way_only(
    own_postgres: PostgresServer, clock: FakeClock
) -> None:
    """A firewall forgot the connections, or the old server of a failover is gone: no packet says that they are dead."""
    async with link_to(own_postgres.port) as link:
        store = await PostgresStore.open(own_postgres.url(port=link.port), clock, timeout=0.3)
        names = itertools.count()
        await _fill_the_pool(store, names)
        link.fall_silent()
        began = time.monotonic()
        with pytest.raises(StoreUnavailable) as caught:
            await store.put("binding", "a", Record(b"x", 0))

        assert time.monotonic() - began < 1
        assert "TimeoutError" in caught.value.detail
        await _fill_the_pool(store, names)
        assert len(await store.list_ids("binding")) == 60
        await store.close()


async def test_a_server_that_takes_connections_and_says_nothing_is_away(
    own_postgres: PostgresServer, clock: FakeClock
) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(swallow, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await PostgresStore.open(own_postgres.url(port=port), clock, timeout=0.3)
        assert time.monotonic() - began < 1


async def test_callers_that_leave_take_no_connection_with_them(
    own_postgres: PostgresServer, outsider: asyncpg.Connection, clock: FakeClock
) -> None:
    store = await PostgresStore.open(own_postgres.url("sslmode=disable&pool_size=2"), clock)
    await outsider.execute("BEGIN")
    await outsider.execute("LOCK TABLE gateway_records")
    leaving = [asyncio.create_task(store.put("binding", str(number), Record(b"x", 0))) for number in range(8)]
    await until_locked_out(outsider, 2)
    for task in leaving:
        task.cancel()
    done = await asyncio.gather(*leaving, return_exceptions=True)
    await outsider.execute("ROLLBACK")

    assert {type(one) for one in done} == {asyncio.CancelledError}
    written = await asyncio.gather(*(store.put("other", str(number), Record(b"x", 0)) for number in range(20)))
    assert written == [1] * 20
    assert await store.list_ids("binding") == []
    await store.close()
