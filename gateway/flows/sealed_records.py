"""Records as the stories see them: typed, sealed on the way in, opened on the way out."""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from gateway.flows.ports import Lease, Record, RecordStore, SealBroken, Sealer, VersionMoved
from gateway.rules.errors import StoreUnavailable

T = TypeVar("T", bound=msgspec.Struct)

_TRIES: Final = 10


class SealedRecords:
    """Typed records in a store."""

    def __init__(self, store: RecordStore, sealer: Sealer) -> None:
        self.store = store
        self.sealer = sealer

    async def load(self, kind: str, record_id: str, shape: type[T]) -> T | None:
        """Return a record, or None when it is not there or cannot be opened (a lost key loses no more than it must).

        Raises:
            StoreUnavailable: the store is away.
        """
        found = await self.load_versioned(kind, record_id, shape)
        return found[0] if found else None

    async def load_versioned(self, kind: str, record_id: str, shape: type[T]) -> tuple[T, int] | None:
        """Return a record and its version.

        Raises:
            StoreUnavailable: the store is away.
        """
        record = await self.store.get(kind, record_id)
        value = None if record is None else self.open(kind, record_id, record, shape)
        return None if record is None or value is None else (value, record.version)

    async def save(
        self,
        kind: str,
        record_id: str,
        value: msgspec.Struct,
        *,
        client: str = "",
        account: str = "",
        expires_at: float | None,
        expected: int | None = None,
        lease: Lease | None = None,
    ) -> int:
        """Write a record and return its version.

        Args:
            kind: what it is; also the sealing's purpose.
            record_id: its name within the kind.
            value: what to seal.
            client: the client that it belongs to.
            account: fingerprint of the account that it is about.
            expires_at: Unix time, in seconds; None for never.
            expected: write only over this version, 0 for «not there»; None writes always.
            lease: write only while this lease, named like the record, is held.

        Raises:
            StoreUnavailable: the store is away; nothing was written.
            VersionMoved: another version stands there.
            LeaseLost: the lease is not held any more.
        """
        plain = msgspec.json.encode(value)
        sealed = self.sealer.seal(plain, purpose=kind, client=client, record_id=record_id)
        record = Record(sealed, 0, client, account, expires_at, self.sealer.key_of(sealed))
        return await self.store.put(kind, record_id, record, expected=expected, lease=lease)

    async def change(
        self,
        kind: str,
        record_id: str,
        shape: type[T],
        change: Callable[[T | None], T | None],
        *,
        client: str = "",
        account: str = "",
        expires_at: float | None,
    ) -> T | None:
        """Change a record whole, again from the start when somebody else wrote it first.

        Args:
            kind: what it is.
            record_id: its name within the kind.
            shape: its type.
            change: the present value (None when there is none) in, the new one out; None removes the record.
            client: the client that it belongs to.
            account: fingerprint of the account that it is about.
            expires_at: Unix time, in seconds, or None for never; never earlier than what stood there.

        Raises:
            StoreUnavailable: the store is away; nothing was changed.
        """
        for _ in range(_TRIES):
            record = await self.store.get(kind, record_id)
            present = None if record is None else self.open(kind, record_id, record, shape)
            fresh = change(present)
            if fresh is None:
                if record is None or await self.store.delete(kind, record_id, expected=record.version):
                    return None
                continue
            try:
                version = record.version if record else 0
                await self.save(
                    kind,
                    record_id,
                    fresh,
                    client=client,
                    account=account,
                    expires_at=_later(expires_at, record),
                    expected=version,
                )
            except VersionMoved:
                continue
            return fresh
        raise StoreUnavailable(f"a record of kind {kind} was written by others {_TRIES} times in a row")

    def open(self, kind: str, record_id: str, record: Record, shape: type[T]) -> T | None:
        """Return what is in a record that was met on a walk; None when it cannot be opened."""
        try:
            plain = self.sealer.open(record.value, purpose=kind, client=record.client, record_id=record_id)
            return msgspec.json.decode(plain, type=shape)
        except (SealBroken, msgspec.DecodeError):
            if self.sealer.is_for_others(record.value):
                # Not «nobody»: that would sign somebody out over a ring that is not rolled out yet.
                key_id = self.sealer.key_of(record.value)
                raise StoreUnavailable(f"a record is sealed with key {key_id}, which this node lacks") from None
            return None


def _later(expires_at: float | None, record: Record | None) -> float | None:
    """Return the later of two ends, where never is the latest."""
    if expires_at is None or record is None:
        return expires_at
    return None if record.expires_at is None else max(expires_at, record.expires_at)
