"""Sessions in record shape: the cookie is a random handle, the record lies sealed under a hash of it.

A handle is never stored, so a dump of the store signs nobody in; a handle of one client names no record of another. A
wrong, damaged, expired or foreign one is the same quiet nothing. A living session is written over the version that was
read, so that a use here never brings back what was signed out elsewhere.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gateway.flows.bindings import account_key
from gateway.flows.ports import Clock, VersionMoved
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.short_memory import UNKNOWN, ShortMemory
from gateway.flows.witnesses import Witness
from gateway.rules.client import Client
from gateway.rules.errors import StoreUnavailable
from gateway.rules.fingerprints import fingerprint
from gateway.rules.session_times import Lifetimes

SESSION: Final = "session"
HANDLE_BYTES: Final = 32
_LONGEST_HANDLE: Final = 64
_TRIES: Final = 10


class SessionRecord(msgspec.Struct, frozen=True):
    """A session at rest.

    Attributes:
        data: what the session holds: connection, account, profile, and how its browser describes itself.
        created_at: Unix time, in seconds, of the sign-in.
        seen_at: Unix time, in seconds, of its last use (as written).
    """

    data: dict[str, Any]
    created_at: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class _Known:
    """A record as it was read, with its version."""

    record: SessionRecord
    version: int


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A living session.

    Attributes:
        data: what it holds.
        created_at: Unix time, in seconds.
        expires_in: seconds to its absolute end.
        idle_expires_in: seconds to its end without use.
    """

    data: dict[str, Any]
    created_at: float
    expires_in: float
    idle_expires_in: float


class Sessions:
    """Makes, finds, slides and ends sessions."""

    def __init__(self, records: SealedRecords, clock: Clock, lifetimes: Lifetimes) -> None:
        self._records = records
        self._clock = clock
        self.lifetimes = lifetimes
        self._recent: ShortMemory[_Known] = ShortMemory(clock)

    async def create(self, client: Client, data: dict[str, Any]) -> str:
        """Make a session and return its handle, which is always a new one.

        Raises:
            StoreUnavailable: there is no session.
        """
        handle = secrets.token_urlsafe(HANDLE_BYTES)
        now = self._clock.now()
        await self._save(client, handle, SessionRecord(data, now, now), expected=0)
        return handle

    async def replace(self, client: Client, handle: str, data: dict[str, Any]) -> None:
        """Write other data into a living session; nothing happens to one that has ended.

        Raises:
            StoreUnavailable: the old data stands.
        """
        for _ in range(_TRIES):
            known = await self._load(client, handle)
            if known is None:
                return
            try:
                fresh = msgspec.structs.replace(known.record, data=data)
                await self._save(client, handle, fresh, expected=known.version)
            except VersionMoved:
                continue
            return
        raise StoreUnavailable(f"a session was written by others {_TRIES} times in a row")

    async def find(self, client: Client, handle: str, *, slide: bool = True) -> OpenSession | None:
        """Return the living session of a handle, or None.

        Args:
            client: whose session it must be.
            handle: what the cookie holds.
            slide: this is a use, so the idle time starts again.

        Raises:
            StoreUnavailable: it cannot be known now; the cookie is to be left alone.
        """
        if not handle or len(handle) > _LONGEST_HANDLE:
            return None
        known, now = await self._load(client, handle), self._clock.now()
        if known is not None and slide and self._is_due(known.record, now):
            known = await self._slide(client, handle, known, now)
        if known is None or self._is_over(known.record, now):
            return None
        record = known.record
        ends = self.lifetimes.ends_at(created_at=record.created_at, seen_at=record.seen_at)
        absolute = record.created_at + self.lifetimes.absolute
        return OpenSession(record.data, record.created_at, absolute - now, ends - now)

    def witness(self, client: Client, handle: str) -> Witness | None:
        """Return what bears witness of a session that was just found; None where it was not remembered."""
        name = _record_id(client, handle)
        known = self._recent.recall(name)
        if known is None or known is UNKNOWN:
            return None
        ends_at = self.lifetimes.ends_at(created_at=known.record.created_at, seen_at=known.record.seen_at)
        return self._recent.witness(name, at_most=ends_at)

    async def end(self, client: Client, handle: str) -> None:
        """End a session.

        Raises:
            StoreUnavailable: it may still live.
        """
        await self.end_named(_record_id(client, handle))

    async def end_named(self, name: str) -> bool:
        """End a session by its record's name; say whether this call ended it.

        Raises:
            StoreUnavailable: it may still live.
        """
        ended = await self._records.store.delete(SESSION, name)
        self.forget(name)  # only now: what a use beside it read meanwhile goes as well
        return ended

    def forget(self, name: str) -> None:
        """Drop a session's record from this process's cache: it was ended elsewhere."""
        self._recent.drop(name)

    def name_of(self, client: Client, handle: str) -> str:
        """Return the name of a session's record: unlike its handle it opens nothing, so it may rest elsewhere."""
        return _record_id(client, handle)

    async def take_over(self, name: str) -> dict[str, Any] | None:
        """End a session by its record's name and return what it held; None when it had ended, or ends elsewhere now.

        Raises:
            StoreUnavailable: it still lives.
        """
        found = await self.read(name)
        return found.data if await self.end_named(name) and found is not None else None

    async def read(self, name: str) -> SessionRecord | None:
        """Return a living session by its record's name, as it stands in the store; this is no use of it.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        record = await self._records.load(SESSION, name, SessionRecord)
        return None if record is None or self._is_over(record, self._clock.now()) else record

    async def names(self, client: str | None, account: str) -> Sequence[str]:
        """Return the names of an account's session records.

        Args:
            client: only this client's; None for every client's.
            account: the account's name in the store, see `account_key`.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return await self._records.store.list_ids(SESSION, client=client, account=account)

    def _is_over(self, record: SessionRecord, now: float) -> bool:
        return self.lifetimes.is_over(created_at=record.created_at, seen_at=record.seen_at, now=now)

    def _is_due(self, record: SessionRecord, now: float) -> bool:
        return not self._is_over(record, now) and self.lifetimes.needs_write(seen_at=record.seen_at, now=now)

    async def _slide(self, client: Client, handle: str, known: _Known, now: float) -> _Known | None:
        """Write a use down; return what stands there when somebody else used, changed or ended it first."""
        try:
            fresh = msgspec.structs.replace(known.record, seen_at=now)
            return await self._save(client, handle, fresh, expected=known.version)
        except VersionMoved:
            return await self._load(client, handle)

    async def _load(self, client: Client, handle: str) -> _Known | None:
        record_id = _record_id(client, handle)
        found = self._recent.recall(record_id)
        return await self._recent.load(record_id, self._read(record_id)) if found is UNKNOWN else found

    async def _read(self, record_id: str) -> _Known | None:
        found = await self._records.load_versioned(SESSION, record_id, SessionRecord)
        return None if found is None else _Known(*found)

    async def _save(self, client: Client, handle: str, record: SessionRecord, *, expected: int) -> _Known:
        """Write a session over the version that was read.

        Raises:
            VersionMoved: another one stands there, or none; what was cached is forgotten.
        """
        record_id = _record_id(client, handle)
        return await self._recent.write(record_id, self._write(client, record_id, record, expected))

    async def _write(self, client: Client, record_id: str, record: SessionRecord, expected: int) -> _Known:
        account = str(record.data.get("account", ""))
        version = await self._records.save(
            SESSION,
            record_id,
            record,
            client=client.id,
            account=account_key(client.application, account) if account else "",
            expires_at=self.lifetimes.ends_at(created_at=record.created_at, seen_at=record.seen_at),
            expected=expected,
        )
        return _Known(record, version)


def _record_id(client: Client, handle: str) -> str:
    return fingerprint("session", client.id, handle)
