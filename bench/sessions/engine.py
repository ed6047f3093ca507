"""The engines of the record store, as they are measured: set up to lose nothing, on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from bench.sessions.engine_postgres import PostgresEngine
from bench.sessions.engine_redis import ARGUMENTS, RedisEngine
from bench.sessions.engine_sqlite import SqliteEngine
from gateway.flows.ports import Entry
from tests.adapters.postgres_server import running_postgres
from tests.adapters.redis_server import redis_server

SQLITE: Final = "SQLite"
REDIS: Final = "Redis"
POSTGRES: Final = "PostgreSQL"
ENGINES: Final = (SQLITE, REDIS, POSTGRES)
SERVERS: Final = (REDIS, POSTGRES)


class Engine(Protocol):
    """An engine that runs."""

    async def new_store(self) -> str:
        """Make an empty store and return its URL."""
        ...

    async def fill(self, url: str, frames: Iterator[list[Entry]]) -> None:
        """Put records into a store in bulk, by the engine's quickest way."""
        ...

    async def settle(self, url: str) -> None:
        """Do now what the engine does by itself after a while: a checkpoint, a vacuum, a rewrite."""
        ...

    async def sizes(self, url: str) -> dict[str, int]:
        """Return the bytes that a store takes, by where it takes them."""
        ...

    async def version(self) -> str:
        """Return the version of what runs, and what of its settings matters here."""
        ...


class Server(Engine, Protocol):
    """An engine that can be away."""

    def stop(self) -> None:
        """End it as an operator does."""
        ...

    def kill(self) -> None:
        """End it as a crash does."""
        ...

    def start(self) -> None:
        """Start it again, and return when it answers."""
        ...


@contextmanager
def open_engine(name: str, folder: Path) -> Iterator[Engine]:
    """Run an engine until the block ends.

    Args:
        name: one of ENGINES.
        folder: where it may keep files.
    """
    if name == SQLITE:
        yield SqliteEngine(folder)
    else:
        with open_server(name) as server:
            yield server


@contextmanager
def open_server(name: str) -> Iterator[Server]:
    """Run an engine that is a server, one of SERVERS, until the block ends."""
    if name == REDIS:
        with redis_server(*ARGUMENTS) as redis:
            yield RedisEngine(redis)
    else:
        # The tests' server makes do with less memory than PostgreSQL's default.
        with running_postgres(more="shared_buffers = '128MB'") as postgres:
            yield PostgresEngine(postgres)
