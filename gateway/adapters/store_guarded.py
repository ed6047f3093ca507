"""A record store that is watched: measured, and spared for a moment when it does not answer.

While a store is away, every call would wait for its own time-out and every node would knock at once. After a few
failures in a row calls fail at once instead, but for one now and then that tries; the first that succeeds opens it for
all. Reads and writes are judged apart: a full disk still reads.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import structlog

from gateway.flows.ports import Clock, Entry, Heard, Lease, LeaseLost, Record, RecordStore, Tally, VersionMoved
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnavailable

FAILURES: Final = 3  # in a row, before calls are spared
PAUSES: Final = (0.1, 2.0)  # seconds, doubling

T = TypeVar("T")

_log = structlog.get_logger()


class _Side:
    """The reading or the writing side of a store."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._failures = 0
        self._pause = PAUSES[0]
        self._until = 0.0
        self._detail = ""

    @property
    def is_away(self) -> bool:
        return self._failures >= FAILURES

    def check(self) -> None:
        """Fail at once while the store is spared; let one through when the pause is over."""
        if not self.is_away:
            return
        now = self._clock.now()
        if now < self._until:
            raise StoreUnavailable(f"spared; the last failure was: {self._detail}")
        self._until = now + self._pause  # whoever comes meanwhile waits for what this one finds out

    def failed(self, detail: str) -> bool:
        """Take in a failure; say whether the store counts as away from now on."""
        self._failures += 1
        self._detail = detail
        if self._failures < FAILURES:
            return False
        first = self._failures == FAILURES
        self._pause = PAUSES[0] if first else min(self._pause * 2, PAUSES[1])
        # Not all nodes at the same moment.
        self._until = self._clock.now() + self._pause * random.uniform(0.5, 1.0)  # noqa: S311  no secret
        return first

    def succeeded(self) -> bool:
        """Take in a success; say whether the store was away until now."""
        was_away, self._failures = self.is_away, 0
        return was_away


class GuardedStore:
    """Any engine, guarded; see `RecordStore` for what its methods promise."""

    def __init__(self, store: RecordStore, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._reads, self._writes = _Side("read", clock), _Side("write", clock)
        metrics.store_up.set(1)

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        return await self._call("get", self._reads, lambda: self._store.get(kind, record_id))

    async def put(
        self, kind: str, record_id: str, record: Record, *, expected: int | None = None, lease: Lease | None = None
    ) -> int:
        """Write a record whole and return its new version."""
        return await self._call(
            "put", self._writes, lambda: self._store.put(kind, record_id, record, expected=expected, lease=lease)
        )

    async def delete(self, kind: str, record_id: str, *, expected: int | None = None) -> bool:
        """Remove a record; say whether that was done."""
        return await self._call("delete", self._writes, lambda: self._store.delete(kind, record_id, expected=expected))

    async def reseal(self, kind: str, record_id: str, old: Record, value: bytes, sealed_by: str) -> bool:
        """Put another sealing in a record's place; say whether that was done."""
        return await self._call(
            "reseal", self._writes, lambda: self._store.reseal(kind, record_id, old, value, sealed_by)
        )

    async def list_ids(self, kind: str, *, client: str | None = None, account: str | None = None) -> Sequence[str]:
        """Return the ids of a kind's living records."""
        return await self._call("list", self._reads, lambda: self._store.list_ids(kind, client=client, account=account))

    async def page_of_client(self, kind: str, client: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of a client's next living records of a kind, in their order."""
        return await self._call(
            "page", self._reads, lambda: self._store.page_of_client(kind, client, after=after, limit=limit)
        )

    async def walk(self, cursor: str, limit: int, *, kind: str | None = None) -> tuple[Sequence[Entry], str]:
        """Return about so many living records, and where to go on."""
        return await self._call("walk", self._reads, lambda: self._store.walk(cursor, limit, kind=kind))

    async def count(self) -> Sequence[Tally]:
        """Return how many records there are, by kind and key."""
        return await self._call("count", self._reads, self._store.count)

    async def delete_expired(self) -> int:
        """Remove what has expired; return how many."""
        return await self._call("sweep", self._writes, self._store.delete_expired)

    async def acquire(self, name: str, owner: str, seconds: float) -> Lease | None:
        """Take a lease; None while somebody holds it."""
        return await self._call("acquire", self._writes, lambda: self._store.acquire(name, owner, seconds))

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold a lease for so many seconds from now; False when it was lost."""
        return await self._call("renew", self._writes, lambda: self._store.renew(lease, seconds))

    async def release(self, lease: Lease) -> None:
        """Give a lease back."""
        await self._call("release", self._writes, lambda: self._store.release(lease))

    def listen(self, heard: Heard) -> None:
        """Call `heard` soon after anybody deletes a record, where the engine can tell."""
        self._store.listen(heard)

    async def ping(self) -> None:
        """Return when the store can be read and written."""
        # Never spared: whoever asks wants to know how it is now, and its success lets all others through again.
        await self._tried("ping", self._writes, self._store.ping())
        self._answered(self._reads)  # it reads as well: a node that says that it is ready must not spare its reads

    async def close(self) -> None:
        """Let go of it."""
        await self._store.close()

    async def _call(self, name: str, side: _Side, call: Callable[[], Awaitable[T]]) -> T:
        try:
            side.check()
        except StoreUnavailable:
            self._metrics.store_failures.labels(name, "spared").inc()
            raise
        return await self._tried(name, side, call())

    async def _tried(self, name: str, side: _Side, call: Awaitable[T]) -> T:
        try:
            with self._metrics.store_seconds.labels(name).time():
                result = await call
        except StoreUnavailable as error:
            self._metrics.store_failures.labels(name, "failed").inc()
            if side.failed(error.detail):
                self._metrics.store_up.set(0)
                _log.error(events.STORE_LOST, side=side.name, detail=error.detail)
            raise
        except (VersionMoved, LeaseLost):  # an answer like any other
            self._answered(side)
            raise
        self._answered(side)
        return result

    def _answered(self, side: _Side) -> None:
        if side.succeeded():
            self._metrics.store_up.set(0 if self._reads.is_away or self._writes.is_away else 1)
            _log.info(events.STORE_RECOVERED, side=side.name)
