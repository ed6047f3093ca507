"""What an operator may see of the store: sessions and accounts, never a token, a handle or a record's name.

The store knows accounts by fingerprints only, so whoever names a `sub` is led to it by the index, and whoever does not
walks through the store, a page at a time; what is kept in memory meanwhile does not grow with the store.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.flows.bindings import BINDING, Binding, Bindings, Held, account_key
from gateway.flows.connections import CONNECTION, Connections
from gateway.flows.handles import HANDLE
from gateway.flows.modes import ModeBook
from gateway.flows.own_sessions import MOST, SessionFacts, session_facts, session_id
from gateway.flows.ports import Clock, Entry
from gateway.flows.registry import Registry
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import SESSION, Sessions
from gateway.flows.stored_connection import Connection
from gateway.rules.access_mode import AccessMode, Profile, header_value
from gateway.rules.client import Application

HELD_BY_THE_APP: Final = "held by the app"
_PAGE: Final = 500

Looked = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Which:
    """Which sessions are meant; what is empty does not narrow the choice."""

    client: str = ""
    account: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class ClientSession:
    """A session and whose it is."""

    client: str
    facts: SessionFacts


@dataclass(frozen=True, slots=True)
class Whose:
    """An account, as one client is connected to it: the client's id, the application's name, `sub`."""

    client: str
    application: str
    account: str


@dataclass(frozen=True, slots=True)
class AccountLine:
    """What may be shown of one client's link to an account.

    Attributes:
        whose: which client's, to which account.
        state: `active`, `reconnect_required`, or HELD_BY_THE_APP where only the drop-in door knows it.
        lost_by: how a lost connection was lost.
        scope: as granted last.
        modes: the account's access modes, as the access-mode header says them.
        sessions: how many sessions there are.
        handles: how many handles there are: a refresh handle for each exchange of a code, and access handles, those
            that expired within the last hour among them.
        refreshed_at: Unix time, in seconds, at which the newest token set came.
    """

    whose: Whose
    state: str
    lost_by: str
    scope: str
    modes: str
    sessions: int
    handles: int
    refreshed_at: float


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """All that may be shown of an account of one application."""

    application: str
    profiles: tuple[Profile, ...]
    lines: tuple[AccountLine, ...]
    sessions: tuple[ClientSession, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Looks into the store."""

    records: SealedRecords
    registry: Registry
    sessions: Sessions
    connections: Connections
    bindings: Bindings
    modes: ModeBook
    clock: Clock

    async def session_names(self, which: Which, looked: Looked) -> AsyncGenerator[str, None]:
        """Yield the record names of the sessions that are meant.

        Args:
            which: which ones.
            looked: told how many records were looked at, now and then.

        Raises:
            StoreUnavailable: the rest cannot be known now.
        """
        if which.account:
            for application in self.registry.applications:
                key = account_key(application.name, which.account)
                for name in await self.sessions.names(which.client or None, key):
                    if which.id in {"", session_id(name)}:
                        yield name
            return
        async for entry in self._walk(SESSION, looked):
            if which.client in {"", entry.record.client} and which.id in {"", session_id(entry.id)}:
                yield entry.id

    async def sessions_of(self, which: Which, looked: Looked) -> AsyncGenerator[ClientSession, None]:
        """Yield the living sessions that are meant, in no order.

        Args:
            which: which ones.
            looked: told how many records were looked at, now and then.

        Raises:
            StoreUnavailable: the rest cannot be known now.
        """
        async for name in self.session_names(which, looked):
            if (found := await self.session(name)) is not None:
                yield found

    async def session(self, name: str) -> ClientSession | None:
        """Return a living session by its record's name.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        raw, record = await self.records.store.get(SESSION, name), await self.sessions.read(name)
        if raw is None or record is None:
            return None
        return ClientSession(raw.client, session_facts(name, record, self.sessions.lifetimes, self.clock.now()))

    async def accounts(self, client: str, looked: Looked) -> AsyncGenerator[AccountLine, None]:
        """Yield a line for each account and client: first those with a connection, then those that only apps hold.

        Args:
            client: only this client's; empty for all.
            looked: told how many records were looked at, now and then.

        Raises:
            StoreUnavailable: the rest cannot be known now.
        """
        async for entry in self._walk(CONNECTION, looked):
            if client in {"", entry.record.client}:
                found = self.records.open(CONNECTION, entry.id, entry.record, Connection)
                if found is not None:
                    yield await self._connected(found)
        told: set[Whose] = set()  # as many as were yielded; each account has several bindings
        async for entry in self._walk(BINDING, looked):
            binding = self.records.open(BINDING, entry.id, entry.record, Binding)
            if binding is None or not binding.account:
                continue
            for one in binding.clients:
                whose = Whose(one, binding.application, binding.account)
                if client in {"", one} and whose not in told and not await self._has_connection(whose):
                    told.add(whose)
                    yield await self._held(whose, await self.bindings.held(whose.application, whose.account))

    async def account(self, account: str, client: str) -> list[AccountFacts]:
        """Return what is known of an account, for each application that knows it.

        Args:
            account: `sub`.
            client: only this client's part; empty for all.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        every = [await self._account(one, account, client) for one in self.registry.applications]
        return [one for one in every if one.lines or one.sessions]

    async def _account(self, application: Application, account: str, client: str) -> AccountFacts:
        stored = await self.connections.of_account(application.name, account)
        connected = {one.connection.client for one in stored}
        held = await self.bindings.held(application.name, account)
        apps = [Whose(one.client, application.name, account) for one in held if one.client not in connected]
        lines = [
            *[await self._connected(one.connection) for one in stored],
            *[await self._held(one, held) for one in apps],
        ]
        names = await self.sessions.names(client or None, account_key(application.name, account))
        sessions = [await self.session(name) for name in names[:MOST]]
        modes = await self.modes.known(application, account)
        return AccountFacts(
            application.name,
            modes.profiles if modes else (),
            tuple(one for one in lines if client in {"", one.whose.client}),
            tuple(one for one in sessions if one is not None),
        )

    async def _walk(self, kind: str, looked: Looked) -> AsyncGenerator[Entry, None]:
        cursor, is_first = "", True
        while cursor or is_first:
            entries, cursor = await self.records.store.walk(cursor, _PAGE, kind=kind)
            is_first = False
            for entry in entries:
                yield entry
            looked(len(entries))

    async def _has_connection(self, whose: Whose) -> bool:
        key = account_key(whose.application, whose.account)
        return bool(await self.records.store.list_ids(CONNECTION, client=whose.client, account=key))

    async def _connected(self, one: Connection) -> AccountLine:
        whose = Whose(one.client, one.application, one.account)
        return await self._line(whose, one.state, one.scope, one.obtained_at, lost_by=one.lost_by)

    async def _held(self, whose: Whose, held: Sequence[Held]) -> AccountLine:
        scope, at = next(((one.scope, one.handed_out_at) for one in held if one.client == whose.client), ("", 0.0))
        return await self._line(whose, HELD_BY_THE_APP, scope, at)

    async def _line(self, whose: Whose, state: str, scope: str, at: float, *, lost_by: str = "") -> AccountLine:
        key, modes = account_key(whose.application, whose.account), await self._modes(whose)
        sessions = await self.sessions.names(whose.client, key)
        handles = await self.records.store.list_ids(HANDLE, client=whose.client, account=key)
        return AccountLine(whose, state, lost_by, scope, modes, len(sessions), len(handles), at)

    async def _modes(self, whose: Whose) -> str:
        application = self.registry.application(whose.application)
        known = await self.modes.known(application, whose.account) if application else None
        return AccessMode.NOT_APPLICABLE if whose.account.startswith(("ser_", "apc_")) else header_value(known)
