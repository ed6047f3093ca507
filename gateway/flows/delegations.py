"""Which account was let in by which: a service account's people, and what becomes of them when it ends.

Revoking a service account revokes, at Cronofy, every account that was authorized through it. Here nobody would notice
until each of them is refreshed, so they are marked as ended at once. Two records hold a delegation, one under the name
of each account, so that it is found from either side and erased with either.

Source: https://docs.cronofy.com/developers/api/authorization/revoke/
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from gateway.flows.bindings import REFRESH_KEPT, Bindings, account_key
from gateway.flows.connections import Connections
from gateway.flows.modes import ModeBook
from gateway.flows.ports import Clock, VersionMoved
from gateway.flows.registry import Registry
from gateway.flows.sealed_records import SealedRecords
from gateway.observe import events
from gateway.rules.client import Application, Client
from gateway.rules.fingerprints import fingerprint

DELEGATION: Final = "delegation"  # under the account that lets others in
DELEGATED: Final = "delegated"  # under the account that was let in
SERVICE_ACCOUNT: Final = "ser_"

_log = structlog.get_logger()


class Delegation(msgspec.Struct, frozen=True):
    """One account let another one in, for a client.

    Attributes:
        client: the client's id.
        parent: `sub` of the account that lets others in.
        child: `sub` of the one that was let in.
    """

    client: str
    parent: str
    child: str

    def __repr__(self) -> str:
        return f"Delegation(client={self.client!r})"


@dataclass(frozen=True, slots=True)
class Delegations:
    """Remembers who was let in by whom."""

    records: SealedRecords
    connections: Connections
    bindings: Bindings
    modes: ModeBook
    registry: Registry
    clock: Clock

    async def settle(self, client: Client, account: str, parent: str) -> None:
        """Write down how an account has just come to a client: through a parent, or by itself.

        Args:
            client: whose it is.
            account: `sub` of the account whose code was exchanged.
            parent: `sub` of the account that let it in; empty where nobody did, which ends what was before.

        Raises:
            StoreUnavailable: it was not written.
        """
        if not account or account == parent:
            return
        await self._forget(client.application, await self._of_child(client.application, account, client.id), parent)
        if not parent:
            return
        delegation, record_id = (
            Delegation(client.id, parent, account),
            _id(client.application, client.id, parent, account),
        )
        expires_at = self.clock.now() + REFRESH_KEPT
        # First the one from which the other is found again.
        for kind, whose in ((DELEGATED, account), (DELEGATION, parent)):
            key = account_key(client.application, whose)
            await self.records.save(kind, record_id, delegation, client=client.id, account=key, expires_at=expires_at)

    async def parent_of(self, client: Client, account: str) -> str:
        """Return the `sub` of the account that let another one in for a client; empty where nobody did.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return next((one.parent for one in await self._of_child(client.application, account, client.id)), "")

    async def end_children(self, application: Application, parent: str, client: Client | None = None) -> int:
        """End what was let in by an account that has ended, and return how many connections of clients that were.

        Args:
            application: the application.
            parent: `sub` of the account.
            client: only what it let in for this client; None for all, when its whole authorization ended.

        Raises:
            StoreUnavailable: some may still stand; ask again.
        """
        if not parent.startswith(SERVICE_ACCOUNT):
            return 0  # a person who delegates by Business Connect only lets others in
        found = await self._load(DELEGATION, application.name, parent, client.id if client else None)
        for one in found:
            await self._end(application, one)
        # What is forgotten is not found again, so only when all of them are ended.
        await self._forget(application.name, found)
        if found:
            _log.info(events.DELEGATION_ENDED, application=application.name, account=parent, ended=len(found))
        return len(found)

    async def _end(self, application: Application, one: Delegation) -> None:
        for stored in await self.connections.of_account(application.name, one.child):
            if stored.connection.client == one.client and stored.connection.state == "active":
                with suppress(VersionMoved):  # somebody has just connected it again
                    await self.connections.require_reconnect(stored, lost_by="ended")
        for client in self.registry.clients_of(application):
            if client.id == one.client:
                await self.bindings.forget_account(client, one.child)
        await self.modes.forget(application, one.child)

    async def erase(self, application: Application, account: str, client: Client | None) -> None:
        """Remove every delegation that an account takes part in, on either side.

        Raises:
            StoreUnavailable: some may still stand; ask again.
        """
        whose = client.id if client else None
        for kind in (DELEGATION, DELEGATED):
            await self._forget(application.name, await self._load(kind, application.name, account, whose))

    async def _of_child(self, application: str, child: str, client: str) -> list[Delegation]:
        return await self._load(DELEGATED, application, child, client)

    async def _load(self, kind: str, application: str, account: str, client: str | None) -> list[Delegation]:
        key = account_key(application, account)
        ids = await self.records.store.list_ids(kind, client=client, account=key)
        found = [await self.records.load(kind, one, Delegation) for one in ids]
        return [one for one in found if one is not None]

    async def _forget(self, application: str, them: Iterable[Delegation], but: str = "") -> None:
        for one in them:
            if one.parent != but:
                record_id = _id(application, one.client, one.parent, one.child)
                await self.records.store.delete(DELEGATION, record_id)
                await self.records.store.delete(DELEGATED, record_id)


def _id(application: str, client: str, parent: str, child: str) -> str:
    return fingerprint("delegation", application, client, parent, child)
