"""The vault: a fresh access token of a connection, refreshed once for any number of callers.

A refresh is a shared task behind `asyncio.shield`: a caller that leaves takes nobody's token with it, and nobody
refreshes twice. Close to its expiry a token is refreshed before the call; within a wider margin the call uses it while
one refresh runs beside it. Only `invalid_grant` is final; anything else keeps the connection and cools off.

Source: RFC 6749 section 6; https://docs.cronofy.com/developers/faqs/access-token-expiry/ (the refresh token may
change).
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.flows.connections import Connections, Stored
from gateway.flows.ports import Clock, CronofyApi, VersionMoved
from gateway.flows.registry import Registry
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application, Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, GatewayError, RequestRefused, StoreUnavailable
from gateway.rules.session_times import needs_refresh
from gateway.rules.token_reply import ReplyInvalid, TokenSet, error_of_reply, read_token_reply

_OK: Final = 200
MARGIN: Final = 30.0  # a token this close to its end is not used any more
EARLY: Final = 300.0  # a token this close to its end is refreshed beside the call
COOL_OFF: Final = 3.0  # after a refresh that Cronofy did not answer usably
TOO_YOUNG: Final = 60.0  # a 401 on a token younger than this is not cured by another

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Fresh:
    """A connection whose access token can be used."""

    stored: Stored
    client: Client
    application: Application

    @property
    def bearer(self) -> str:
        """The access token."""
        return self.stored.connection.access_token


class Vault:
    """Hands out fresh tokens of connections."""

    def __init__(
        self, connections: Connections, registry: Registry, cronofy: CronofyApi, clock: Clock, metrics: Metrics
    ) -> None:
        self._connections = connections
        self._registry = registry
        self._cronofy = cronofy
        self._clock = clock
        self._metrics = metrics
        self._running: dict[str, asyncio.Task[Stored]] = {}
        self._cooling: dict[str, tuple[float, GatewayError]] = {}
        self._unsaved: dict[str, tuple[Stored, TokenSet]] = {}

    async def fresh(self, connection_id: str) -> Fresh:
        """Return a connection with a token that can be used now.

        Raises:
            RequestRefused: `reconnect_required`.
            CronofyUnavailable: the token has expired and cannot be refreshed now.
            StoreUnavailable: the connection cannot be read or written now.
        """
        stored = await self._load(connection_id)
        now, expires_at = self._clock.now(), stored.connection.expires_at
        if needs_refresh(expires_at=expires_at, now=now, margin=MARGIN):
            stored = await self._refresh(stored)
        elif needs_refresh(expires_at=expires_at, now=now, margin=EARLY) and not self._is_cooling(stored.id):
            self._refresh(stored).add_done_callback(_forget_outcome)
        return self._with_registry(stored)

    async def after_401(self, connection_id: str, version: int) -> Fresh:
        """Return a connection with a newer token than the one that Cronofy refused.

        Args:
            connection_id: whose token was refused.
            version: the connection's version that the refused token was of.

        Raises:
            RequestRefused: `reconnect_required`; also when the token was so young that another will not help.
            CronofyUnavailable: it cannot be refreshed now.
            StoreUnavailable: the connection cannot be read or written now.
        """
        stored = await self._load(connection_id)
        # Another version: somebody refreshed it after that call was sent. The token itself may be the same one, since
        # Cronofy may hand out a token that still has time left again.
        if stored.version == version:
            too_young = self._clock.now() - stored.connection.obtained_at < TOO_YOUNG
            stored = await (self._give_up(stored) if too_young else self._refresh(stored))
        return self._with_registry(stored)

    async def _load(self, connection_id: str) -> Stored:
        stored = await self._connections.load(connection_id)
        if stored is None or stored.connection.state != "active":
            raise _reconnect_required()
        return stored

    def _with_registry(self, stored: Stored) -> Fresh:
        application = self._registry.application(stored.connection.application)
        if application is None:
            raise _reconnect_required()
        return Fresh(stored, self._registry.client(stored.connection.client), application)

    def _is_cooling(self, connection_id: str) -> bool:
        return self._cooling.get(connection_id, (0.0, None))[0] > self._clock.now()

    def _refresh(self, stored: Stored) -> "asyncio.Future[Stored]":
        """Join the refresh that runs, or begin one; the future may be awaited and cancelled by anybody."""
        running = self._running.get(stored.id)
        if running is None:
            running = asyncio.create_task(self._renew(stored), name="token refresh")
            self._running[stored.id] = running
            running.add_done_callback(lambda _: self._running.pop(stored.id, None))
            running.add_done_callback(_forget_outcome)
        return asyncio.shield(running)

    async def _renew(self, stored: Stored) -> Stored:
        until, last_error = self._cooling.get(stored.id, (0.0, None))
        if last_error is not None and until > self._clock.now():
            # A new one each time: a raised exception keeps the frames of everybody who raised it.
            told = last_error
            raise CronofyUnavailable(told.code, told.public, detail=told.detail, headers=told.headers)
        latest = await self._load(stored.id)
        if latest.version != stored.version:  # refreshed or signed in anew after this caller had read it
            self._unsaved.pop(stored.id, None)
            return latest
        if stored.id in self._unsaved:
            return await self._keep(*self._unsaved[stored.id])
        began = self._clock.now()
        try:
            renewed = await self._ask(stored)
        except CronofyUnavailable as error:
            now = self._clock.now()
            self._cooling = {one: cooling for one, cooling in self._cooling.items() if cooling[0] > now}
            self._cooling[stored.id] = (now + COOL_OFF, error)
            self._metrics.token_requests.labels("vault_refresh", "failed").inc()
            raise
        self._cooling.pop(stored.id, None)
        self._metrics.token_requests.labels("vault_refresh", "granted").inc()
        account = stored.connection.account
        _log.info(events.TOKEN_RENEWED, account=account, wait_ms=round((self._clock.now() - began) * 1000))
        return renewed

    async def _ask(self, stored: Stored) -> Stored:
        application = self._with_registry(stored).application
        fields = {
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": stored.connection.refresh_token,
        }
        # No refresh unless the store takes writes: a refresh token that was used and not replaced is lost.
        await self._connections.announce_refresh(stored)
        reply = await self._cronofy.token(application, fields)
        if reply.status != _OK:
            if error_of_reply(reply.body) == "invalid_grant":
                # Unless somebody signed in meanwhile, whose fresh connection then counts.
                return await self._give_up(stored)
            raise _unusable(f"status {reply.status}")
        try:
            tokens = read_token_reply(reply.body)
        except ReplyInvalid as error:
            raise _unusable(str(error)) from None
        return await self._keep(stored, tokens)

    async def _keep(self, stored: Stored, tokens: TokenSet) -> Stored:
        """Store new tokens; what the store does not take now stays here, and is tried before anything else is asked."""
        try:
            renewed = await self._connections.renew(stored, tokens)
        except VersionMoved:
            renewed = await self._load(stored.id)
        except StoreUnavailable:
            self._unsaved[stored.id] = (stored, tokens)
            raise
        self._unsaved.pop(stored.id, None)
        return renewed

    async def _give_up(self, stored: Stored) -> Stored:
        """Mark a connection, unless it was written meanwhile: then return what stands there now."""
        try:
            await self._connections.require_reconnect(stored)
        except VersionMoved:
            return await self._load(stored.id)
        self._metrics.token_requests.labels("vault_refresh", "reconnect_required").inc()
        _log.warning(events.CONNECTION_LOST, client=stored.connection.client, account=stored.connection.account)
        raise _reconnect_required()

    async def close(self) -> None:
        """Wait for the refreshes that run, and try once more to store what could not be stored."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        unsaved = [self._keep(stored, tokens) for stored, tokens in self._unsaved.values()]
        await asyncio.gather(*unsaved, return_exceptions=True)


def _forget_outcome(future: "asyncio.Future[Stored]") -> None:
    """Take note of an outcome that nobody may be waiting for."""
    if not future.cancelled():
        future.exception()


def _reconnect_required() -> RequestRefused:
    return RequestRefused(
        Code.RECONNECT_REQUIRED,
        "Cronofy no longer accepts this connection; the person has to connect again.",
        headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'},
    )


def _unusable(detail: str) -> CronofyUnavailable:
    return CronofyUnavailable(
        Code.UPSTREAM_REPLY_INVALID,
        "Cronofy's token endpoint gave an answer that cannot be used; the session is kept.",
        detail=detail,
        headers={"Retry-After": "5"},
    )
