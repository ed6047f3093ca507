"""The SQLite engine keeps the contract, over restarts, between processes' connections, and when its file goes bad."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.store_sqlite import SqliteStore
from gateway.flows.ports import Record, VersionMoved
from gateway.rules.errors import StoreUnavailable
from tests.adapters.store_contract import StoreContract
from tests.clock import FakeClock


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(str(tmp_path / "records.db"), clock)
    yield opened
    await opened.close()


@pytest.fixture
def beside(store: SqliteStore, tmp_path: Path) -> Iterator[sqlite3.Connection]:  # the file is there
    """Another process's connection to the same file."""
    with closing(sqlite3.connect(tmp_path / "records.db", isolation_level=None)) as opened:
        yield opened


class TestSqliteStore(StoreContract):
    pass


async def test_records_outlive_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    path = str(tmp_path / "records.db")
    first = await SqliteStore.open(path, clock)
    await first.put("binding", "a", Record(b"x", 0, "app"))
    await first.close()

    second = await SqliteStore.open(path, clock)
    found = await second.get("binding", "a")
    await second.close()
    assert found == Record(b"x", 1, "app")


async def test_two_connections_see_each_others_writes(tmp_path: Path, clock: FakeClock) -> None:
    """As several workers on one host do."""
    path = str(tmp_path / "records.db")
    one, other = await SqliteStore.open(path, clock), await SqliteStore.open(path, clock)

    async def write(store: SqliteStore) -> bool:
        try:
            await store.put("binding", "a", Record(b"x", 0), expected=0)
        except VersionMoved:
            return False
        return True

    won = await asyncio.gather(*(write(store) for store in (one, other) * 10))
    assert won.count(True) == 1
    assert await one.get("binding", "a") == await other.get("binding", "a")
    await one.close()
    await other.close()


async def test_the_file_is_its_owners_alone(store: SqliteStore, tmp_path: Path) -> None:
    await store.ping()
    assert stat.S_IMODE((tmp_path / "records.db").stat().st_mode) & 0o077 == 0


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, this is no database. " * 100)
    with pytest.raises(StoreUnavailable):
        await SqliteStore.open(str(path), clock)

    assert path.read_text().startswith("Dear reader")


async def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await SqliteStore.open(str(tmp_path / "nowhere" / "records.db"), clock)

    assert "cannot be opened" in caught.value.detail


async def test_a_closed_store_is_unavailable_not_a_crash(store: SqliteStore) -> None:
    await store.put("binding", "a", Record(b"x", 0))
    await store.close()

    for call in (store.get("binding", "a"), store.put("binding", "a", Record(b"y", 0)), store.ping()):
        with pytest.raises(StoreUnavailable):
            await call


async def test_a_store_locked_by_another_is_unavailable_and_then_works(tmp_path: Path, clock: FakeClock) -> None:
    """The lock is held past the busy time-out, as by a stuck backup."""
    path = str(tmp_path / "records.db")
    store = await SqliteStore.open(path, clock, busy_timeout=0.05)
    other = await SqliteStore.open(path, clock)
    await other._db.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable):
        await store.put("binding", "a", Record(b"x", 0))
    await other._db.execute("ROLLBACK")
    assert await store.put("binding", "a", Record(b"x", 0)) == 1
    await store.close()
    await other.close()


async def test_a_full_disk_keeps_the_old_record(store: SqliteStore) -> None:
    await store.put("binding", "a", Record(b"old", 0))
    await store._db.execute("PRAGMA max_page_count = 10")

    with pytest.raises(StoreUnavailable):
        await store.put("binding", "a", Record(os.urandom(1_000_000), 0))
    found = await store.get("binding", "a")
    assert found is not None
    assert found.value == b"old"


@pytest.fixture
def plans(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What SQLite says of how it will find what it is asked for."""
    seen: list[str] = []
    asked = store._all

    async def explained(statement: str, values: Mapping[str, object]) -> list[Any]:
        seen.extend(row[3] for row in await asked(f"EXPLAIN QUERY PLAN {statement}", values))
        return await asked(statement, values)

    monkeypatch.setattr(store, "_all", explained)
    return seen


@pytest.mark.parametrize(
    ("named", "index"),
    [
        ({"client": "app"}, "records_by_client (kind=? AND client=?)"),
        ({"account": "acc"}, "records_by_account (kind=? AND account=?)"),
        ({"client": "app", "account": "acc"}, "records_by_account (kind=? AND account=?)"),
    ],
)
async def test_a_list_is_found_by_its_index(
    store: SqliteStore, plans: list[str], named: dict[str, str], index: str
) -> None:
    """Not by reading every record of the kind: with 20,000 sessions that made each person's list take 10 ms."""
    assert await store.list_ids("session", **named) == []
    assert [plan.partition("INDEX ")[2] for plan in plans] == [index]


async def test_a_walk_over_one_kind_reads_no_other(store: SqliteStore, plans: list[str]) -> None:
    """Each node walks over the nodes at every heartbeat: with 1,000,000 sessions that held it up for 0.8 s."""
    assert await store.walk("", 10, kind="node") == ([], "")
    assert plans == ["SEARCH records USING PRIMARY KEY (kind=? AND id>?)"]


async def test_what_is_told_as_written_is_committed_whoever_else_is_writing(
    store: SqliteStore, beside: sqlite3.Connection
) -> None:
    """A statement that another caller had not read to its end kept the common transaction open."""

    async def write(step: int) -> None:
        for number in range(20):
            await store.put("binding", f"{step}-{number}", Record(b"x", 0))
            asked = beside.execute("SELECT count(*) FROM records WHERE id = ?", (f"{step}-{number}",))
            assert asked.fetchone() == (1,)
            for _ in range(number % step):  # out of step with the others
                await store.delete("binding", "none")

    await asyncio.gather(*(write(step) for step in range(1, 6)))


async def test_a_read_under_way_refuses_nobodys_write(store: SqliteStore, beside: sqlite3.Connection) -> None:
    """SQLite refuses a write at once where an open read has seen the file as it was before another process wrote."""
    await store.put("binding", "a", Record(b"x", 0))

    async def read_and_write(name: str) -> None:
        for number in range(20):
            beside.execute("UPDATE records SET client = 'other' WHERE id = 'a'")
            await asyncio.gather(store.get("binding", "a"), store.put("binding", f"{name}-{number}", Record(b"x", 0)))

    await asyncio.gather(*(read_and_write(name) for name in "abcdefgh"))
