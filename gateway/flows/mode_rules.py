"""Judging what a mode forbids, by the mode of the very calendar that is asked for.

The proxied path and `explain` ask here, so that no verdict exists twice. A mode that is older than a minute is looked
up again before somebody is refused because of it; what cannot be known passes, since Cronofy decides the rest.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog

from gateway.flows.callers import Caller
from gateway.flows.modes import ModeBook
from gateway.flows.ports import Clock, CronofyApi
from gateway.flows.stored_connection import connection_id
from gateway.flows.vault import Vault
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.access_mode import AccessMode, AccountModes
from gateway.rules.client import Application
from gateway.rules.conferencing import forbidding_mode
from gateway.rules.conferencing_asks import Ask, asks_of
from gateway.rules.errors import GatewayError
from gateway.rules.mode_limits import Rule, RuleState
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import Match

# A mode this old is looked up again before somebody is refused because of it, for this long at the most.
FRESH_FOR_REFUSAL: Final = 60.0
LOOK_UP_WAIT: Final = 2.0
_SUCCESS: Final = range(200, 300)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A place of a body that a mode forbids."""

    ask: Ask
    mode: AccessMode


@dataclass(frozen=True, slots=True)
class ModeRules:
    """Judges bodies by mode."""

    table: OperationTable
    modes: ModeBook
    vault: Vault
    cronofy: CronofyApi
    clock: Clock
    metrics: Metrics
    states: Mapping[Rule, RuleState]

    @property
    def conferencing_state(self) -> RuleState:
        """How the rule on integrated conferencing is applied."""
        return self.states.get(Rule.INTEGRATED_CONFERENCING, RuleState.ENFORCE)

    async def forbidden(self, match: Match, body: Any, caller: Caller, *, ask_cronofy: bool) -> list[Refusal]:  # noqa: ANN401
        """Return every place of a body that a mode forbids, whatever the rule's state.

        Args:
            match: the operation.
            body: parsed.
            caller: whose call it is.
            ask_cronofy: modes that are old or unknown may be looked up; else what is known counts.
        """
        asks = asks_of(match.operation.name, match.values, body, self.table)
        return [Refusal(ask, mode) for ask in asks if (mode := await self._forbidding(ask, caller, ask_cronofy))]

    async def refusals(self, match: Match, body: Any, caller: Caller) -> list[Refusal]:  # noqa: ANN401  JSON
        """Return what is refused of a body; nothing where the rule only observes or is off."""
        rule, state = Rule.INTEGRATED_CONFERENCING, self.conferencing_state
        if state is RuleState.OFF:
            return []
        found = await self.forbidden(match, body, caller, ask_cronofy=True)
        for _ in found:
            self.metrics.mode_rules.labels(rule, state, match.operation.name).inc()
        if found and state is RuleState.OBSERVE:
            _log.warning(events.RULE_OBSERVED, rule=str(rule), operation=match.operation.name, places=len(found))
        return found if state is RuleState.ENFORCE else []

    async def _forbidding(self, ask: Ask, caller: Caller, ask_cronofy: bool) -> AccessMode | None:  # noqa: FBT001
        """Return the mode that forbids what a place asks for, or None."""
        if not ask.account:
            if not caller.is_person or caller.bearer is None:
                return None
            known = await self.modes.known_for(caller.application, caller.account, caller.bearer)
            bearer: str | None = caller.bearer
        else:
            known = await self.modes.known(caller.application, ask.account)
            bearer = None
        if known is not None and not self._may_forbid(known, ask):
            return None
        if ask_cronofy and not self._is_certain(known, ask):
            bearer = bearer or await self._bearer_of(ask.account, caller)
            known = (await self._look_up(caller.application, bearer) if bearer else None) or known
        return forbidding_mode(known, ask.calendar_id) if known is not None else None

    def _may_forbid(self, known: AccountModes, ask: Ask) -> bool:
        """Say whether what is known speaks against it at all; a mode that allows is not doubted for an hour."""
        if not known.whole or self.modes.needs_look_up(known):
            return True
        return known.of_calendar(ask.calendar_id) is None or forbidding_mode(known, ask.calendar_id) is not None

    def _is_certain(self, known: AccountModes | None, ask: Ask) -> bool:
        fresh = known is not None and known.learnt_at + FRESH_FOR_REFUSAL > self.clock.now()
        return fresh and known is not None and known.of_calendar(ask.calendar_id) is not None

    async def _look_up(self, application: Application, bearer: str) -> AccountModes | None:
        try:
            return await asyncio.wait_for(self.modes.look_up(application, bearer), LOOK_UP_WAIT)
        except TimeoutError:
            return None  # it goes on by itself; what was known before counts, else Cronofy decides

    async def _bearer_of(self, account: str, caller: Caller) -> str | None:
        """Return a token of another account, where the calling client has a stored connection to it."""
        if caller.client is None:
            return None
        try:
            return (await self.vault.fresh(connection_id(caller.client, account))).bearer
        except GatewayError:
            return None

    async def connect_url(self, caller: Caller) -> str:
        """Return a link with which the person connects Teams or Meet; empty where none can be had.

        Only for callers whose connection the gateway holds: nobody else's token is used for a call of its own.
        """
        if not caller.connection or caller.bearer is None or caller.client is None or caller.client.browser is None:
            return ""
        fields = {"redirect_uri": caller.client.browser.home}
        try:
            reply = await self.cronofy.authorize_conferencing(caller.application, caller.bearer, fields)
            url = msgspec.json.decode(reply.body)["authorization_request"]["url"] if reply.status in _SUCCESS else ""
        except (GatewayError, msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            return ""
        return url if isinstance(url, str) and url.startswith(("https://", "http://")) else ""
