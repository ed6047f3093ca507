"""SQLite, as the gateway opens it: WAL, and every write on the disk before it is answered."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from gateway.adapters.clock import SystemClock
from gateway.adapters.store_sqlite import SqliteStore
from gateway.flows.ports import Entry

_INSERT: Final = """
INSERT INTO records (kind, id, version, client, account, expires_at, value, sealed_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


class SqliteEngine:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stores = 0

    async def new_store(self) -> str:
        """Make an empty store and return its URL."""
        self._stores += 1
        path = self._folder / f"records-{self._stores}.db"
        await (await SqliteStore.open(str(path), SystemClock())).close()
        return f"sqlite:///{path}"

    async def fill(self, url: str, frames: Iterator[list[Entry]]) -> None:
        """Insert everything in one transaction, in the order of the sign-ins, without a journal."""

        def insert() -> None:
            with closing(sqlite3.connect(_path(url), isolation_level=None)) as db:
                for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -3000000"):
                    db.execute(f"PRAGMA {setting}")
                db.execute("BEGIN")
                for frame in frames:
                    db.executemany(_INSERT, map(_row, frame))
                db.execute("COMMIT")
                db.execute("PRAGMA journal_mode = WAL")

        await asyncio.to_thread(insert)

    async def settle(self, url: str) -> None:
        """Move what is in the log into the file, and the file onto the disk."""

        def sync() -> None:
            with closing(sqlite3.connect(_path(url))) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with _path(url).open("rb+") as file:
                os.fsync(file)

        await asyncio.to_thread(sync)

    async def sizes(self, url: str) -> dict[str, int]:
        """Return the bytes of the file and its log."""
        path = _path(url)
        return {"disk": sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*"))}

    async def version(self) -> str:
        """Return the version, and how the gateway opens files."""
        return f"SQLite {sqlite3.sqlite_version}, WAL, synchronous = FULL"


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _row(one: Entry) -> tuple[object, ...]:
    record = one.record
    names = record.client, record.account
    return one.kind, one.id, record.version, *names, record.expires_at, record.value, record.sealed_by
