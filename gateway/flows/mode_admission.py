"""Letting a sign-in in by its access mode, or sending it back.

A refused profile is disconnected at Cronofy again, so that the person is not left half connected; but only the profile
that this sign-in added. One that was there before belongs to whoever connected it: another client may live on it.
"""

from dataclasses import dataclass
from typing import Final

import structlog

from gateway.flows.bindings import Bindings
from gateway.flows.connections import Connections
from gateway.flows.modes import ModeBook
from gateway.flows.ports import CronofyApi
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.access_mode import AccountModes, Profile
from gateway.rules.client import Application, Client
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.mode_policy import OnOtherMode, RevokeRefused, mode_refused
from gateway.rules.token_reply import TokenSet

_PERSON: Final = "acc_"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ModeAdmission:
    """Judges the mode of a new token set."""

    modes: ModeBook
    bindings: Bindings
    connections: Connections
    cronofy: CronofyApi
    metrics: Metrics

    async def admit(self, client: Client, application: Application, tokens: TokenSet) -> None:
        """Take in what a token reply told of its mode, or refuse it.

        Raises:
            RequestRefused: `mode_refused`; nothing may be stored or handed out.
            StoreUnavailable: it cannot be known what hangs on the account.
        """
        before = await self.modes.known(application, tokens.account)
        profile = tokens.profile or await self._only_profile(client, application, tokens)
        if profile is None:
            return
        self.metrics.connected_modes.labels(profile.mode, client.id).inc()
        if client.modes.takes(profile.mode):
            await self.modes.learn(application, tokens.account, profile)
            return
        refuse = client.modes.on_other_mode is OnOtherMode.REFUSE
        if client.modes.on_other_mode is not OnOtherMode.ALLOW:
            _log.warning(
                events.MODE_REFUSED if refuse else events.MODE_WARNED,
                client=client.id,
                account=tokens.account,
                mode=str(profile.mode),
            )
        if not refuse:
            await self.modes.learn(application, tokens.account, profile)
            return
        if client.modes.revoke_refused is RevokeRefused.PROFILE and await self._may_revoke(application, tokens, before):
            await self._revoke(application, tokens, profile)
        raise mode_refused(profile.mode, client.modes)

    async def _only_profile(self, client: Client, application: Application, tokens: TokenSet) -> Profile | None:
        """Return the profile of a reply that names none: by userinfo, and only where a policy depends on it."""
        if not client.modes.accepted or not tokens.account.startswith(_PERSON):
            return None
        known = await self.modes.look_up(application, tokens.access_token)
        others = [one for one in known.profiles if not client.modes.takes(one.mode)] if known else []
        return others[0] if others else None

    async def _may_revoke(self, application: Application, tokens: TokenSet, before: AccountModes | None) -> bool:
        """Say whether the profile is this sign-in's own: new to the account, or nobody else hangs on the account."""
        profile = tokens.profile
        if profile is not None and before is not None and any(one.id == profile.id for one in before.profiles):
            shared = await self.bindings.has_other_client(application.name, tokens.account, "")
            return not shared and not await self.connections.any_active(application.name, tokens.account)
        return profile is not None

    async def _revoke(self, application: Application, tokens: TokenSet, profile: Profile) -> None:
        try:
            reply = await self.cronofy.revoke_profile(application, tokens.access_token, profile.id)
        except CronofyUnavailable as error:
            _log.warning(events.UPSTREAM_FAILED, call="revoke profile", error=str(error.code))
            return
        await self.modes.forget(application, tokens.account)
        _log.info(events.PROFILE_REVOKED, account=tokens.account, profile=profile.id, status=reply.status)
