"""Bodies that a rule reads before Cronofy does: conferencing, the scope of delegated accounts, credentials in the body.

What was parsed is what is sent: the same bytes where nothing had to change (the strict reader leaves no second way to
understand them), the changed object encoded anew otherwise.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import msgspec

from gateway.flows.callers import Caller, Callers
from gateway.flows.delegated_callbacks import DelegatedCallbacks
from gateway.flows.mode_rules import ModeRules
from gateway.flows.ownership import Claim
from gateway.flows.privileges import Privileges
from gateway.rules.batches import refused_item, without_items
from gateway.rules.bearer_parameter import take_bearer
from gateway.rules.conferencing import integrated_refused, way_out
from gateway.rules.content_coding import decode_body
from gateway.rules.delegated_scopes import judge_delegated
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import Pairs
from gateway.rules.json_text import parse_json
from gateway.rules.operations import Credential, Match

Admit = Callable[[Caller], Awaitable[None]]

_ITEM_FIELD: Final = "conferencing.profile_id"


class _Read(Protocol):
    async def read(self, limit: int) -> bytes: ...


class _Request(Protocol):
    @property
    def headers(self) -> Pairs: ...
    @property
    def body(self) -> _Read: ...


@dataclass(frozen=True, slots=True)
class Ruled:
    """A judged body.

    Attributes:
        caller: who calls, known by the body where it was not before.
        body: what is sent.
        refused: of a batch, the answers to items that are not sent, by index.
        nothing_left: every item of the batch was refused, so nothing is sent.
        claim: on the id of a new object, to be settled by Cronofy's answer.
    """

    caller: Caller | None
    body: bytes
    refused: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    nothing_left: bool = False
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class RuledBodies:
    """Reads and judges bodies; `max_bytes` bounds them, before and after decoding."""

    callers: Callers
    rules: ModeRules
    callbacks: DelegatedCallbacks
    privileges: Privileges
    max_bytes: int

    async def judge(self, request: _Request, match: Match, caller: Caller | None, admit: Admit | None = None) -> Ruled:
        """Judge a request's body.

        Args:
            request: the call.
            match: its operation.
            caller: who calls; None where only the body can tell.
            admit: judges whoever the body turns out to be, before anything else is asked.

        Raises:
            RequestRefused: the body cannot be read, or a rule forbids it.
            StoreUnavailable: a callback URL could not be remembered, or it cannot be known whose something is.
        """
        _require_json(_header(request.headers, "content-type"))
        raw = await request.body.read(self.max_bytes)
        raw = decode_body(raw, _header(request.headers, "content-encoding"), limit=self.max_bytes)
        if not raw.strip():
            return Ruled(caller, raw)
        body = parse_json(raw)
        operation = match.operation
        was_offered, offered = take_bearer(body, operation)
        if offered:
            shown, caller = caller, await self.callers.by_offered(offered, operation, caller)
            if shown is None and caller is not None and admit is not None:
                await admit(caller)
        if was_offered:
            raw = msgspec.json.encode(body)
        by_body = Credential.BODY in operation.credentials and isinstance(body, dict)
        if by_body and (caller is None or "client_secret" in body):
            caller = self.callers.by_body(body.get("client_id"), body.get("client_secret"))
            body |= {"client_id": caller.application.client_id, "client_secret": caller.key}
            raw = msgspec.json.encode(body)
            if admit is not None:
                await admit(caller)
        if caller is None:
            return Ruled(caller, raw)
        claim = await self.privileges.judge_body(match, body, caller)
        return replace(await self._judge_rules(raw, body, match, caller), claim=claim)

    async def _judge_rules(self, raw: bytes, body: Any, match: Match, caller: Caller) -> Ruled:  # noqa: ANN401  JSON
        operation = match.operation
        if operation.conferencing:
            return await self._judge_conferencing(raw, body, match, caller)
        if "callback_url" in operation.ruled_fields:
            return Ruled(caller, await self._judge_delegated(body, raw, caller))
        return Ruled(caller, raw)

    async def _judge_conferencing(self, raw: bytes, body: Any, match: Match, caller: Caller) -> Ruled:  # noqa: ANN401
        refusals = await self.rules.refusals(match, body, caller)
        if match.operation.name == "batch":
            answers = {
                one.ask.item: refused_item(_ITEM_FIELD, Code.INTEGRATED_CONFERENCING_REFUSED, way_out(one.mode))
                for one in refusals
                if one.ask.item is not None
            } | await self.privileges.refused_items(body, caller)
            if not answers:
                return Ruled(caller, raw)
            kept = without_items(body, list(answers))
            return Ruled(caller, msgspec.json.encode(kept), answers, nothing_left=not kept["batch"])
        if not refusals:
            return Ruled(caller, raw)
        fields = {one.ask.field: one.mode for one in refusals}
        raise integrated_refused(fields, connect_url=await self.rules.connect_url(caller))

    async def _judge_delegated(self, body: Any, raw: bytes, caller: Caller) -> bytes:  # noqa: ANN401  JSON
        judged = judge_delegated(body, caller.client)
        sent = await self.callbacks.prepare(judged.body, caller)
        return msgspec.json.encode(sent) if judged.changed or sent is not judged.body else raw


def _header(pairs: Pairs, name: str) -> str:
    return ", ".join(value for key, value in pairs if key.lower() == name)


def _require_json(content_type: str) -> None:
    """Rack reads other types as forms, whose fields no JSON rule would see."""
    media_type, _, parameters = content_type.lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "").removeprefix("charset=")
    if media_type.strip() != "application/json" or charset not in {"", "utf-8", "utf8"}:
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "Send this body as application/json in UTF-8.")
