"""Erasing an account: ended at Cronofy first, then everything removed that the store can find by it.

Without a client the whole account goes, every client's part of it; with one only that client's, and at Cronofy only
what no other client hangs on (see `disconnects`). While Cronofy cannot be asked nothing is erased, since afterwards
nobody would know any more what is to be ended there. What makes the account known goes last, so that an erasure that
was broken off can be asked for again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.flows.bindings import BINDING, Bindings, account_key
from gateway.flows.callback_book import CALLBACK
from gateway.flows.connections import CONNECTION
from gateway.flows.disconnects import Disconnects, Ended
from gateway.flows.element_bindings import ELEMENT_TOKEN
from gateway.flows.handles import HANDLE, Handles
from gateway.flows.modes import MODES
from gateway.flows.own_sessions import profile_of
from gateway.flows.ports import RecordStore
from gateway.flows.refresh_journal import REFRESH
from gateway.flows.registry import Registry
from gateway.flows.sessions import SESSION, Sessions
from gateway.flows.stored_connection import connection_id
from gateway.rules.client import Application, Client

# Every kind that lies under an account's name; tickets and flows are gone within minutes and do not.
_KINDS: Final = (SESSION, HANDLE, REFRESH, MODES, CONNECTION, BINDING, ELEMENT_TOKEN)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased of an account of one application.

    Attributes:
        application: the application's name.
        at_cronofy: what was ended there; None where it was to be kept.
        sessions: how many sessions were ended.
        handles: how many handles were ended, of which an app holds mostly one that refreshes and some to call with.
        connections: how many connections were removed.
        bindings: how many tokens' bindings the client, or every client, was removed from.
        others: other clients hang on the account, so what they need was left.
    """

    application: str
    at_cronofy: Ended | None
    sessions: int
    handles: int
    connections: int
    bindings: int
    others: bool


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases accounts."""

    store: RecordStore
    registry: Registry
    sessions: Sessions
    bindings: Bindings
    disconnects: Disconnects
    handles: Handles

    async def erase(self, account: str, client: Client | None, *, keep_at_cronofy: bool) -> list[Erased]:
        """Erase an account; where nothing is known of it, nothing is sent and nothing returned.

        Args:
            account: `sub`.
            client: only this client's part; None for the whole account, on every application.
            keep_at_cronofy: erase here only.

        Raises:
            CronofyUnavailable: Cronofy could not be asked, or refused; nothing was erased.
            StoreUnavailable: something may still stand; ask again.
        """
        possible = self.registry.applications if client is None else (self.registry.application_of(client),)
        known = [one for one in possible if await self._is_known(one, account, client)]
        # All of it at Cronofy before any of it here.
        ended = [None if keep_at_cronofy else await self._end(one, account, client) for one in known]
        return [await self._remove(one, account, client, end) for one, end in zip(known, ended, strict=True)]

    async def erase_own(self, account: str, client: Client, more: Mapping[str, Any]) -> bool:
        """Erase a client's part of an account because the client revokes it; say whether it had any.

        The account's other profiles are left alone, even where no other client is known to hang on them.

        Args:
            account: `sub`.
            client: whose part.
            more: further fields for Cronofy, should the whole authorization be ended.

        Raises:
            CronofyUnavailable: Cronofy could not be asked, or refused; nothing was erased.
            StoreUnavailable: something may still stand; ask again.
        """
        application = self.registry.application_of(client)
        if not await self._is_known(application, account, client):
            return False
        profiles = await self._profiles(application, account, client)
        ended = await self.disconnects.end_client(client, application, account, profiles, whole=False, more=more)
        await self._remove(application, account, client, ended)
        return True

    async def _is_known(self, application: Application, account: str, client: Client | None) -> bool:
        key = account_key(application.name, account)
        if client is None:
            return any([await self.store.list_ids(kind, account=key) for kind in _KINDS])
        own = [await self.store.list_ids(kind, client=client.id, account=key) for kind in (SESSION, CONNECTION, HANDLE)]
        return any(own) or await self.bindings.has_account(client, account)

    async def _end(self, application: Application, account: str, client: Client | None) -> Ended:
        if client is None:
            return await self.disconnects.end_account(application, account)
        profiles = await self._profiles(application, account, client)
        return await self.disconnects.end_client(client, application, account, profiles)

    async def _profiles(self, application: Application, account: str, client: Client) -> list[str]:
        """Return the profiles that are known to have been connected through a client."""
        key = account_key(application.name, account)
        found = [await self.sessions.read(name) for name in await self.sessions.names(client.id, key)]
        stored = await self.disconnects.connections.load(connection_id(client, account))
        kept = stored.connection.profiles if stored else ()
        return sorted({*kept, *(profile_of(one.data) for one in found if one is not None)} - {""})

    async def _remove(
        self, application: Application, account: str, client: Client | None, ended: Ended | None
    ) -> Erased:
        key, whose = account_key(application.name, account), client.id if client else None
        others = client is not None and await self.disconnects.has_others(application.name, account, client.id)
        sessions = sum([await self.sessions.end_named(name) for name in await self.sessions.names(whose, key)])
        if not others:
            # The others would need the journal's way from an old refresh token to its successor.
            for kind in (REFRESH, MODES):
                await self._delete(kind, await self.store.list_ids(kind, account=key))
        if client is not None and ended is not None:
            await self.disconnects.delegations.end_children(application, account, client)
        await self.disconnects.delegations.erase(application, account, client)
        await self._delete(CALLBACK, await self.store.list_ids(CALLBACK, client=whose, account=key))
        own = await self.store.list_ids(CONNECTION, client=whose, account=key)
        connections = sum([await self.disconnects.connections.forget(one) for one in own])
        if client is None:
            bindings = await self.bindings.erase_account(application.name, account)
        else:
            bindings = await self.bindings.forget_account(client, account)
        # Last, since whoever revokes by a handle and is not answered asks again with it.
        handles = await self.handles.end_all(whose, key)
        return Erased(application.name, ended, sessions, handles, connections, bindings, others)

    async def _delete(self, kind: str, ids: Sequence[str]) -> int:
        return sum([await self.store.delete(kind, one) for one in ids])
