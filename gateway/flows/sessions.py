"""Sessions in record shape: the cookie is a random handle, the record lies sealed under a hash of it.

A handle is never stored, so a dump of the store signs nobody in; a handle of one client names no record of another. A
wrong, damaged, expired or foreign one is the same quiet nothing.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gateway.flows.bindings import account_key
from gateway.flows.ports import Clock
from gateway.flows.sealed_records import SealedRecords
from gateway.rules.client import Client
from gateway.rules.fingerprints import fingerprint
from gateway.rules.session_times import Lifetimes

SESSION: Final = "session"
HANDLE_BYTES: Final = 32
_LONGEST_HANDLE: Final = 64
# A sign-out in another process is seen within this time.
_CACHE_SECONDS: Final = 2.0
_CACHE_SIZE: Final = 10_000


class SessionRecord(msgspec.Struct, frozen=True):
    """A session at rest.

    Attributes:
        data: what the session holds: connection, account, profile.
        created_at: Unix time, in seconds, of the sign-in.
        seen_at: Unix time, in seconds, of its last use (as written).
    """

    data: dict[str, Any]
    created_at: float
    seen_at: float


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
        self._cache: OrderedDict[str, tuple[float, SessionRecord | None]] = OrderedDict()

    async def create(self, client: Client, data: dict[str, Any]) -> str:
        """Make a session and return its handle, which is always a new one.

        Raises:
            StoreUnavailable: there is no session.
        """
        handle = secrets.token_urlsafe(HANDLE_BYTES)
        now = self._clock.now()
        await self._save(client, handle, SessionRecord(data, now, now))
        return handle

    async def replace(self, client: Client, handle: str, data: dict[str, Any]) -> None:
        """Write other data into a living session; nothing happens to one that has ended.

        Raises:
            StoreUnavailable: the old data stands.
        """
        record = await self._load(client, handle)
        if record is not None:
            await self._save(client, handle, msgspec.structs.replace(record, data=data))

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
        record = await self._load(client, handle)
        now = self._clock.now()
        if record is None or self.lifetimes.is_over(created_at=record.created_at, seen_at=record.seen_at, now=now):
            return None
        if slide and self.lifetimes.needs_write(seen_at=record.seen_at, now=now):
            record = msgspec.structs.replace(record, seen_at=now)
            await self._save(client, handle, record)
        ends = self.lifetimes.ends_at(created_at=record.created_at, seen_at=record.seen_at)
        absolute = record.created_at + self.lifetimes.absolute
        return OpenSession(record.data, record.created_at, absolute - now, ends - now)

    async def end(self, client: Client, handle: str) -> None:
        """End a session.

        Raises:
            StoreUnavailable: it may still live.
        """
        record_id = _record_id(client, handle)
        self._cache.pop(record_id, None)
        await self._records.store.delete(SESSION, record_id)

    async def _load(self, client: Client, handle: str) -> SessionRecord | None:
        record_id = _record_id(client, handle)
        cached = self._cache.get(record_id)
        if cached is not None and cached[0] > self._clock.now():
            return cached[1]
        record = await self._records.load(SESSION, record_id, SessionRecord)
        self._remember(record_id, record)
        return record

    async def _save(self, client: Client, handle: str, record: SessionRecord) -> None:
        record_id = _record_id(client, handle)
        account = str(record.data.get("account", ""))
        await self._records.save(
            SESSION,
            record_id,
            record,
            client=client.id,
            account=account_key(client.application, account) if account else "",
            expires_at=self.lifetimes.ends_at(created_at=record.created_at, seen_at=record.seen_at),
        )
        self._remember(record_id, record)

    def _remember(self, record_id: str, record: SessionRecord | None) -> None:
        self._cache[record_id] = (self._clock.now() + _CACHE_SECONDS, record)
        self._cache.move_to_end(record_id)
        while len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)


def _record_id(client: Client, handle: str) -> str:
    return fingerprint("session", client.id, handle)
