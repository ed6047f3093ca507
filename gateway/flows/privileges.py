"""Least privilege: may this caller make this call at all? Judged for every door before anything goes upstream.

A caller that may be several clients may do what all of them may: any of them could be calling, and one with fewer
rights must not use those of another by holding the same token. A caller that may be anybody of its application may do
what every client of the application may.
"""

from dataclasses import dataclass
from typing import Any, Final

from gateway.flows.callers import Caller
from gateway.flows.incoming import Incoming
from gateway.flows.ownership import Claim, Ownership
from gateway.flows.registry import Registry
from gateway.rules.batches import refused_item
from gateway.rules.client import Client
from gateway.rules.delegated_scopes import judge_delegated
from gateway.rules.error_codes import MEANINGS, Code
from gateway.rules.errors import RequestRefused
from gateway.rules.method_override import refuse_override
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import Body, Credential, Match, Operation
from gateway.rules.privileges import asks_to_impersonate, why_beyond_scopes, why_not_called
from gateway.rules.request_target import Target, read_target

_UNSEEN: Final = (
    "This token did not come through this gateway, so it may do what every client of its application may; {} is not "
    "among that. Send a token that a client got here, or the client's secret."
)
_UPSERT: Final = "upsert_event"  # the one operation whose body is judged in an item of a batch as well


@dataclass(frozen=True, slots=True)
class Privileges:
    """Judges calls by what their clients may do, and by what is theirs."""

    registry: Registry
    table: OperationTable
    ownership: Ownership

    async def admit(self, incoming: Incoming, target: Target, match: Match, caller: Caller) -> None:
        """Judge a call by its head.

        Raises:
            RequestRefused: `operation_refused`, `impersonation_refused` or `object_unknown`.
            StoreUnavailable: it cannot be known whose an object is.
        """
        length = incoming.body.length if incoming.body.is_there else 0
        if why := self._why_not(match.operation, caller, query=target.query, body_bytes=length):
            raise RequestRefused(Code.OPERATION_REFUSED, why)
        # A right of the client's backend: whoever holds a session's cookie or an element token is a person at a page.
        at_page = caller.is_element or bool(incoming.connection)
        may = caller.client is not None and caller.client.may_impersonate and not at_page
        if asks_to_impersonate(incoming.headers) and not may:
            raise RequestRefused(
                Code.IMPERSONATION_REFUSED, "This client may not send Cronofy-Impersonate. The operator can allow it."
            )
        await self.ownership.check_target(match, target.query, incoming.headers, caller)

    async def judge_body(self, match: Match, body: Any, caller: Caller) -> Claim | None:  # noqa: ANN401  JSON
        """Judge what a body names; return the claim on the id of a new object, to be settled by Cronofy's answer.

        Raises:
            RequestRefused: it names what is not the caller's, or a field that belongs into the query.
            StoreUnavailable: it cannot be known whose it is.
        """
        if isinstance(body, dict) and (shadowed := match.operation.queried & body.keys()):
            raise RequestRefused(Code.PARAMETER_SHADOWED, f"Send {min(shadowed)} in the query, not in the body.")
        if caller.client is None and "callback_url" in match.operation.ruled_fields:
            for client in self._whose(caller):
                judge_delegated(body, client)  # nobody may delegate more than each of them may ask for
        return await self.ownership.check_body(match, body, caller)

    async def refused_items(self, body: Any, caller: Caller) -> dict[int, dict[str, Any]]:  # noqa: ANN401  JSON
        """Return the answers to the items of a batch that the caller may not ask for, by index.

        Raises:
            StoreUnavailable: it cannot be known whose an attachment is.
        """
        items = body.get("batch") if isinstance(body, dict) else None
        refused = {}
        for index, item in enumerate(items if isinstance(items, list) else []):
            if why := self._why_not_item(item, caller):
                refused[index] = _item(Code.OPERATION_REFUSED, "relative_url", why)
            elif not await self.ownership.owns_attachments(item, caller):
                refused[index] = _item(Code.OBJECT_UNKNOWN, "data.attachments", "An attachment is not this client's.")
        return refused

    def _why_not_item(self, item: Any, caller: Caller) -> str:  # noqa: ANN401  straight from JSON
        try:
            query, operation = self._operation_of(item)
        except RequestRefused as refused:
            limited = any(one.operations or one.allowed_scopes for one in self._whose(caller))
            if refused.code is Code.INVALID_FIELD and not limited:
                return ""  # it can be nothing: Cronofy says what is wrong
            # A reader upstream could make more of it, `/v1//batch` say, and nobody had judged that.
            return "This is no operation that is known here."
        if operation.name != _UPSERT and (operation.body is Body.READ or Credential.USER not in operation.credentials):
            return f"{operation.name} is no part of a batch: it is judged in a call of its own."
        return self._why_not(operation, caller, query=query, body_bytes=None)

    def _operation_of(self, item: Any) -> tuple[str, Operation]:  # noqa: ANN401  straight from JSON
        method, url = (item.get("method"), item.get("relative_url")) if isinstance(item, dict) else (None, None)
        if not isinstance(method, str) or not isinstance(url, str):
            raise RequestRefused(Code.INVALID_FIELD, "An item has a method and a relative_url.")
        target = read_target(url)
        refuse_override(target.query)
        return target.query, self.table.match(method.upper(), target).operation

    def _why_not(self, operation: Operation, caller: Caller, *, query: str, body_bytes: int | None) -> str:
        for client in self._whose(caller):
            why = why_not_called(client, operation)
            # An element token may be for several people, so that no account is known behind it.
            if not why and (caller.is_person or caller.is_element):
                why = why_beyond_scopes(client, operation, query=query, body_bytes=body_bytes)
            if why:
                # Whoever shows a token that nobody knows is told of no client: it may be any string.
                return why if caller.clients else _UNSEEN.format(operation.name)
        return ""

    def _whose(self, caller: Caller) -> tuple[Client, ...]:
        return caller.clients or self.registry.clients_of(caller.application)


def _item(code: Code, field: str, sentence: str) -> dict[str, Any]:
    return refused_item(field, code, sentence, status=MEANINGS[code].status)
