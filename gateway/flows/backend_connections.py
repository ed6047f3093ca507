"""What a client's backend may see and end: the stored connections of its own client, never a token.

Found by client and account together, so that another client's connection looks like one that never was.
"""

from dataclasses import dataclass
from typing import Final

from gateway.flows.connections import Connections
from gateway.flows.erasure import Erasure
from gateway.flows.modes import ModeBook
from gateway.flows.registry import Registry
from gateway.flows.service_door import connection_unknown
from gateway.flows.stored_connection import Connection, Stored, connection_id
from gateway.rules.access_mode import AccessMode, Profile, header_value
from gateway.rules.client import Client

MOST: Final = 200  # connections on a page
_MOST_LOOKED_AT: Final = 1_000  # for a page of one state


@dataclass(frozen=True, slots=True)
class BackendConnection:
    """What may be shown of a connection.

    Attributes:
        connection: as it is stored; its tokens are not shown.
        access_mode: of the account, as the access-mode header says it.
        profiles: of the account, as far as they are known.
    """

    connection: Connection
    access_mode: str
    profiles: tuple[Profile, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a client's connections; `cursor` is where the next one begins, empty on the last."""

    connections: tuple[BackendConnection, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class BackendConnections:
    """Looks at a client's connections, and ends them."""

    registry: Registry
    connections: Connections
    modes: ModeBook
    erasure: Erasure

    async def page(self, client: Client, *, cursor: str, limit: int, state: str) -> Page:
        """Return some of a client's connections, in an order that stays.

        Args:
            client: whose.
            cursor: of the page before; empty to begin.
            limit: the most that are returned; a page before the last may be shorter, and one of a state even empty.
            state: only those in this state; empty for all.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        most = _MOST_LOOKED_AT if state else limit
        # One more than is looked at tells whether there is a next page.
        names = await self.connections.page_of_ids(client, after=cursor, limit=most + 1)
        found: list[BackendConnection] = []
        for number, name in enumerate(names):
            if len(found) == limit or number == most:
                return Page(tuple(found), names[number - 1])
            stored = await self.connections.load(name)
            if stored is None or stored.connection.application != client.application:
                continue  # ended meanwhile, its key is lost, or from before the client moved to another application
            if state in {"", stored.connection.state}:
                found.append(await self._shown(client, stored))
        return Page(tuple(found), "")

    async def one(self, client: Client, account: str) -> BackendConnection:
        """Return a client's connection to an account.

        Raises:
            RequestRefused: `connection_unknown`.
            StoreUnavailable: it cannot be known now.
        """
        return await self._shown(client, await self.stored(client, account))

    async def stored(self, client: Client, account: str) -> Stored:
        """Return a client's connection to an account as it is stored; nothing is refreshed.

        Raises:
            RequestRefused: `connection_unknown`.
            StoreUnavailable: it cannot be known now.
        """
        stored = await self.connections.load(connection_id(client, account))
        if stored is None:
            raise connection_unknown()
        return stored

    async def end(self, client: Client, account: str) -> None:
        """End all that a client has of an account: at Cronofy first, as far as nothing else hangs on it, then here.

        Raises:
            RequestRefused: `connection_unknown`.
            CronofyUnavailable: Cronofy could not be asked, or refused; nothing was ended.
            StoreUnavailable: something may still stand; ask again.
        """
        await self.stored(client, account)
        await self.erasure.erase_own(account, client, {})

    async def _shown(self, client: Client, stored: Stored) -> BackendConnection:
        account = stored.connection.account
        known = await self.modes.known(self.registry.application_of(client), account)
        mode = AccessMode.NOT_APPLICABLE if account.startswith(("ser_", "apc_")) else header_value(known)
        return BackendConnection(stored.connection, mode, known.profiles if known else ())
