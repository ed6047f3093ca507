"""What one process deletes is heard by the others, for as long as they listen."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from structlog.testing import capture_logs

from gateway.adapters.postgres_listener import CHANNEL, Listener, announcement
from gateway.adapters.store_postgres import PostgresStore
from gateway.flows.ports import Record
from gateway.rules.errors import StoreUnavailable
from tests.adapters.postgres_server import PostgresServer
from tests.clock import FakeClock
from tests.journeys.waiting import until, until_told

Told = list[tuple[str, str]]


@pytest.fixture
async def stores(own_postgres: PostgresServer, clock: FakeClock) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    """Two processes' stores on one database."""
    one, other = [await PostgresStore.open(own_postgres.url(), clock) for _ in range(2)]
    yield one, other
    await one.close()
    await other.close()


async def _until_heard(deleting: PostgresStore, told: Told) -> None:
    """Delete until the other one hears of it: nobody says when it has begun to listen."""
    async with asyncio.timeout(5):
        for number in range(1_000):
            await deleting.put("try", str(number), Record(b"", 0))
            await deleting.delete("try", str(number))
            await asyncio.sleep(0.01)
            if told:
                break
    told.clear()


async def test_a_delete_is_heard_by_the_other_process(stores: tuple[PostgresStore, PostgresStore]) -> None:
    one, other = stores
    told: Told = []
    other.listen(lambda kind, record_id: told.append((kind, record_id)))
    await _until_heard(one, told)
    names = ["a", "a b\n%s", "'; DROP TABLE", "ü", "x" * 500]
    for name in names:
        await one.put("binding", name, Record(b"", 0))
        assert await one.delete("binding", name) is True

    await until(lambda: len(told) >= len(names), patience=2)
    assert told[-len(names) :] == [("binding", name) for name in names]


async def test_what_deletes_nothing_is_not_told(stores: tuple[PostgresStore, PostgresStore], clock: FakeClock) -> None:
    one, other = stores
    told: Told = []
    other.listen(lambda kind, record_id: told.append((kind, record_id)))
    await _until_heard(one, told)
    await one.put("binding", "a", Record(b"", 0, expires_at=clock.now() + 1))
    assert await one.delete("binding", "a", expected=7) is False
    assert await one.delete("binding", "b") is False
    clock.pass_time(1)
    assert await one.delete("binding", "a") is False
    assert await one.delete_expired() == 1
    await one.put("binding", "last", Record(b"", 0))
    await one.delete("binding", "last")

    await until(lambda: ("binding", "last") in told, patience=2)
    assert [one for one in told if one[0] != "try"] == [("binding", "last")]


async def test_deletes_are_heard_again_after_a_restart(
    own_postgres: PostgresServer, stores: tuple[PostgresStore, PostgresStore]
) -> None:
    one, other = stores
    told: Told = []
    other.listen(lambda kind, record_id: told.append((kind, record_id)))
    await _until_heard(one, told)
    await asyncio.to_thread(own_postgres.restart)

    await _until_heard(one, told)


async def test_a_listener_that_fails_is_not_the_last_to_hear(
    own_postgres: PostgresServer, stores: tuple[PostgresStore, PostgresStore]
) -> None:
    """Nor is a payload that somebody else sent on the channel."""
    one, other = stores
    told: Told = []

    def fail(kind: str, record_id: str) -> None:
        raise RuntimeError(kind)

    other.listen(fail)
    other.listen(lambda kind, record_id: told.append((kind, record_id)))
    await _until_heard(one, told)
    outsider = await asyncpg.connect(own_postgres.url())
    for payload in ("", "{", "1", '["a"]', '{"a": "b"}'):
        await outsider.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
    await outsider.close()

    await _until_heard(one, told)


async def test_a_server_that_stays_away_is_logged_once() -> None:
    attempts = 0

    async def connect() -> asyncpg.Connection:
        nonlocal attempts
        attempts += 1
        raise StoreUnavailable("PostgreSQL: ConnectionRefusedError")

    listener = Listener(connect, 2)
    with capture_logs() as logs:
        listener.listen(lambda *_: None)
        await until(lambda: attempts == 3)
        await listener.close()

    assert [(line["event"], line["detail"]) for line in logs] == [
        ("store.failed", "deletes of other processes are not heard: PostgreSQL: ConnectionRefusedError")
    ]


async def test_one_connection_listens_and_is_gone_after_closing(own_postgres: PostgresServer, clock: FakeClock) -> None:
    store = await PostgresStore.open(own_postgres.url("sslmode=disable&application_name=listening"), clock)
    told: Told = []
    for _ in range(3):
        store.listen(lambda kind, record_id: told.append((kind, record_id)))
    await _until_heard(store, told)
    outsider = await asyncpg.connect(own_postgres.url())
    counting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'listening'"
    assert await outsider.fetchval(counting + " AND query LIKE 'LISTEN%'") == 1
    await store.close()

    async def is_gone() -> bool:
        return bool(await outsider.fetchval(counting) == 0)

    await until_told(is_gone, patience=2)
    await outsider.close()


async def test_a_name_that_is_too_long_to_be_told_is_deleted_all_the_same(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    """PostgreSQL refuses to notify 8,000 bytes, and the delete must not fail with it."""
    assert announcement("binding", "ü" * 1_300) is not None
    long = "ü" * 1_320
    assert announcement("binding", long) is None

    one, _ = stores
    await one.put("binding", long, Record(b"", 0))
    assert await one.delete("binding", long) is True
