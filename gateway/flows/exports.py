"""An export: a client's stored connections as an import takes them, with the modes that are known."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.flows.connections import Connections
from gateway.flows.modes import ModeBook
from gateway.flows.refresh_journal import RefreshJournal
from gateway.flows.registry import Registry
from gateway.flows.stored_connection import Connection, Stored, connection_id
from gateway.flows.successors import find_newest
from gateway.rules.access_mode import Profile
from gateway.rules.client import Client

Exported = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exports:
    """What the story of an export needs."""

    registry: Registry
    connections: Connections
    journal: RefreshJournal
    modes: ModeBook

    async def walk(self, client: Client, *, account: str = "", with_tokens: bool) -> AsyncIterator[Exported | None]:
        """Yield each stored connection of a client; None for one that the key ring cannot open.

        Args:
            client: whose.
            account: only this account's; every one's when empty.
            with_tokens: with both tokens, in the clear.

        Raises:
            StoreUnavailable: the rest cannot be read now.
        """
        if account:
            stored = await self.connections.load(connection_id(client, account))
            if stored is not None:
                yield await self._describe(stored, with_tokens=with_tokens)
            return
        async for one in self.connections.walk(client):
            yield None if one is None else await self._describe(one, with_tokens=with_tokens)

    async def _describe(self, stored: Stored, *, with_tokens: bool) -> Exported:
        held = await self._newest(stored.connection)
        application = self.registry.application(held.application)
        known = await self.modes.known(application, held.account) if application else None
        return {
            "client": held.client,
            "application": held.application,
            "sub": held.account,
            "state": held.state,
            "scope": held.scope,
            **({"access_token": held.access_token, "refresh_token": held.refresh_token} if with_tokens else {}),
            "expires_at": held.expires_at,
            "profiles": [_described(one) for one in known.profiles] if known else [],
        }

    async def _newest(self, held: Connection) -> Connection:
        """Return a connection with the tokens that have replaced its own: the client's app may refresh by itself."""
        application = self.registry.application(held.application)
        found = await find_newest(self.journal, application, held.refresh_token) if application else None
        if found is None:
            return held
        tokens, at = found
        return msgspec.structs.replace(
            held,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=at + tokens.expires_in,
            scope=tokens.scope or held.scope,
        )


def _described(profile: Profile) -> dict[str, Any]:
    return {
        "profile_id": profile.id,
        "profile_name": profile.name,
        "access_mode": str(profile.mode),
        "connected": profile.connected,
    }
