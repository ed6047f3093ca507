"""The PostgreSQL engine keeps the contract, with several processes on one database, and says what puts it at risk."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from gateway.adapters.store_postgres import PostgresStore
from gateway.flows.ports import LeaseLost, Record, VersionMoved
from gateway.rules.errors import StoreUnavailable
from tests.adapters.lease_contract import PassTime
from tests.adapters.postgres_server import PostgresServer, until_locked_out
from tests.adapters.store_contract import StoreContract
from tests.clock import FakeClock


@pytest.fixture
async def store(postgres_url: str, clock: FakeClock) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(postgres_url, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def other(postgres_url: str, clock: FakeClock) -> AsyncIterator[PostgresStore]:
    """Another process's store on the same database."""
    opened = await PostgresStore.open(postgres_url, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def outsider(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody at the database who is no gateway."""
    connection = await asyncpg.connect(postgres_url)
    yield connection
    connection.terminate()


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def pass_time(self, clock: FakeClock) -> PassTime:
        """Leases run by the server's clock, which nobody can turn."""

        async def passes(seconds: float) -> None:
            clock.pass_time(seconds)
            await asyncio.sleep(seconds)

        return passes


async def test_of_writers_in_two_processes_one_wins(store: PostgresStore, other: PostgresStore) -> None:
    async def write(on: PostgresStore) -> bool:
        try:
            await on.put("binding", "a", Record(b"x", 0), expected=0)
        except VersionMoved:
            return False
        return True

    won = await asyncio.gather(*(write(on) for on in (store, other) * 10))
    assert won.count(True) == 1
    assert await store.get("binding", "a") == await other.get("binding", "a")


async def test_of_writers_over_an_expired_record_one_wins(
    store: PostgresStore, other: PostgresStore, clock: FakeClock
) -> None:
    """One that expired counts as not there, but its row is: an upsert that only looked once would let several by."""
    await store.put("binding", "a", Record(b"x", 0, expires_at=clock.now() + 1))
    clock.pass_time(1)
    writes = (on.put("binding", "a", Record(b"y", 0), expected=0) for on in (store, other) * 10)
    done = await asyncio.gather(*writes, return_exceptions=True)

    assert [one for one in done if not isinstance(one, VersionMoved)] == [1]


async def test_a_record_that_is_deleted_meanwhile_does_not_come_back(
    store: PostgresStore, outsider: asyncpg.Connection
) -> None:
    """A sign-out that lands between the read and the write of a refresh: the writer waits for it and then gives up."""
    await store.put("connection", "a", Record(b"x", 0))
    transaction = outsider.transaction()
    await transaction.start()
    await outsider.execute("DELETE FROM gateway_records")
    writing = asyncio.create_task(store.put("connection", "a", Record(b"y", 0), expected=1))
    await until_locked_out(outsider)
    await transaction.commit()

    with pytest.raises(VersionMoved):
        await writing
    assert await store.get("connection", "a") is None


async def test_a_lease_stays_its_holders_until_the_write_is_done(
    store: PostgresStore, other: PostgresStore, outsider: asyncpg.Connection
) -> None:
    """The write waits for a row past the lease's end; nobody may begin the same work before it is through."""
    lease = await store.acquire("a", "first", 0.3)
    assert lease is not None
    await store.put("journal", "a", Record(b"x", 0))
    transaction = outsider.transaction()
    await transaction.start()
    await outsider.execute("SELECT 1 FROM gateway_records FOR UPDATE")
    writing = asyncio.create_task(store.put("journal", "a", Record(b"first", 0), lease=lease))
    await until_locked_out(outsider)
    await asyncio.sleep(0.3)
    taking = asyncio.create_task(other.acquire("a", "second", 30))
    await until_locked_out(outsider, 2)
    await transaction.rollback()

    assert await writing == 2
    second = await taking
    assert second is not None
    assert second.number > lease.number


@pytest.mark.parametrize("expected", [None, 1])
async def test_a_record_that_is_sealed_anew_meanwhile_is_written_all_the_same(
    store: PostgresStore, outsider: asyncpg.Connection, expected: int | None
) -> None:
    """A rotation of keys beside a refresh: the writer waits for the row, looks again, and still holds its lease."""
    await store.put("journal", "a", Record(b"x", 0))
    lease = await store.acquire("a", "owner", 30)
    transaction = outsider.transaction()
    await transaction.start()
    await outsider.execute("UPDATE gateway_records SET sealed_by = 'k2'")
    writing = asyncio.create_task(store.put("journal", "a", Record(b"y", 0), lease=lease, expected=expected))
    await until_locked_out(outsider)
    await transaction.commit()

    assert await writing == 2


@pytest.mark.parametrize("wrong", ["name", "owner", "number"])
async def test_a_lease_is_its_name_owner_and_number(store: PostgresStore, wrong: str) -> None:
    held = await store.acquire("a", "owner", 30)
    assert held is not None
    others: dict[str, Any] = {"name": "another", "owner": "somebody else", "number": held.number + 1}
    forged = replace(held, **{wrong: others[wrong]})
    for expected in (None, 0, 1):
        with pytest.raises(LeaseLost):
            await store.put("journal", "a", Record(b"x", 0), lease=forged, expected=expected)

    assert await store.renew(forged, 30) is False
    await store.release(forged)
    assert await store.acquire("a", "second", 30) is None


async def test_a_walk_goes_by_bytes(store: PostgresStore) -> None:
    """In a database that speaks German, ü would stand between u and v, and an index of another locale would skip."""
    for name in ("b", "ü", "B", "a\n", "a"):
        await store.put("kind", name, Record(b"", 0))
    met: list[str] = []
    cursor = ""
    while not met or cursor:
        entries, cursor = await store.walk(cursor, 2)
        met += [one.id for one in entries]

    assert met == sorted(met)


async def test_a_sweep_takes_many_and_leaves_what_is_being_written(
    store: PostgresStore, outsider: asyncpg.Connection, clock: FakeClock
) -> None:
    await outsider.execute(
        "INSERT INTO gateway_records SELECT 'k', n::text, 1, '', '', $1, '', '' FROM generate_series(1, 2500) n",
        clock.now() - 1,
    )
    transaction = outsider.transaction()
    await transaction.start()
    await outsider.execute("UPDATE gateway_records SET expires_at = NULL WHERE id = '7'")

    assert await store.delete_expired() == 2_499
    await transaction.commit()
    assert await store.delete_expired() == 0
    assert await store.list_ids("k") == ["7"]


async def test_leases_of_an_hour_ago_are_swept(store: PostgresStore, outsider: asyncpg.Connection) -> None:
    leases = [await store.acquire(name, "owner", 30) for name in ("just released", "held", "old")]
    assert leases[0] is not None
    await store.release(leases[0])
    await outsider.execute("UPDATE gateway_leases SET expires_at = now() - interval '61 minutes' WHERE name = 'old'")
    await store.delete_expired()

    left = await outsider.fetch("SELECT name FROM gateway_leases ORDER BY name")
    assert [row["name"] for row in left] == ["held", "just released"]


async def test_a_locked_table_is_unavailable_and_then_works(
    store: PostgresStore, postgres_url: str, outsider: asyncpg.Connection, clock: FakeClock
) -> None:
    """As under a migration that takes long: nothing hangs, and no connection is lost to it."""
    impatient = await PostgresStore.open(postgres_url, clock, timeout=0.2, pool_size=2)
    transaction = outsider.transaction()
    await transaction.start()
    await outsider.execute("LOCK TABLE gateway_records")
    writes = [impatient.put("binding", str(number), Record(b"x", 0)) for number in range(6)]
    async with asyncio.timeout(2):
        done = await asyncio.gather(*writes, return_exceptions=True)
    await transaction.rollback()

    assert [type(one) for one in done] == [StoreUnavailable] * 6
    assert await impatient.put("binding", "a", Record(b"x", 0)) == 1
    assert await store.list_ids("binding") == ["a"]
    await impatient.close()


async def test_a_standby_that_takes_no_writes_is_not_there(
    postgres: PostgresServer, postgres_url: str, clock: FakeClock
) -> None:
    """After a failover, a node that still talks to the old server must not be ready."""
    url = postgres.url("sslmode=disable&default_transaction_read_only=on")
    store = await PostgresStore.open(url, clock)
    assert await store.get("binding", "a") is None

    with pytest.raises(StoreUnavailable) as caught:
        await store.ping()
    assert "read-only" in caught.value.detail
    await store.close()


async def test_settings_that_lose_records_are_warned_of(
    postgres: PostgresServer, store: PostgresStore, clock: FakeClock
) -> None:
    assert [one.split()[1] for one in await store.warnings()] == ["fsync"]

    hasty = await PostgresStore.open(postgres.url("sslmode=disable&synchronous_commit=off"), clock)
    assert [one.split()[1] for one in await hasty.warnings()] == ["synchronous_commit", "fsync"]
    await hasty.close()


async def test_a_safe_server_is_not_warned_of(own_postgres: PostgresServer, clock: FakeClock) -> None:
    store = await PostgresStore.open(own_postgres.url(), clock)
    assert await store.warnings() == []
    await store.close()


async def test_a_closed_store_is_unavailable_not_a_crash(store: PostgresStore) -> None:
    await store.put("binding", "a", Record(b"x", 0))
    await store.close()

    for call in (store.get("binding", "a"), store.put("binding", "a", Record(b"y", 0)), store.ping()):
        with pytest.raises(StoreUnavailable):
            await call
    await store.close()


async def test_no_detail_holds_what_a_record_does(store: PostgresStore) -> None:
    """PostgreSQL and asyncpg both like to quote the value that they could not take."""
    with pytest.raises(StoreUnavailable) as caught:
        await store.put("binding", "\0canary-id", Record(b"canary-value", 0))
    assert "canary" not in caught.value.detail
    with pytest.raises(StoreUnavailable) as caught:
        await store.put("binding", "canary" + os.urandom(5_000).hex(), Record(b"canary-value", 0))
    assert "canary" not in caught.value.detail
    with pytest.raises(StoreUnavailable) as caught:
        await store.put("binding", "a", Record("canary-value", 0))  # type: ignore[arg-type]
    assert caught.value.detail == "PostgreSQL: DataError (22000)"
