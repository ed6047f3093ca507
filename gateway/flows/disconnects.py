"""Ending a connection without ending more than was asked for.

Cronofy's authorization is of an application and an account: revoking a token ends every client's connection to that
account, and the other calendars that are linked to it. So the *profile* is revoked whenever the account has other
profiles or another client hangs on it, and the token only when nothing else does.

Source: https://docs.cronofy.com/developers/api/authorization/revoke/ and /identity/profile/.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import structlog

from gateway.flows.bindings import Bindings
from gateway.flows.connections import Connections
from gateway.flows.delegations import SERVICE_ACCOUNT, Delegations
from gateway.flows.modes import ModeBook
from gateway.flows.ports import CronofyApi, VersionMoved
from gateway.flows.stored_connection import Stored, connection_id
from gateway.flows.vault import Fresh, Vault
from gateway.observe import events
from gateway.rules.client import Application, Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused

_SUCCESS: Final = range(200, 300)
_GONE: Final = frozenset({401, 404, 410})

_log = structlog.get_logger()


class Ended(StrEnum):
    """What was ended at Cronofy."""

    AUTHORIZATION = "authorization"
    PROFILES = "profiles"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Disconnects:
    """Ends connections."""

    connections: Connections
    bindings: Bindings
    modes: ModeBook
    vault: Vault
    cronofy: CronofyApi
    delegations: Delegations

    async def end(self, connection_id: str, profile_id: str, *, keep: bool) -> None:
        """End what a session connected: its profile, or the whole authorization when nothing else hangs on it.

        Args:
            connection_id: the session's connection.
            profile_id: the profile that was connected in the session; empty when none is known.
            keep: leave the connection's record, marked `reconnect_required`, since a new sign-in will write it.

        Raises:
            CronofyUnavailable: Cronofy could not be asked; nothing was ended.
            StoreUnavailable: it cannot be known what else hangs on it.
        """
        stored = await self.connections.load(connection_id)
        if stored is None:
            return
        try:
            fresh = await self.vault.fresh(connection_id)
        except RequestRefused:  # Cronofy has ended it already, and the vault has marked it
            if not keep:
                await self.connections.forget(connection_id)
            return
        if await self._is_shared_service(stored):
            # It has no profile that could be ended instead, so nothing is at Cronofy; what it let in here ends here.
            await self.delegations.end_children(fresh.application, stored.connection.account, fresh.client)
        elif profile_id and await self._is_shared(fresh, profile_id):
            await self._revoke_profile(fresh, profile_id)
            await self.modes.forget(fresh.application, stored.connection.account)
            others = await self._others(stored)
            if others and not set(stored.connection.profiles) - {profile_id}:
                # Nothing of the account is this client's any more: what is left of it was connected through others.
                await self.bindings.forget_account(fresh.client, stored.connection.account)
            elif others or not keep:
                return
        else:
            await self._revoke_token(fresh)
            # Else what the app held before would open whatever the person connects next.
            await self.bindings.forget_account(fresh.client, stored.connection.account)
        await self.modes.forget(fresh.application, stored.connection.account)
        await self._close(connection_id, keep=keep)

    async def end_client(
        self,
        client: Client,
        application: Application,
        account: str,
        profiles: Collection[str],
        *,
        whole: bool = True,
        more: Mapping[str, Any] | None = None,
    ) -> Ended:
        """End all that one client has of an account, and nothing that another client hangs on.

        Args:
            client: the client.
            application: its application.
            account: `sub`.
            profiles: those that are known to have been connected through this client; the only ones that may be ended
                where others hang on the account.
            whole: where no other client hangs on the account, its other profiles are ended as well.
            more: further fields for Cronofy, should the whole authorization be ended.

        Raises:
            CronofyUnavailable: Cronofy could not be asked, or refused.
            StoreUnavailable: it cannot be known what else hangs on it.
        """
        others = await self.has_others(application.name, account, client.id)
        if not others and (whole or not profiles):
            return await self.end_account(application, account, more)
        try:
            fresh = await self.vault.fresh(connection_id(client, account)) if profiles else None
        except RequestRefused:  # there is none, or Cronofy has ended it already
            fresh = None
        if not others and (fresh is None or not await self._has_other_profiles(fresh, profiles)):
            return await self.end_account(application, account, more)
        if fresh is None:
            return Ended.NOTHING
        for profile_id in profiles:
            await self._revoke_profile(fresh, profile_id)
        await self.modes.forget(fresh.application, account)
        return Ended.PROFILES

    async def end_account(self, application: Application, account: str, more: Mapping[str, Any] | None = None) -> Ended:
        """End an account's whole authorization, whoever hangs on it; `more` are further fields for Cronofy.

        Raises:
            CronofyUnavailable: Cronofy could not be asked, or refused.
            StoreUnavailable: it cannot be known what there is.
        """
        active = [
            one
            for one in await self.connections.of_account(application.name, account)
            if one.connection.state == "active"
        ]
        # A token that was replaced means nothing to Cronofy, which answers 200 all the same. The newest connection's is
        # the last of its line; but apps refresh by themselves, and a lost connection may have had a successor.
        if active and not await self.bindings.has_other_client(application.name, account, ""):
            newest = max(active, key=lambda one: one.connection.obtained_at)
            await self._revoke_newest(application, newest, more or {})
        else:
            await self._revoke(application, account, {**(more or {}), "sub": account})
        await self.modes.forget(application, account)
        return Ended.AUTHORIZATION

    async def has_others(self, application: str, account: str, client: str) -> bool:
        """Say whether another client hangs on an account, in the browser door or in the drop-in door.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        if await self.connections.has_other_client(application, account, client):
            return True
        return await self.bindings.has_other_client(application, account, client)

    async def _others(self, stored: Stored) -> bool:
        connection = stored.connection
        return await self.has_others(connection.application, connection.account, connection.client)

    async def _is_shared_service(self, stored: Stored) -> bool:
        return stored.connection.account.startswith(SERVICE_ACCOUNT) and await self._others(stored)

    async def _is_shared(self, fresh: Fresh, profile_id: str) -> bool:
        return await self._others(fresh.stored) or await self._has_other_profiles(fresh, {profile_id})

    async def _has_other_profiles(self, fresh: Fresh, profiles: Collection[str]) -> bool:
        known = await self.modes.look_up(fresh.application, fresh.bearer)
        if known is None:
            known = await self.modes.known(fresh.application, fresh.stored.connection.account)
        # Where it cannot be known what else is linked, these profiles are all that may be ended.
        return known is None or not known.whole or any(profile.id not in profiles for profile in known.profiles)

    async def _revoke_profile(self, fresh: Fresh, profile_id: str) -> None:
        reply = await self.cronofy.revoke_profile(fresh.application, fresh.bearer, profile_id)
        if reply.status not in _SUCCESS and reply.status not in _GONE:
            raise _refused(f"profile: status {reply.status}")
        _log.info(events.PROFILE_REVOKED, account=fresh.stored.connection.account, profile=profile_id)

    async def _revoke_token(self, fresh: Fresh) -> None:
        await self._revoke_newest(fresh.application, fresh.stored, {})

    async def _revoke_newest(self, application: Application, stored: Stored, more: Mapping[str, Any]) -> None:
        """End an authorization by its refresh token, and by the account where a refresh may have replaced that.

        Else the authorization would live on at Cronofy with nobody left who could end it.
        """
        connection = stored.connection
        if await self.vault.holds_newest(stored):
            await self._revoke(application, connection.account, {**more, "token": connection.refresh_token})
            if await self.vault.holds_newest(stored):
                return
        await self._revoke(application, connection.account, {**more, "sub": connection.account})

    async def _revoke(self, application: Application, account: str, named: Mapping[str, Any]) -> None:
        credentials = {"client_id": application.client_id, "client_secret": application.client_secret}
        reply = await self.cronofy.revoke(application, {**named, **credentials})
        if reply.status not in _SUCCESS:
            raise _refused(f"token: status {reply.status}")
        _log.info(events.TOKEN_REVOKED, application=application.name, account=account)
        await self.delegations.end_children(application, account)

    async def _close(self, connection_id: str, *, keep: bool) -> None:
        if not keep:
            await self.connections.forget(connection_id)
            return
        latest = await self.connections.load(connection_id)
        if latest is not None and latest.connection.state == "active":
            with suppress(VersionMoved):  # written by a new sign-in meanwhile, which counts
                await self.connections.require_reconnect(latest, lost_by="ended")


def _refused(detail: str) -> CronofyUnavailable:
    return CronofyUnavailable(
        Code.UPSTREAM_REPLY_INVALID,
        "Cronofy did not carry out the disconnection; nothing was ended. Try again.",
        detail=detail,
        headers={"Retry-After": "5"},
    )
