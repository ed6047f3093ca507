"""Records in this process's memory: for tests and for trying things out. A restart loses them all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from gateway.flows.ports import Clock, Entry, Heard, Lease, LeaseLost, Record, Tally, VersionMoved


class MemoryStore:
    """A record store without a disk; see `RecordStore` for what its methods promise."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: dict[tuple[str, str], Record] = {}
        self._leases: dict[str, tuple[Lease, float]] = {}
        self._last_number = 0

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        return self._present(kind, record_id)

    async def put(
        self, kind: str, record_id: str, record: Record, *, expected: int | None = None, lease: Lease | None = None
    ) -> int:
        """Write a record whole and return its new version."""
        if lease is not None and not self._holds(lease):
            raise LeaseLost
        present = self._present(kind, record_id)
        version = present.version if present else 0
        if expected is not None and expected != version:
            raise VersionMoved
        self._records[kind, record_id] = replace(record, version=version + 1)
        return version + 1

    async def delete(self, kind: str, record_id: str, *, expected: int | None = None) -> bool:
        """Remove a record; say whether that was done."""
        present = self._present(kind, record_id)
        if present is None or (expected is not None and present.version != expected):
            return False
        del self._records[kind, record_id]
        return True

    async def reseal(self, kind: str, record_id: str, old: Record, value: bytes, sealed_by: str) -> bool:
        """Put another sealing in a record's place; say whether that was done."""
        if self._present(kind, record_id) != old:
            return False
        self._records[kind, record_id] = replace(old, value=value, sealed_by=sealed_by)
        return True

    async def list_ids(self, kind: str, *, client: str | None = None, account: str | None = None) -> Sequence[str]:
        """Return the ids of a kind's living records."""
        return [
            record_id
            for (of_kind, record_id), record in self._records.items()
            if of_kind == kind
            and (client is None or record.client == client)
            and (account is None or record.account == account)
            and self._lives(record)
        ]

    async def page_of_client(self, kind: str, client: str, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of a client's next living records of a kind, in their order."""
        return sorted(one for one in await self.list_ids(kind, client=client) if one > after)[:limit]

    async def walk(self, cursor: str, limit: int, *, kind: str | None = None) -> tuple[Sequence[Entry], str]:
        """Return about so many living records, and where to go on."""
        keys = sorted(key for key in self._records if (kind is None or key[0] == kind) and _cursor(key) > cursor)
        entries = [Entry(*key, self._records[key]) for key in keys[:limit] if self._lives(self._records[key])]
        return entries, _cursor(keys[limit - 1]) if len(keys) > limit else ""

    async def count(self) -> Sequence[Tally]:
        """Return how many records there are, by kind and key."""
        numbers = Counter((kind, record.sealed_by) for (kind, _), record in self._records.items())
        return [Tally(kind, sealed_by, number) for (kind, sealed_by), number in numbers.items()]

    async def delete_expired(self) -> int:
        """Remove what has expired; return how many."""
        dead = [key for key, record in self._records.items() if not self._lives(record)]
        for key in dead:
            del self._records[key]
        return len(dead)

    async def acquire(self, name: str, owner: str, seconds: float) -> Lease | None:
        """Take a lease; None while somebody holds it."""
        now = self._clock.now()
        if name in self._leases and self._leases[name][1] > now:
            return None
        self._last_number += 1
        lease = Lease(name, owner, self._last_number)
        self._leases[name] = (lease, now + seconds)
        return lease

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold a lease for so many seconds from now; False when it was lost."""
        if not self._holds(lease):
            return False
        self._leases[lease.name] = (lease, self._clock.now() + seconds)
        return True

    async def release(self, lease: Lease) -> None:
        """Give a lease back."""
        if self._holds(lease):
            del self._leases[lease.name]

    def listen(self, heard: Heard) -> None:
        """Tell nobody: whoever deletes here is this very process."""

    async def ping(self) -> None:
        """Return: memory is always there."""

    async def close(self) -> None:
        """Forget everything."""
        self._records.clear()

    def _present(self, kind: str, record_id: str) -> Record | None:
        record = self._records.get((kind, record_id))
        return record if record is not None and self._lives(record) else None

    def _holds(self, lease: Lease) -> bool:
        held, until = self._leases.get(lease.name, (None, 0.0))
        return held == lease and until > self._clock.now()

    def _lives(self, record: Record) -> bool:
        return record.expires_at is None or record.expires_at > self._clock.now()


def _cursor(key: tuple[str, str]) -> str:
    return "\0".join(key)
