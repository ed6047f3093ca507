"""Records in this process's memory: for tests and for trying things out. A restart loses them all."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.flows.ports import Clock, Record, VersionMoved


class MemoryStore:
    """A record store without a disk; see `RecordStore` for what its methods promise."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: dict[tuple[str, str], Record] = {}

    async def get(self, kind: str, record_id: str) -> Record | None:
        """Return a record that has not expired."""
        record = self._records.get((kind, record_id))
        return record if record is not None and self._lives(record) else None

    async def put(self, kind: str, record_id: str, record: Record, *, expected: int | None = None) -> int:
        """Write a record whole and return its new version."""
        present = await self.get(kind, record_id)
        version = present.version if present else 0
        if expected is not None and expected != version:
            raise VersionMoved
        self._records[kind, record_id] = replace(record, version=version + 1)
        return version + 1

    async def delete(self, kind: str, record_id: str) -> bool:
        """Remove a record; say whether it was there."""
        gone = self._records.pop((kind, record_id), None)
        return gone is not None and self._lives(gone)

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

    async def delete_expired(self) -> int:
        """Remove what has expired; return how many."""
        dead = [key for key, record in self._records.items() if not self._lives(record)]
        for key in dead:
            del self._records[key]
        return len(dead)

    async def ping(self) -> None:
        """Return: memory is always there."""

    async def close(self) -> None:
        """Forget everything."""
        self._records.clear()

    def _lives(self, record: Record) -> bool:
        return record.expires_at is None or record.expires_at > self._clock.now()
