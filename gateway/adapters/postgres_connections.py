"""Connections to PostgreSQL: a pool of them, what a broken one costs, and what an error may say.

Every call has one deadline, over the wait for a free connection and the statement. A statement is sent once, unless its
caller says that a second time does no harm: then a connection that turned out to be dead is made good for with another
one. As soon as one is found dead all that were open by then are renewed before their next use: whatever broke one, a
failover or a firewall, broke the others too, and each of them would fail a call of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from gateway.adapters.postgres_address import Address
from gateway.rules.errors import StoreUnavailable

# ValueError: asyncpg on a URL that it cannot read. TimeoutError is an OSError.
ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError)
_DEAD: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
)
_CANCEL_PATIENCE: Final = 0.5  # seconds, at most, for the server to confirm that it dropped a statement


class ConnectionDied(StoreUnavailable):
    """The connection broke under a statement, which may or may not have been carried out."""


def describe(error: Exception) -> str:
    """Name the kind of an error, with its text only where that can hold no part of a URL and no record.

    `ValueError` and asyncpg's own `DataError` quote what they could not read. So do PostgreSQL's errors of class 22
    (data exception), and the DETAIL of any.
    """
    kind = type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        return f"{kind} ({code})" if code.startswith("22") else f"{kind} ({code}): {error.args[0]}"
    if isinstance(error, TimeoutError):
        return f"{kind}: no answer in time"
    if isinstance(error, (OSError, asyncpg.ClientConfigurationError)):
        return f"{kind}: {error}"
    return kind


@asynccontextmanager
async def errors_as_unavailable() -> AsyncIterator[None]:
    """Turn whatever goes wrong with PostgreSQL inside into StoreUnavailable."""
    try:
        yield
    except ERRORS as error:
        raise StoreUnavailable(f"PostgreSQL: {describe(error)}") from None


async def connect(address: Address, timeout: float) -> asyncpg.Connection:  # noqa: ASYNC109  asyncpg's own
    """Open a connection beside the pool.

    Raises:
        StoreUnavailable: the server cannot be reached or lets us not in.
    """
    async with errors_as_unavailable():
        return await asyncpg.connect(address.url, timeout=timeout, statement_cache_size=address.statement_cache_size)


class Connections:
    """A pool of connections.

    Args:
        address: the server.
        timeout: seconds that a call may take in all.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        self._timeout = timeout
        # Less than asyncpg's own patience, which is `timeout`: it would end the connection without a word to us.
        self._cancel_patience = min(_CANCEL_PATIENCE, timeout / 2)
        # No connections are kept open for their own sake: asyncpg would log a traceback for each try to restore them
        # while the server is away. Nothing is reset between two uses: each call is one statement and leaves nothing
        # behind, and the reset would be a round trip more for every one of them.
        self._pool = asyncpg.create_pool(
            address.url,
            min_size=0,
            max_size=address.pool_size,
            reset=_leave_as_it_is,
            timeout=timeout,
            command_timeout=timeout,
            statement_cache_size=address.statement_cache_size,
        )

    async def open(self) -> Self:
        """Get ready; no connection is opened yet."""
        await self._pool
        return self

    async def rows(self, statement: str, *values: object, again: bool = False) -> list[Any]:
        """Run one statement and return its rows.

        Args:
            statement: with $1, $2 … for the values.
            values: what stands in their places.
            again: it does no harm a second time, so a dead connection costs the caller nothing.

        Raises:
            StoreUnavailable: it was not, or perhaps not, carried out.
        """
        try:
            async with self.borrow() as connection:
                return await connection.fetch(statement, *values)
        except ConnectionDied:
            if not again:
                raise
        async with self.borrow() as connection:
            return await connection.fetch(statement, *values)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator["PoolConnectionProxy[asyncpg.Record]"]:
        """Lend a connection; what goes wrong with it inside becomes StoreUnavailable."""
        async with errors_as_unavailable(), asyncio.timeout(self._timeout):
            connection = await self._pool.acquire()
            is_dead = False
            try:
                yield connection
            except ERRORS as error:
                is_dead = isinstance(error, _DEAD) or connection.is_closed()
                if is_dead:
                    raise ConnectionDied(f"PostgreSQL: {describe(error)}") from None
                raise
            finally:
                await self._give_back(connection, is_dead=is_dead)

    async def _give_back(self, connection: "PoolConnectionProxy[asyncpg.Record]", *, is_dead: bool) -> None:
        try:
            await self._pool.release(connection, timeout=self._cancel_patience)
        except ERRORS:  # a statement that ran out of time, and a server that does not even confirm that it was dropped
            is_dead = True
        if is_dead:
            await self._pool.expire_connections()

    async def close(self) -> None:
        """Close the connections, waiting for calls under way as long as a call may take."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._pool.close()
        except ERRORS:
            self._pool.terminate()


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    pass
