"""The vault: a fresh access token of a connection, refreshed once for any number of callers.

Close to its expiry a token is refreshed before the call; within a wider margin the call uses it while one refresh runs
beside it. New tokens are stored before anybody uses them. Only `invalid_grant` is final; anything else keeps the
connection. How a refresh is done once on any number of nodes is `refreshes`' story.

Source: RFC 6749 section 6; https://docs.cronofy.com/developers/faqs/access-token-expiry/ (the refresh token may
change).
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.flows.connections import Connections
from gateway.flows.ports import Clock, VersionMoved
from gateway.flows.refresh_outcomes import Refreshed
from gateway.flows.refreshes import Refreshes
from gateway.flows.registry import Registry
from gateway.flows.shared_tasks import SharedTasks, forget_outcome
from gateway.flows.stored_connection import Stored
from gateway.flows.successors import use_newest
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application, Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused, StoreUnavailable
from gateway.rules.session_times import needs_refresh
from gateway.rules.token_reply import TokenSet, read_token_reply

MARGIN: Final = 30.0  # a token this close to its end is not used any more
EARLY: Final = 300.0  # a token this close to its end is refreshed beside the call
TOO_YOUNG: Final = 60.0  # a 401 on a token younger than this is not cured by another
_TRIES: Final = 5
_RETRIES: Final = (0.5, 10.0)  # seconds, growing, between two tries to store what the store did not take

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
        self,
        connections: Connections,
        registry: Registry,
        refreshes: Refreshes,
        clock: Clock,
        metrics: Metrics,
        *,
        beside: bool = True,
    ) -> None:
        self._connections = connections
        self._registry = registry
        self._refreshes = refreshes
        self._clock = clock
        self._metrics = metrics
        self._beside = beside
        self._running: SharedTasks[Stored] = SharedTasks("connection refresh")
        self._unsaved: dict[str, tuple[Stored, TokenSet, float]] = {}
        self._saving: asyncio.Task[None] | None = None

    async def fresh(self, connection_id: str, *, margin: float = MARGIN) -> Fresh:
        """Return a connection with a token that can be used now.

        Args:
            connection_id: whose token.
            margin: seconds that the token must still live; one that is closer to its end is renewed first.

        Raises:
            RequestRefused: `reconnect_required`.
            CronofyUnavailable: the token has expired and cannot be refreshed now.
            StoreUnavailable: the connection cannot be read or written now.
        """
        stored, now = self._usable(await self._connections.recent(connection_id)), self._clock.now()
        if needs_refresh(expires_at=stored.connection.expires_at, now=now, margin=max(margin, EARLY)):
            stored = await self._load(connection_id)  # another node may just have renewed it
        expires_at = stored.connection.expires_at
        if needs_refresh(expires_at=expires_at, now=now, margin=margin):
            stored = await self._refresh(stored)
        elif needs_refresh(expires_at=expires_at, now=now, margin=EARLY) and not self._is_cooling(stored):
            renewing = self._refresh(stored)
            renewing.add_done_callback(forget_outcome)
            if not self._beside:
                with suppress(CronofyUnavailable, StoreUnavailable):  # the token that is there still works
                    stored = await renewing
        return self._with_registry(stored)

    def drop(self, connection_id: str) -> None:
        """Let the next look at a connection go to the store."""
        self._connections.drop(connection_id)

    async def has(self, connection_id: str) -> bool:
        """Say whether there is such a connection, in whatever state.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return await self._connections.load(connection_id) is not None

    async def holds_newest(self, stored: Stored) -> bool:
        """Say whether a connection's refresh token is the last of its line, and nobody is replacing it now.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        application = self._with_registry(stored).application
        return await self._refreshes.is_newest(application, stored.connection.refresh_token)

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
            stored = await (self._give_up(stored, lost_by="young_401") if too_young else self._refresh(stored))
        return self._with_registry(stored)

    async def _load(self, connection_id: str) -> Stored:
        return self._usable(await self._connections.load(connection_id))

    def _usable(self, stored: Stored | None) -> Stored:
        if stored is None or stored.connection.state != "active":
            raise reconnect_required()
        return stored

    def _with_registry(self, stored: Stored) -> Fresh:
        application = self._registry.application(stored.connection.application)
        if application is None:
            raise reconnect_required()
        return Fresh(stored, self._registry.client(stored.connection.client), application)

    def _is_cooling(self, stored: Stored) -> bool:
        application = self._registry.application(stored.connection.application)
        return application is not None and self._refreshes.is_cooling(application, stored.connection.refresh_token)

    def _refresh(self, stored: Stored) -> "asyncio.Future[Stored]":
        """Join the refresh that runs, or begin one; the future may be awaited and cancelled by anybody."""
        return self._running.join(stored.id, lambda: self._renew(stored))

    async def _renew(self, stored: Stored) -> Stored:
        latest = await self._load(stored.id)
        if latest.version != stored.version:  # refreshed or signed in anew after this caller had read it
            self._unsaved.pop(stored.id, None)
            return latest
        if stored.id in self._unsaved:
            return await self._keep(*self._unsaved[stored.id])
        began, application = self._clock.now(), self._with_registry(stored).application
        refreshed = await self._ask(application, stored)
        if refreshed.is_final:
            # Unless somebody signed in meanwhile, whose fresh connection then counts.
            return await self._give_up(stored, lost_by="interrupted" if refreshed.interrupted else "refused")
        stored = await self._keep(stored, read_token_reply(refreshed.reply.body), refreshed.at)
        self._metrics.token_requests.labels("vault_refresh", "granted").inc()
        account = stored.connection.account
        _log.info(events.TOKEN_RENEWED, account=account, wait_ms=round((self._clock.now() - began) * 1000))
        return stored

    async def _ask(self, application: Application, stored: Stored) -> Refreshed:
        """Use the refresh token, or what another client's refresh has replaced it with."""
        held = stored.connection
        try:
            return await use_newest(self._refreshes, self._clock, application, held.refresh_token, account=held.account)
        except CronofyUnavailable:
            self._metrics.token_requests.labels("vault_refresh", "failed").inc()
            raise

    async def _keep(self, stored: Stored, tokens: TokenSet, at: float) -> Stored:
        """Store new tokens; what the store does not take now stays here and is tried again."""
        try:
            renewed = await self._write(stored, tokens, at)
        except StoreUnavailable:
            self._unsaved[stored.id] = (stored, tokens, at)
            self._save_later()
            raise
        self._unsaved.pop(stored.id, None)
        return renewed

    async def _write(self, stored: Stored, tokens: TokenSet, at: float) -> Stored:
        """Write new tokens over whatever still holds the used ones; what a sign-in brought meanwhile counts."""
        used = stored.connection.refresh_token
        for _ in range(_TRIES):
            with suppress(VersionMoved):
                return await self._connections.renew(stored, tokens, at)
            latest = await self._connections.load(stored.id)
            if latest is None or not _is_behind(latest, used, tokens, at):
                return await self._load(stored.id)
            stored = latest
        raise StoreUnavailable(f"a connection was written by others {_TRIES} times in a row")

    def _save_later(self) -> None:
        """Go on trying beside everything else: another node may believe meanwhile that the connection is lost."""
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_unsaved(), name="store refreshed tokens")

    async def _save_unsaved(self) -> None:
        pause = _RETRIES[0]
        while self._unsaved:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _RETRIES[1])
            await self._try_to_save()

    async def _try_to_save(self) -> None:
        for one in list(self._unsaved.values()):
            # RequestRefused: the person signed out or was erased meanwhile, and the tokens with them.
            with suppress(StoreUnavailable):
                try:
                    await self._keep(*one)
                except RequestRefused:
                    self._unsaved.pop(one[0].id, None)

    async def _give_up(self, stored: Stored, *, lost_by: str) -> Stored:
        """Mark a connection, unless it was written meanwhile: then return what stands there now."""
        try:
            await self._connections.require_reconnect(stored, lost_by=lost_by)
        except VersionMoved:
            return await self._load(stored.id)
        self._metrics.token_requests.labels("vault_refresh", "reconnect_required").inc()
        whose = stored.connection
        _log.warning(events.CONNECTION_LOST, client=whose.client, account=whose.account, lost_by=lost_by)
        raise reconnect_required()

    async def close(self) -> None:
        """Wait for the refreshes that run, and try once more to store what could not be stored."""
        await self._running.close()
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.gather(self._saving, return_exceptions=True)
        await self._try_to_save()


def _is_behind(latest: Stored, used: str, tokens: TokenSet, at: float) -> bool:
    """Say whether a connection that was written meanwhile still holds the refresh token that was used up."""
    there = latest.connection
    if there.refresh_token != used or there.access_token == tokens.access_token:
        return False
    return there.state != "active" or there.obtained_at < at or tokens.refresh_token != used


def reconnect_required() -> RequestRefused:
    """Return the refusal of a connection that is good for nothing any more."""
    return RequestRefused(
        Code.RECONNECT_REQUIRED,
        "Cronofy no longer accepts this connection; the person has to connect again.",
        headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'},
    )
