"""Files of older versions are brought up to date when they are opened, once, also by several processes at a time."""

import asyncio
import sqlite3
from pathlib import Path

from gateway.adapters.sqlite_schema import STEPS
from gateway.adapters.store_sqlite import SqliteStore
from gateway.flows.ports import Record
from tests.clock import FakeClock


def first_release(path: Path) -> None:
    """Make a file as the first release left it: its step, uncounted, and a sealed record."""
    with sqlite3.connect(path) as db:
        db.executescript(STEPS[0])
        row = ("binding", "a", 3, "app", "", None, b"\x01" + bytes(range(8)) + b"salt and so on")
        db.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    db.close()


async def test_a_file_of_the_first_release_keeps_its_records_and_learns_their_keys(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "records.db"
    first_release(path)
    opened = await asyncio.gather(*(SqliteStore.open(str(path), clock) for _ in range(4)))

    for store in opened:
        found = await store.get("binding", "a")
        assert found == Record(b"\x01" + bytes(range(8)) + b"salt and so on", 3, "app", sealed_by=bytes(range(8)).hex())
        await store.close()


async def test_a_new_file_has_seen_every_step(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "records.db"
    await (await SqliteStore.open(str(path), clock)).close()
    with sqlite3.connect(path) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
    db.close()

    assert version == len(STEPS)
