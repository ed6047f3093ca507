"""Handles: what a client holds whose tokens the gateway keeps.

A handle is never stored, only a record under its fingerprint, so that a dump of the store opens nothing. It points at
the client's connection, and the tokens lie there. An access handle is good to its expiry, a refresh handle as long as a
connection is kept, counted anew with each use. Both lie under the account, so that ending one finds them all.
"""

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.flows.bindings import account_key
from gateway.flows.ports import Clock, VersionMoved
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.stored_connection import Connection
from gateway.rules.client import Client
from gateway.rules.errors import StoreUnavailable
from gateway.rules.fingerprints import fingerprint
from gateway.rules.handles import RANDOM_BYTES, Kind, may_be_handle, write_handle

HANDLE: Final = "handle"
# Past its expiry an access handle can still be named in a revocation, which is how pycronofy names an account.
NAMED_AFTER_EXPIRY: Final = 3_600.0
# A handle that was ended in another process is dead here within this time.
_CACHE_SECONDS: Final = 2.0
_CACHE_SIZE: Final = 10_000
_EXTEND_EVERY: Final = 86_400.0  # seconds: a refresh handle's use is not written down more often
_TRIES: Final = 10


class Handle(msgspec.Struct, frozen=True):
    """What a handle stands for.

    Attributes:
        kind: which of the two.
        client: id of the only client that it is good for.
        application: name of that client's application.
        account: `sub`.
        connection: id of the connection that it points at.
        expires_at: Unix time, in seconds.
        life: the life of the connection in which it was issued; in another one it opens nothing.
    """

    kind: Kind
    client: str
    application: str
    account: str
    connection: str
    expires_at: float
    life: str = ""

    def is_of(self, client: Client) -> bool:
        """Say whether this is a client's own handle."""
        return (self.client, self.application) == (client.id, client.application)

    def is_outlived_by(self, connection: Connection) -> bool:
        """Say whether its connection was ended since, and what stands there now was connected anew."""
        return self.life != connection.life


class Handles:
    """Issues, finds and ends handles; found ones are cached for two seconds.

    Args:
        records: where they rest.
        clock: the time.
        kept: seconds that a refresh handle lives after its last use.
    """

    def __init__(self, records: SealedRecords, clock: Clock, *, kept: float) -> None:
        self._records = records
        self._clock = clock
        self._kept = kept
        self._cache: OrderedDict[str, tuple[float, Handle | None]] = OrderedDict()

    async def issue(
        self, kind: Kind, client: Client, account: str, connection: str, *, lives: float = 0.0, life: str = ""
    ) -> str:
        """Make a new handle.

        Args:
            kind: which of the two.
            client: whose.
            account: `sub`.
            connection: id of the connection that it points at.
            lives: seconds that an access handle is good for.
            life: which life of the connection.

        Raises:
            StoreUnavailable: there is none.
        """
        expires_at = self._clock.now() + (lives if kind == "access" else self._kept)
        handle = Handle(kind, client.id, client.application, account, connection, expires_at, life)
        token = write_handle(kind, secrets.token_urlsafe(RANDOM_BYTES))
        await self._save(_name_of(token), handle, expected=0)
        return token

    async def find(self, token: str) -> Handle | None:
        """Return what a living handle stands for; None for any other text.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        handle = await self.find_named(token)
        return None if handle is None or handle.expires_at <= self._clock.now() else handle

    async def find_anew(self, token: str) -> Handle | None:
        """Return what a living handle stands for, as the store knows it now; None for any other text.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        self.forget(_name_of(token))
        return await self.find(token)

    async def find_named(self, token: str) -> Handle | None:
        """Return what a handle stands for that is named in a revocation, where it may have expired a while ago.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        if not may_be_handle(token):
            return None
        name = _name_of(token)
        cached = self._cache.get(name)
        if cached is not None and cached[0] > self._clock.now():
            return cached[1]
        handle = await self._records.load(HANDLE, name, Handle)
        self._remember(name, handle)
        return handle

    async def extend(self, token: str) -> bool:
        """Let a refresh handle live on because it was used; say False when it was ended meanwhile.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        name = _name_of(token)
        for _ in range(_TRIES):
            # Past the cache, since what was ended a moment ago must not be brought back.
            found = await self._records.load_versioned(HANDLE, name, Handle)
            if found is None:
                self.forget(name)
                return False
            handle, version = found
            until = self._clock.now() + self._kept
            if until - handle.expires_at < min(_EXTEND_EVERY, self._kept / 10):
                return True
            try:
                await self._save(name, msgspec.structs.replace(handle, expires_at=until), expected=version)
            except VersionMoved:
                continue
            return True
        raise StoreUnavailable(f"a handle was written by others {_TRIES} times in a row")

    async def end(self, token: str) -> None:
        """End one handle.

        Raises:
            StoreUnavailable: it may still live.
        """
        await self._delete(_name_of(token))

    async def names(self, client: str | None, account: str) -> Sequence[str]:
        """Return the names of an account's handle records.

        Args:
            client: only this client's; None for every client's.
            account: the account's name in the store, see `account_key`.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return await self._records.store.list_ids(HANDLE, client=client, account=account)

    async def end_all(self, client: str | None, account: str) -> int:
        """End an account's handles, and those that are issued while this goes on; return how many.

        Args:
            client: only this client's; None for every client's.
            account: the account's name in the store, see `account_key`.

        Raises:
            StoreUnavailable: some may still live.
        """
        ended = 0
        for _ in range(_TRIES):
            names = await self.names(client, account)
            if not names:
                break
            ended += sum([await self._delete(one) for one in names])
        return ended

    def forget(self, name: str) -> None:
        """Drop a handle's record from this process's cache: it was ended elsewhere."""
        self._cache.pop(name, None)

    async def _delete(self, name: str) -> bool:
        ended = await self._records.store.delete(HANDLE, name)
        self.forget(name)  # only now: what a use beside it read meanwhile goes as well
        return ended

    async def _save(self, name: str, handle: Handle, *, expected: int) -> None:
        kept = NAMED_AFTER_EXPIRY if handle.kind == "access" else 0.0
        await self._records.save(
            HANDLE,
            name,
            handle,
            client=handle.client,
            account=account_key(handle.application, handle.account),
            expires_at=handle.expires_at + kept,
            expected=expected,
        )
        self._remember(name, handle)

    def _remember(self, name: str, handle: Handle | None) -> None:
        self._cache[name] = (self._clock.now() + _CACHE_SECONDS, handle)
        self._cache.move_to_end(name)
        while len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)


def _name_of(token: str) -> str:
    return fingerprint("handle", token)
