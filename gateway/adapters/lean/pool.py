"""Which connection a call gets: one that was used last, a new one, or the next that somebody gives back."""

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gateway.adapters.lean.connection import Connection

KEPT: Final = 15.0  # seconds that an idle connection is kept; servers close theirs after a while, mostly later
_COARSEST: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where calls go to; there is one object for each.

    Attributes:
        host: as in the URL.
        port: as in the URL, or the scheme's own.
        tls: it is https.
        authority: for the `Host` line.
    """

    host: str
    port: int
    tls: bool
    authority: str


class Pool:
    """Connections to any number of origins.

    Args:
        limit: the most at one time, over all origins.
        connect_timeout: seconds to get one, waiting for a free one and TLS included.
        read_timeout: seconds without a byte after which an answer is given up.
        tls: how certificates are judged.
    """

    def __init__(self, *, limit: int, connect_timeout: float, read_timeout: float, tls: ssl.SSLContext) -> None:
        self._limit = limit
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._tls = tls
        self._idle: dict[Origin, list[tuple[float, Connection]]] = {}
        self._origins: dict[Connection, Origin] = {}
        self._opening = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    def kept(self, origin: Origin) -> Connection | None:
        """Return a connection that was used before, the most recent one; None when there is none."""
        idle = self._idle.get(origin)
        now = asyncio.get_running_loop().time()
        while idle:
            since, connection = idle.pop()
            if since + KEPT > now and connection.is_usable:
                return connection
            connection.drop()
        return None

    async def connection(self, origin: Origin) -> Connection:
        """Return a connection.

        Raises:
            TimeoutError: none was to be had in time.
            OSError: it cannot be reached (ssl.SSLError for a certificate that is not trusted).
        """
        if (kept := self.kept(origin)) is not None:
            return kept
        async with asyncio.timeout(self._connect_timeout):
            while len(self._origins) + self._opening >= self._limit:
                if (kept := self.kept(origin)) is not None:
                    return kept
                if not self._drop_idle_elsewhere():
                    await self._wait()
            if (kept := self.kept(origin)) is not None:
                return kept
            return await self._open(origin)

    async def _open(self, origin: Origin) -> Connection:
        loop = asyncio.get_running_loop()
        self._opening += 1
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._freed, self._ended),
                origin.host,
                origin.port,
                ssl=self._tls if origin.tls else None,
                server_hostname=origin.host if origin.tls else None,
            )
        except BaseException:
            self._wake_one()
            raise
        finally:
            self._opening -= 1
        self._origins[connection] = origin
        if self._timer is None:
            self._tick()
        return connection

    async def _wait(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except BaseException:
            with suppress(ValueError):
                self._waiters.remove(waiter)
            if waiter.done() and not waiter.cancelled():
                self._wake_one()  # it was this one's turn
            raise

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _drop_idle_elsewhere(self) -> bool:
        for idle in self._idle.values():
            if idle:
                idle.pop(0)[1].drop()
                return False  # room is there once it has ended
        return False

    def _freed(self, connection: Connection) -> None:
        origin = self._origins.get(connection)
        if origin is None or self._is_closed:
            connection.drop()
            return
        self._idle.setdefault(origin, []).append((asyncio.get_running_loop().time(), connection))
        self._wake_one()

    def _ended(self, connection: Connection) -> None:
        origin = self._origins.pop(connection, None)
        if origin is not None and (idle := self._idle.get(origin)):
            self._idle[origin] = [one for one in idle if one[1] is not connection]
        self._wake_one()

    def _tick(self) -> None:
        """Give up on answers that do not come, and on connections that nobody needs; one timer for all of them."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self._origins):
            if connection.is_waiting and connection.touched_at + self._read_timeout <= now:
                connection.time_out()
        for idle in self._idle.values():
            while idle and idle[0][0] + KEPT <= now:
                idle.pop(0)[1].drop()
        self._timer = loop.call_later(min(_COARSEST, self._read_timeout / 8), self._tick) if self._origins else None

    async def close(self) -> None:
        """End all connections."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        for connection in list(self._origins):
            connection.drop()
        await asyncio.sleep(0)
