"""Connections: a client's stored link to one account, with the token set in it, sealed.

Sessions point at a connection. A person with two browsers has two sessions and one connection, since Cronofy hands the
same refresh token to both and may change it on use: two copies would kill each other.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from gateway.flows.bindings import account_key
from gateway.flows.ports import Clock, VersionMoved
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.short_memory import UNKNOWN, ShortMemory
from gateway.flows.stored_connection import Connection, Stored, connection_id
from gateway.flows.witnesses import Witness
from gateway.rules.client import Client
from gateway.rules.token_reply import TokenSet

CONNECTION: Final = "connection"
_PAGE: Final = 200
_TRIES: Final = 5
_LIFE_BYTES: Final = 8  # only to tell lives apart


class Connections:
    """Loads and saves connections.

    Args:
        records: where they rest.
        clock: the time.
        kept: seconds that a connection is kept after its last sign-in or refresh.
    """

    def __init__(self, records: SealedRecords, clock: Clock, *, kept: float) -> None:
        self._records = records
        self._clock = clock
        self._kept = kept
        self._recent: ShortMemory[Stored] = ShortMemory(clock)

    async def recent(self, record_id: str) -> Stored | None:
        """Return a connection as it stood here at most two seconds ago, or None when it is gone.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        found = self._recent.recall(record_id)
        return await self.load(record_id) if found is UNKNOWN else found

    def last_seen(self, record_id: str) -> Stored | None:
        """Return a connection as it stood here at most two seconds ago, without a look at the store."""
        found = self._recent.recall(record_id)
        return None if found is UNKNOWN else found

    def witness(self, record_id: str, *, at_most: float) -> Witness | None:
        """Return what bears witness of a connection as it was seen last; see `witness_of`."""
        return self._recent.witness(record_id, at_most=at_most)

    def drop(self, record_id: str) -> None:
        """Let the next look go to the store: it was written or ended elsewhere."""
        self._recent.drop(record_id)

    async def load(self, record_id: str) -> Stored | None:
        """Return a connection, or None when it is gone.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        stored = await self._recent.load(record_id, self._read(record_id))
        if stored is None or stored.connection.state != "active":
            # A person who connects again on another node must not be told here that they have to.
            self.drop(record_id)
        return stored

    async def _read(self, record_id: str) -> Stored | None:
        found = await self._records.load_versioned(CONNECTION, record_id, Connection)
        return None if found is None else Stored(record_id, *found)

    async def connect(
        self, client: Client, tokens: TokenSet, *, at: float | None = None, expected: int | None = None
    ) -> Stored:
        """Write the token set of a sign-in, over whatever stood there: the person has just authorized anew.

        Only the profiles that were connected before are kept.

        Args:
            client: whose connection it is.
            tokens: the token set.
            at: Unix time, in seconds, at which it was answered; now when None.
            expected: write only over this version, 0 for «not there»; None writes always.

        Raises:
            VersionMoved: another version stands there.
            StoreUnavailable: nothing was written.
        """
        record_id = connection_id(client, tokens.account)
        fresh = self._made_of(client, tokens, self._clock.now() if at is None else at)
        for _ in range(_TRIES):
            there = await self.load(record_id)
            before = there.connection.profiles if there else ()
            profiles = tuple(dict.fromkeys((*before, *fresh.profiles)))
            wanted = (there.version if there else 0) if expected is None else expected
            life = there.connection.life if there and there.connection.state == "active" else fresh.life
            try:
                made = msgspec.structs.replace(fresh, profiles=profiles, life=life)
                return await self._save(record_id, made, expected=wanted)
            except VersionMoved:
                if expected is not None:
                    raise
        # One stands there that the key ring cannot open, or that others write all the time.
        return await self._save(record_id, fresh, expected=None)

    async def connect_unless_newer(self, client: Client, tokens: TokenSet, at: float) -> Stored:
        """Write a token set that was answered a while ago, unless a sign-in or a refresh has brought a newer one.

        Args:
            client: whose connection it is.
            tokens: the token set.
            at: Unix time, in seconds, at which it was answered.

        Raises:
            StoreUnavailable: nothing was written.
        """
        record_id = connection_id(client, tokens.account)
        for _ in range(_TRIES):
            there = await self.load(record_id)
            if there and there.connection.state == "active" and there.connection.obtained_at >= at:
                return there
            try:
                return await self.connect(client, tokens, at=at, expected=there.version if there else 0)
            except VersionMoved:
                continue
        # One stands there that the key ring cannot open: nobody else can use it either.
        return await self.connect(client, tokens, at=at)

    def _made_of(self, client: Client, tokens: TokenSet, now: float) -> Connection:
        return Connection(
            client=client.id,
            application=client.application,
            account=tokens.account,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=now + tokens.expires_in,
            obtained_at=now,
            scope=tokens.scope,
            profiles=(tokens.profile_id,) if tokens.profile_id else (),
            life=secrets.token_hex(_LIFE_BYTES),
        )

    async def renew(self, stored: Stored, tokens: TokenSet, at: float) -> Stored:
        """Write the token set of a refresh.

        Args:
            stored: what it is written over.
            tokens: the token set.
            at: Unix time, in seconds, at which it was answered.

        Raises:
            VersionMoved: the connection was written meanwhile; these tokens are to be dropped.
            StoreUnavailable: nothing was written.
        """
        fresh = msgspec.structs.replace(
            stored.connection,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=at + tokens.expires_in,
            obtained_at=at,
            scope=tokens.scope or stored.connection.scope,
            state="active",
            lost_by="",
        )
        return await self._save(stored.id, fresh, expected=stored.version)

    async def require_reconnect(self, stored: Stored, *, lost_by: str) -> Stored:
        """Write down that the person has to connect again, and how it came to that.

        Raises:
            VersionMoved: the connection was written meanwhile, so it may well live.
            StoreUnavailable: nothing was written.
        """
        fresh = msgspec.structs.replace(stored.connection, state="reconnect_required", lost_by=lost_by)
        return await self._save(stored.id, fresh, expected=stored.version)

    async def _save(self, record_id: str, connection: Connection, *, expected: int | None) -> Stored:
        stored = await self._recent.write(record_id, self._write(record_id, connection, expected))
        if connection.state != "active":
            self.drop(record_id)
        return stored

    async def _write(self, record_id: str, connection: Connection, expected: int | None) -> Stored:
        version = await self._records.save(
            CONNECTION,
            record_id,
            connection,
            client=connection.client,
            account=account_key(connection.application, connection.account),
            expires_at=self._clock.now() + self._kept,
            expected=expected,
        )
        return Stored(record_id, connection, version)

    async def forget(self, record_id: str) -> bool:
        """Remove a connection; say whether this call did.

        Raises:
            StoreUnavailable: it may still stand.
        """
        removed = await self._records.store.delete(CONNECTION, record_id)
        self.drop(record_id)  # only now: what was read meanwhile goes as well
        return removed

    async def walk(self, client: Client) -> AsyncIterator[Stored | None]:
        """Yield every connection of a client, page by page; None for one that the key ring cannot open.

        Raises:
            StoreUnavailable: the rest cannot be read now.
        """
        cursor = ""
        while True:
            entries, cursor = await self._records.store.walk(cursor, _PAGE, kind=CONNECTION)
            for one in entries:
                if one.record.client == client.id:
                    found = self._records.open(CONNECTION, one.id, one.record, Connection)
                    yield None if found is None else Stored(one.id, found, one.record.version)
            if not cursor:
                return

    async def page_of_ids(self, client: Client, *, after: str, limit: int) -> Sequence[str]:
        """Return the names of a client's next connections, in an order that stays; fewer than `limit` at the end.

        Args:
            client: whose.
            after: the name before the first one; empty to begin with.
            limit: the most names.

        Raises:
            StoreUnavailable: they cannot be known now.
        """
        return await self._records.store.page_of_client(CONNECTION, client.id, after=after, limit=limit)

    async def any_active(self, application: str, account: str) -> bool:
        """Say whether any client has an active connection to an account.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return any(one.connection.state == "active" for one in await self.of_account(application, account))

    async def of_account(self, application: str, account: str) -> list[Stored]:
        """Return every client's connection to an account.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        ids = await self._records.store.list_ids(CONNECTION, account=account_key(application, account))
        found = [await self.load(one) for one in ids]
        return [one for one in found if one is not None]

    async def has_other_client(self, application: str, account: str, client: str) -> bool:
        """Say whether a client other than this one has an active connection to an account.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        found = await self.of_account(application, account)
        return any(one.connection.state == "active" and one.connection.client != client for one in found)
