"""Who a caller is and what it may do, found out a moment ago: the next call like it need not be judged again.

A standing is of calls with the very same header lines, to the same operation, without a body and with nothing in their
query that a rule looks at: whatever the judgement of one of them rests on is the same for the next. What it rests on
beyond the request (session, token, connection, modes, the registry) is asked again for each call, by witnesses: each
was read at most two seconds ago, and a change here counts at once.
"""

from collections.abc import Iterable
from typing import Final

from gateway.flows.callers import Caller
from gateway.flows.incoming import CallFacts, Incoming, NoBody
from gateway.flows.proxy import Judged, Proxy, named_calendars
from gateway.flows.witnesses import Witness
from gateway.rules.access_mode import AccessMode, AccountModes, header_value
from gateway.rules.account_header import named_account
from gateway.rules.authorization import bearer_token, single_authorization
from gateway.rules.handles import handle_kind
from gateway.rules.headers import Pairs
from gateway.rules.operations import Body, Match
from gateway.rules.owned_objects import LISTING, object_used
from gateway.rules.plain_queries import is_plain
from gateway.rules.request_target import Target

SECONDS: Final = 2.0  # that a standing lasts at most

_NOTHING: Final = NoBody()


class Standing:
    """A caller whose calls to one operation were judged.

    Attributes:
        caller: who it is.
        known: what is known of the account's modes.
        facts: what log lines say of its calls.
        until: Unix time, in seconds, after which it is judged anew.
    """

    __slots__ = ("_proxy", "_session", "_version", "_witnesses", "caller", "facts", "known", "until")

    def __init__(
        self, proxy: Proxy, judged: Judged, facts: CallFacts, witnesses: Iterable[Witness], *, until: float
    ) -> None:
        self._proxy = proxy
        self._version = proxy.callers.registry.version
        self._witnesses = tuple(witnesses)
        self._session = judged.incoming.connection
        self.caller: Caller = judged.caller
        self.known: AccountModes | None = judged.known
        self.facts = facts
        self.until = until

    def holds(self, now: float) -> bool:
        """Say whether nothing has changed; `now` is Unix time, in seconds."""
        if now >= self.until or self._version != self._proxy.callers.registry.version:
            return False
        for one in self._witnesses:  # noqa: SIM110  a generator costs more than the rest of it
            if one.entries.get(one.name) is not one.entry:
                return False
        return True

    def incoming(self, raw: str, headers: Pairs, request_id: str) -> Incoming:
        """Return a call of this standing as it came.

        Args:
            raw: its target.
            headers: its lines.
            request_id: ours.
        """
        return Incoming("GET", raw, headers, _NOTHING, request_id, self._session)

    def mode(self, target: Target, match: Match) -> str:
        """Return the mode header's value for a call."""
        if not self.caller.is_person:
            return AccessMode.NOT_APPLICABLE
        return header_value(self.known, named_calendars(target, match))


def standing_of(proxy: Proxy, judged: Judged, session: Witness | None) -> Standing | None:
    """Return the standing of a caller whose call was just judged; None where the next one has to be judged anew.

    Args:
        proxy: who judged it.
        judged: the call.
        session: the witness of the browser's session behind it, if any.
    """
    caller, operation, now = judged.caller, judged.match.operation, proxy.clock.now()
    is_plain_call = (
        judged.incoming.method == "GET" and not judged.incoming.body.is_there and is_plain(judged.target.query)
    )
    # What is read for more than its next page, or belongs to somebody, takes more than a moment's memory.
    is_plain_operation = operation.name not in LISTING and not operation.ruled_fields and not operation.bearer_parameter
    is_plain_operation &= operation.body is Body.STREAMED and (operation.paged or not operation.answer_is_read)
    if not is_plain_call or not is_plain_operation or judged.ruled is not None or judged.look_up is not None:
        return None
    if caller.key or caller.is_element or object_used(operation.name, judged.match.values, judged.target.query):
        return None
    witnesses = _witnesses(proxy, judged, session)
    if any(one is None for one in witnesses):
        return None
    found = [one for one in witnesses if one is not None]
    until = min(now + SECONDS, *(one.until for one in found))
    client = caller.client.id if caller.client else ""
    facts = CallFacts(operation.name, client, "")
    return Standing(proxy, judged, facts, found, until=until)


def _witnesses(proxy: Proxy, judged: Judged, session: Witness | None) -> list[Witness | None]:
    """Return everything that the judgement rests on; None in it where something was not remembered."""
    caller, incoming = judged.caller, judged.incoming
    found: list[Witness | None] = []
    if incoming.connection:
        found.append(session)
    elif not named_account(incoming.headers):
        token = bearer_token(single_authorization([v for k, v in incoming.headers if k.lower() == "authorization"]))
        if token is None:
            return [None]
        found.append(
            proxy.callers.bindings.witness(token)
            if handle_kind(token) is None
            else proxy.callers.handles.witness(token)
        )
    if caller.connection:
        found.append(proxy.callers.vault.witness(caller.connection, caller.version))
    if caller.is_person:
        found += proxy.modes.witnesses(caller.application, caller.account, caller.bearer or "")
    return found
