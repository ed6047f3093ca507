"""What the store holds of clients.

Of those made at run time it is their settings; of any client, whether it is disabled and which secrets were issued to
it. Each client has one sealed record, without an end. A small record beside them changes with each of them, so that
nodes can look often: they read the many only when the one has moved.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from gateway.flows.issued_secrets import (
    ClientRefused,
    Issued,
    IssuedSecret,
    make_secret,
    with_secret,
    without_named,
    without_older,
)
from gateway.flows.ports import Clock, Record
from gateway.flows.sealed_records import SealedRecords

CLIENT: Final = "client"
GENERATION: Final = "client-generation"
_GENERATION_ID: Final = "all"
_PAGE: Final = 500


class StoredClient(msgspec.Struct, frozen=True):
    """What the store holds of one client.

    Attributes:
        settings: as in a `[clients.ID]` table, those that were named; None for a client of the configuration.
        disabled: nothing of it works for the time being.
        secrets: issued ones, beside those of the configuration.
        created_at: Unix time, in seconds, at which its settings came into the store.
    """

    settings: dict[str, Any] | None = None
    disabled: bool = False
    secrets: Issued = ()
    created_at: float = 0.0


# Stands for a record that no key opens: it may have said «disabled», so it counts as that.
UNREADABLE: Final = StoredClient(disabled=True)

Stored = dict[str, StoredClient]


@dataclass(frozen=True, slots=True)
class SecretOrder:
    """What is to be done with a client's issued secrets.

    Attributes:
        revoke_older: revoke the older of two.
        revoke: revoke those whose names begin like this.
        issue: then issue a new one.
    """

    revoke_older: bool = False
    revoke: Sequence[str] = ()
    issue: bool = True


@dataclass(frozen=True, slots=True)
class SecretOutcome:
    """What was done: the secret that was issued, the names of those that were revoked and of all that are active."""

    issued: IssuedSecret | None
    revoked: tuple[str, ...]
    active: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredClients:
    """Reads and changes them."""

    records: SealedRecords
    clock: Clock

    async def generation(self) -> str:
        """Return what is another string after each change; empty before the first.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        record = await self.records.store.get(GENERATION, _GENERATION_ID)
        return record.value.hex() if record else ""  # not sealed, so it may be any bytes

    async def every(self) -> Stored:
        """Return all that is stored, by client id; UNREADABLE where no key opens it.

        Raises:
            StoreUnavailable: it cannot be known now, or another node holds a key for it that this one lacks.
        """
        found, cursor, is_first = Stored(), "", True
        while cursor or is_first:
            entries, cursor = await self.records.store.walk(cursor, _PAGE, kind=CLIENT)
            is_first = False
            for entry in entries:
                opened = self.records.open(CLIENT, entry.id, entry.record, StoredClient)
                found[entry.id] = UNREADABLE if opened is None else opened
        return found

    async def add(self, client_id: str, settings: dict[str, Any], *, replace: bool) -> None:
        """Store a client's settings, which were checked.

        Args:
            client_id: its id.
            settings: those that were named.
            replace: they take the place of what is there; secrets stay, and a disabled client stays disabled.

        Raises:
            ClientRefused: it is there already, or not there to be replaced.
            StoreUnavailable: nothing was stored.
        """

        def add(present: StoredClient | None) -> StoredClient:
            is_there = present is not None and present.settings is not None
            if is_there and not replace:
                raise ClientRefused(f"The client {client_id} is stored already; --replace gives it other settings.")
            if replace and not is_there:
                raise ClientRefused(f"No client {client_id} is stored whose settings could be replaced.")
            now = self.clock.now()
            return msgspec.structs.replace(present or StoredClient(), settings=settings, created_at=now)

        await self._change(client_id, add)

    async def disable(self, client_id: str, *, disabled: bool) -> bool:
        """Disable or enable a client; say whether that changed anything.

        Raises:
            StoreUnavailable: it may not be done.
        """
        before: list[bool] = []

        def change(present: StoredClient | None) -> StoredClient:
            before.append(present is not None and present.disabled)
            return msgspec.structs.replace(present or StoredClient(), disabled=disabled)

        await self._change(client_id, change)
        return before[-1] != disabled

    async def renew_secrets(self, client_id: str, order: SecretOrder) -> SecretOutcome:
        """Revoke and issue secrets of a client.

        Raises:
            ClientRefused: two are active already, or a name fits none; nothing was changed.
            StoreUnavailable: nothing was changed; or, after the write, the nodes see it within a minute only.
        """
        fresh = make_secret(self.clock.now()) if order.issue else None
        before: list[Issued] = []

        def change(present: StoredClient | None) -> StoredClient:
            stored = present or StoredClient()
            before.append(stored.secrets)
            active = without_named(stored.secrets, order.revoke)
            active = without_older(active) if order.revoke_older else active
            if fresh is None and active == stored.secrets:
                raise ClientRefused("Nothing was revoked: there are no two issued secrets of which one is older.")
            return msgspec.structs.replace(stored, secrets=with_secret(active, fresh) if fresh else active)

        changed = await self._change(client_id, change)
        gone = tuple(one.name for one in before[-1] if one not in changed.secrets)
        return SecretOutcome(fresh, gone, tuple(one.name for one in changed.secrets))

    async def _change(self, client_id: str, change: Callable[[StoredClient | None], StoredClient]) -> StoredClient:
        changed = await self.records.change(CLIENT, client_id, StoredClient, change, client=client_id, expires_at=None)
        # After the record: a node that sees the new generation must find the new record.
        await self.records.store.put(GENERATION, _GENERATION_ID, Record(secrets.token_hex(8).encode(), 0))
        return changed or StoredClient()
