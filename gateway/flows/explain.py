"""Explaining a call without making it: what it needs, what is held, what the access mode makes of it, what to do.

The same rules as the proxied path, over what is known; nothing goes upstream.
"""

from dataclasses import dataclass
from typing import Any

from gateway.flows.callers import Caller
from gateway.flows.mode_rules import ModeRules
from gateway.flows.modes import ModeBook
from gateway.rules.access_mode import AccessMode, header_value
from gateway.rules.conferencing import way_out
from gateway.rules.mode_limits import Effect, Rule, RuleState, limit_of
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import Match
from gateway.rules.privileges import why_beyond_scopes, why_not_called
from gateway.rules.request_target import read_target
from gateway.rules.scopes import covers


@dataclass(frozen=True, slots=True)
class Question:
    """A call that nobody makes.

    Attributes:
        method: upper case.
        path: raw path and query.
        body: parsed JSON; None for none.
        scope: what the caller was granted.
    """

    method: str
    path: str
    body: Any
    scope: str


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains calls."""

    table: OperationTable
    modes: ModeBook
    rules: ModeRules

    async def explain(self, question: Question, caller: Caller) -> dict[str, Any]:
        """Return the explanation, as JSON.

        Raises:
            RequestRefused: the path is no operation, or cannot be judged; as the proxied path would say.
        """
        target = read_target(question.path)
        match = self.table.match(question.method, target)
        may_not = _why_not(match, target.query, caller)
        refusals = await self.rules.forbidden(match, question.body, caller, ask_cronofy=False)
        state = self.rules.conferencing_state
        refused = bool(refusals) and state is RuleState.ENFORCE
        mode = await self._mode(match, caller)
        limit = limit_of(match.operation.name, mode)
        scope_covered = covers(question.scope, match.operation.scopes)
        return {
            "operation": match.operation.name,
            "scope_needed": list(match.operation.scopes),
            "scope_held": question.scope,
            "scope_covered": scope_covered,
            "access_mode": str(mode),
            "verdict": str(Effect.REFUSED if refused or may_not else limit.effect),
            "rule": str(Rule.INTEGRATED_CONFERENCING) if refusals else None,
            "rule_state": str(state) if refusals else None,
            "fields": {one.ask.field: str(one.mode) for one in refusals},
            "what_to_do": may_not
            or self._advice(refusals[0].mode if refusals else None, limit.how, covered=scope_covered),
        }

    async def _mode(self, match: Match, caller: Caller) -> AccessMode:
        """Return the one mode that the call is about; `unknown` where it is none or several."""
        if not caller.is_person:
            return AccessMode.NOT_APPLICABLE
        known = await self.modes.known_for(caller.application, caller.account, caller.bearer or "")
        calendar_id = match.values.get("calendar_id")
        value = header_value(known, [calendar_id] if calendar_id else [])
        return AccessMode(value) if value in set(AccessMode) else AccessMode.UNKNOWN

    def _advice(self, forbidden_in: AccessMode | None, how: str, *, covered: bool) -> str:
        if forbidden_in is not None:
            return way_out(forbidden_in)
        if not covered:
            return "Ask for one of the needed scopes when the person connects again; Cronofy would answer 403."
        return how or "Nothing: the call works as it is."


def _why_not(match: Match, query: str, caller: Caller) -> str:
    """Say why the caller's clients may not make the call, by what the operator allows them; empty when they may."""
    for client in caller.clients:
        why = why_not_called(client, match.operation)
        if not why and caller.is_person:
            why = why_beyond_scopes(client, match.operation, query=query)
        if why:
            return why
    return ""
