"""The story of a proxied call.

Who calls → what is asked → does a rule forbid it → send → answer, with the mode header on it. Bodies stream; only
operations that the route table flags are read on the way up, and only paged ones on the way down.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import unquote_plus

from gateway.flows.answers import Answer, Answers, Asked
from gateway.flows.callers import Caller, Callers
from gateway.flows.elements import Elements
from gateway.flows.incoming import CallFacts, Incoming
from gateway.flows.modes import ModeBook
from gateway.flows.privileges import Privileges
from gateway.flows.ruled_body import Ruled, RuledBodies
from gateway.flows.sending import Sender
from gateway.flows.upstream_port import UpstreamReply
from gateway.observe.metrics import Metrics
from gateway.rules.access_mode import AccessMode, AccountModes, header_value
from gateway.rules.bearer_parameter import without_bearer
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.method_override import refuse_form, refuse_override
from gateway.rules.operation_table import OperationTable
from gateway.rules.operations import Body, Match
from gateway.rules.queries import parse_query, seen_names
from gateway.rules.request_target import Target

REPLAYED_BYTES: Final = 64 * 1024
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_NOT_MODIFIED: Final = 304
_UNAUTHORIZED: Final = 401
_SUCCESS: Final = range(200, 300)
_DOUBTFUL: Final = frozenset({403, 423})  # no permission; no usable credentials


@dataclass(slots=True)
class Judged:
    """A call that may go to Cronofy.

    Attributes:
        incoming: the call as it came.
        target: its target, read, without a credential in it.
        body: what is sent; None for nothing.
        ruled: what the rules made of its body; None where that was not read.
        asked: what its answer is to.
        known: what is known of the account's modes.
        look_up: the look-up of them that runs beside the call; None where none is needed.
    """

    incoming: Incoming
    target: Target
    body: bytes | AsyncIterator[bytes] | None
    ruled: Ruled | None
    asked: Asked
    known: AccountModes | None
    look_up: "asyncio.Future[AccountModes | None] | None"

    @property
    def match(self) -> Match:
        """Its operation."""
        return self.asked.match

    @property
    def caller(self) -> Caller:
        """Whose call it is."""
        return self.asked.caller


@dataclass(frozen=True, slots=True)
class Proxy:
    """Carries calls to Cronofy and back; an answer waits `mode_wait` seconds for its mode, past the upstream's head."""

    table: OperationTable
    callers: Callers
    privileges: Privileges
    elements: Elements
    modes: ModeBook
    bodies: RuledBodies
    answers: Answers
    sender: Sender
    metrics: Metrics
    mode_wait: float = 1.0

    async def call(self, incoming: Incoming, facts: CallFacts) -> Answer:
        """Carry one call.

        Raises:
            RequestRefused: a rule turned it down; nothing went upstream.
            CronofyUnavailable: there is no usable answer.
            StoreUnavailable: it cannot be known whose call it is.
        """
        judged = await self.judge(incoming, facts)
        if judged.ruled is not None and judged.ruled.nothing_left:
            return self.answers.make_own(judged.asked, self.mode(judged, facts))
        caller, asked = judged.caller, judged.asked
        try:
            reply = await self.sender.send(
                incoming, judged.match, judged.target, caller, judged.body, merged=bool(asked.refused)
            )
        except CronofyUnavailable as error:
            self.metrics.upstream_failures.labels(error.code).inc()
            raise
        return await self.finish(judged, reply, facts)

    async def judge(self, incoming: Incoming, facts: CallFacts) -> Judged:
        """Say whose call it is and whether it may go to Cronofy; nothing has gone there yet.

        Raises:
            RequestRefused: a rule turned it down.
            CronofyUnavailable: the caller's token has expired and cannot be refreshed now.
            StoreUnavailable: it cannot be known whose call it is.
        """
        target, match = self.table.read(incoming.method, incoming.target)
        operation = match.operation
        facts.operation = operation.name
        target, offered = without_bearer(target, operation)
        _refuse_shadows(target, match)
        refuse_override(target.query)
        caller, body, ruled = await self._judge(incoming, target, match, facts, offered)
        known, look_up = await self._begin_mode(caller)
        sent = body if isinstance(body, bytes) else b""
        asked = Asked(incoming.method, incoming.request_id, match, caller, ruled.refused if ruled else {}, sent)
        return Judged(incoming, target, body, ruled, asked, known, look_up)

    async def finish(self, judged: Judged, reply: UpstreamReply, facts: CallFacts) -> Answer:
        """Return what goes back for Cronofy's reply, after another try where it refused the credential.

        Raises:
            RequestRefused: `reconnect_required`.
            CronofyUnavailable: there is no usable answer.
            StoreUnavailable: what the answer says could not be kept.
        """
        incoming, target, body, asked = judged.incoming, judged.target, judged.body, judged.asked
        caller = judged.caller
        try:
            if reply.status == _UNAUTHORIZED and caller.connection:
                caller, reply = await self.sender.send_again(incoming, asked, target, caller, body, reply)
                asked = judged.asked = replace(asked, caller=caller)
            elif reply.status == _UNAUTHORIZED and caller.key:
                reply = await self.sender.send_with_other_secret(incoming, asked, target, body, reply)
        except CronofyUnavailable as error:
            self.metrics.upstream_failures.labels(error.code).inc()
            raise
        try:
            if judged.ruled is not None and judged.ruled.claim is not None:
                await self.privileges.ownership.settle(judged.ruled.claim, reply.status)
            if reply.status != _UNAUTHORIZED:
                await self.await_mode(judged)
            await self._learn_from(reply, caller, judged.match)
        except BaseException:
            reply.close()  # the caller left, or the store is away; nobody will read it
            raise
        return await self.answers.make(reply, asked, self.mode(judged, facts))

    async def await_mode(self, judged: Judged, *, accepted: bool = True) -> None:
        """Wait for a mode that is being looked up, where none is known; not for long.

        Args:
            judged: the call.
            accepted: Cronofy has taken its token just now.
        """
        look_up, caller = judged.look_up, judged.caller
        if look_up is None or judged.known is not None:
            return
        judged.known = await self._await_mode(look_up)
        if accepted and judged.known is None and not caller.account and look_up.done() and not look_up.cancelled():
            # Inventions may have used up the small budget, which such a token need not come out of.
            judged.known = await self._await_mode(self.modes.look_up(caller.application, caller.bearer or ""))

    def mode(self, judged: Judged, facts: CallFacts) -> str:
        """Return the mode header's value, and note it."""
        caller = judged.caller
        named = _named_calendars(judged.target, judged.match)
        mode = header_value(judged.known, named) if caller.is_person else AccessMode.NOT_APPLICABLE
        facts.mode = mode
        self.metrics.modes.labels(mode).inc()
        return mode

    async def _judge(
        self, incoming: Incoming, target: Target, match: Match, facts: CallFacts, offered: str
    ) -> tuple[Caller, bytes | AsyncIterator[bytes] | None, Ruled | None]:
        """Say who calls, judge what is asked, and return the body to send; `offered` is the query's `bearer_token`."""
        admit = partial(self._admit, incoming, target, match, facts)
        caller = await self.elements.identify(incoming.headers, target.query, match.operation)
        if caller is None:
            caller = await self.callers.identify(incoming.headers, match.operation, incoming.connection, offered)
        if caller is not None:
            await admit(caller)
        if match.operation.body is Body.READ and incoming.body.is_there:
            ruled = await self.bodies.judge(incoming, match, caller, admit)
            if ruled.caller is None:
                raise self.callers.missing(match.operation)
            return ruled.caller, ruled.body, ruled
        if caller is None:
            raise self.callers.missing(match.operation)
        return caller, await _body_of(incoming, keep=caller.may_be_sent_twice), None

    async def _admit(self, incoming: Incoming, target: Target, match: Match, facts: CallFacts, caller: Caller) -> None:
        """Judge a caller as soon as it is known, by its header or by its body."""
        facts.client = caller.client.id if caller.client else ""
        await self.privileges.admit(incoming, target, match, caller)

    async def _learn_from(self, reply: UpstreamReply, caller: Caller, match: Match) -> None:
        """Take note of answers that say that an account is not what it was."""
        if not caller.is_person or not caller.account:
            return
        if match.operation.name == "revoke_profile" and reply.status in _SUCCESS:
            await self.modes.forget(caller.application, caller.account)
        elif reply.status in _DOUBTFUL:
            await self.modes.doubt(caller.application, caller.account)

    async def _begin_mode(
        self, caller: Caller
    ) -> "tuple[AccountModes | None, asyncio.Future[AccountModes | None] | None]":
        """Return what is known of the account, and the look-up that runs beside the call where one is needed."""
        if not caller.is_person:
            return None, None
        known = await self.modes.known_for(caller.application, caller.account, caller.bearer or "")
        # An element token is not shown to userinfo on our own account: what is known is said, else `unknown`.
        if caller.bearer is None or not self.modes.needs_look_up(known):
            return known, None
        return known, self.modes.look_up(caller.application, caller.bearer, bound=bool(caller.account))

    async def _await_mode(self, look_up: "asyncio.Future[AccountModes | None]") -> AccountModes | None:
        try:
            return await asyncio.wait_for(look_up, self.mode_wait)
        except TimeoutError:
            return None


async def _body_of(incoming: Incoming, *, keep: bool) -> bytes | AsyncIterator[bytes] | None:
    """Return the body to send: kept whole where it is small and may have to be sent twice, else streamed."""
    if not incoming.body.is_there:
        return None
    refuse_form(incoming.method, [value for name, value in incoming.headers if name.lower() == "content-type"])
    small = incoming.body.length is not None and incoming.body.length <= REPLAYED_BYTES
    return await incoming.body.read(REPLAYED_BYTES) if keep and small else incoming.body.stream()


def _refuse_shadows(target: Target, match: Match) -> None:
    """A ruled field in the query would reach Rack's parameters past the rule that reads the body."""
    ruled = match.operation.ruled_fields
    if ruled and target.query:
        for parameter in parse_query(target.query):
            if shadowed := seen_names(parameter) & ruled:
                name = min(shadowed)
                raise RequestRefused(Code.PARAMETER_SHADOWED, f"Send {name} in the JSON body, not in the query.")


def _named_calendars(target: Target, match: Match) -> list[str]:
    """Return the calendars that a call names: the one in its path, or those of `calendar_ids[]`."""
    if calendar_id := match.values.get("calendar_id"):
        return [calendar_id]
    names = {"calendar_ids[]", "calendar_ids"}
    return [one.value for one in parse_query(target.query) if unquote_plus(one.name) in names and one.value]
