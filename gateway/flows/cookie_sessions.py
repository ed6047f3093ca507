"""Sessions in cookie shape: the sealed session, its connection inside, is the cookie, and no store is needed.

A wrong, damaged, expired or foreign cookie is the same quiet nothing. What a cookie brings stands in this process's
memory from then on: its connection, so that refreshing works as in record shape (when memory holds a newer one than the
cookie that came, the answer carries a new cookie); and the session as a record, so that people see and end theirs.
Copies of a cookie are good until they expire: that a session has ended is known to this process only, while it lives.

Source: RFC 6265 section 6.1 (browsers take 4,096 bytes of name, value and attributes).
"""

import secrets
from collections import OrderedDict
from contextlib import suppress
from typing import Any, Final

import msgspec

from gateway.flows.carried_connections import CarriedConnections, is_newer
from gateway.flows.ports import Clock, SealBroken, VersionMoved
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import OpenSession, SessionRecord, Sessions
from gateway.flows.stored_connection import Connection
from gateway.rules.client import Client
from gateway.rules.cookie_text import as_cookie, of_cookie
from gateway.rules.cookies import CookieNames
from gateway.rules.error_codes import Code
from gateway.rules.errors import GatewayError, RequestRefused
from gateway.rules.session_times import Lifetimes

PURPOSE: Final = "cookie-session"
MOST_COOKIE_BYTES: Final = 3_800  # name and value; the rest of the 4,096 is for the attributes
_ID_BYTES: Final = 16
_MOST_ENDED: Final = 100_000


class CookieSession(msgspec.Struct, frozen=True, array_like=True):
    """A session as it travels.

    Attributes:
        id: random, made at the sign-in; what a sign-out is remembered by.
        data: what the session holds: connection, account, profile.
        created_at: Unix time, in seconds, of the sign-in.
        seen_at: Unix time, in seconds, of its last use (as written).
        connection: with its token set.
    """

    id: str
    data: dict[str, Any]
    created_at: float
    seen_at: float
    connection: Connection

    def __repr__(self) -> str:  # the id stays out of tracebacks and logs
        return f"CookieSession({self.connection!r})"


class CookieSessions(Sessions):
    """Makes, opens, renews and ends sessions; a session's handle is its id.

    Args:
        records: in this process's memory; their sealer seals the cookies too.
        connections: where the connections are while the process lives.
        clock: the time.
        lifetimes: of a session.
        names: the cookies' names, which count as well.
    """

    def __init__(
        self,
        records: SealedRecords,
        connections: CarriedConnections,
        clock: Clock,
        lifetimes: Lifetimes,
        names: CookieNames,
    ) -> None:
        super().__init__(records, clock, lifetimes)
        self._connections = connections
        self._names = names
        self._ended: OrderedDict[str, float] = OrderedDict()

    async def issue(self, client: Client, data: dict[str, Any]) -> str:
        """Make a session and return its cookie's value.

        Raises:
            GatewayError: `session_too_large`.
            RequestRefused: `reconnect_required`: its connection was ended meanwhile.
        """
        stored = await self._connections.load(data["connection"])
        if stored is None:
            raise RequestRefused(Code.RECONNECT_REQUIRED, "The connection was ended meanwhile; connect again.")
        now = self._clock.now()
        return self._seal(client, CookieSession(secrets.token_urlsafe(_ID_BYTES), data, now, now, stored.connection))

    async def open(self, client: Client, value: str, *, slide: bool = True) -> CookieSession | None:
        """Return the living session of a cookie as it came, or None; this process knows it from then on.

        Args:
            client: whose session it must be.
            value: what the cookie holds.
            slide: this is a use, so the idle time starts again.
        """
        session = self._unseal(client, value)
        if session is None or self._has_ended(client, session):
            return None
        await self._connections.adopt(session.data["connection"], session.connection)
        await self._note(client, session, slide=slide)
        return None if self._has_ended(client, session) else session

    async def _note(self, client: Client, session: CookieSession, *, slide: bool) -> None:
        """Keep a record of a session in memory, which people may see, and which a reconnection takes over."""
        if await self.find(client, session.id, slide=slide) is not None:
            return
        seen_at = self._clock.now() if slide else session.seen_at
        record, name = SessionRecord(session.data, session.created_at, seen_at), self.name_of(client, session.id)
        with suppress(VersionMoved):
            await self._save(client, session.id, record, expected=0)
        if name in self._ended:
            await super().end_named(name)

    def times(self, session: CookieSession, *, slide: bool) -> OpenSession:
        """Return what a session holds and when it ends; with `slide`, this is a use."""
        now, created_at = self._clock.now(), session.created_at
        seen_at = now if slide and self.lifetimes.needs_write(seen_at=session.seen_at, now=now) else session.seen_at
        ends = self.lifetimes.ends_at(created_at=created_at, seen_at=seen_at)
        return OpenSession(session.data, created_at, created_at + self.lifetimes.absolute - now, ends - now)

    async def renewed(
        self, client: Client, session: CookieSession, *, slide: bool, data: dict[str, Any] | None = None
    ) -> str | None:
        """Return the value of a new cookie where the one that came is behind, else None; never one of an ended session.

        Args:
            client: whose session it is.
            session: as it came.
            slide: the request was a use.
            data: what the session holds from now on, where that was changed.

        Raises:
            GatewayError: `session_too_large`; the old cookie is still good.
            StoreUnavailable: it is not known whether it is behind.
        """
        stored, now = await self._connections.load(session.data["connection"]), self._clock.now()
        newer = stored is not None and is_newer(stored.connection, session.connection)
        due = slide and self.lifetimes.needs_write(seen_at=session.seen_at, now=now)
        if self._has_ended(client, session) or not (newer or due or data is not None):
            return None
        fresh = CookieSession(
            session.id,
            session.data if data is None else data,
            session.created_at,
            now if slide else session.seen_at,
            stored.connection if stored is not None and newer else session.connection,
        )
        value = self._seal(client, fresh)
        if data is not None:
            await self.replace(client, session.id, data)
        return value

    async def end_named(self, name: str) -> bool:
        """End a session by its name; say whether this call ended one that was known. Its copies are refused here."""
        now = self._clock.now()
        self._ended[name] = now + self.lifetimes.absolute  # by then every copy has expired
        self._ended.move_to_end(name)
        while len(self._ended) > _MOST_ENDED or next(iter(self._ended.values())) <= now:
            self._ended.popitem(last=False)
        return await super().end_named(name)

    def _has_ended(self, client: Client, session: CookieSession) -> bool:
        now = self._clock.now()
        over = self.lifetimes.is_over(created_at=session.created_at, seen_at=session.seen_at, now=now)
        return over or self.name_of(client, session.id) in self._ended

    def _unseal(self, client: Client, value: str) -> CookieSession | None:
        if len(value) > MOST_COOKIE_BYTES:
            return None
        try:
            plain = self._records.sealer.open(of_cookie(value), purpose=PURPOSE, client=client.id, record_id="")
            return msgspec.json.decode(plain, type=CookieSession)
        except (SealBroken, msgspec.DecodeError, ValueError):
            return None

    def _seal(self, client: Client, session: CookieSession) -> str:
        plain = msgspec.json.encode(session)
        value = as_cookie(self._records.sealer.seal(plain, purpose=PURPOSE, client=client.id, record_id=""))
        size = len(self._names.session(client.id)) + len(value)
        if size > MOST_COOKIE_BYTES:
            raise GatewayError(
                Code.SESSION_TOO_LARGE,
                f"This session does not fit into a cookie of {MOST_COOKIE_BYTES} bytes; the operator has to keep "
                'sessions in a store: sessions.shape = "record".',
                detail=f"{size} bytes",
            )
        return value
