"""The story of a proxied call.

Who calls → what is asked → does a rule forbid it → send → answer, with the mode header on it. Bodies stream; only
operations that the route table flags are read on the way up, and only paged ones on the way down.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote_plus

from gateway.flows.bindings import Bindings
from gateway.flows.callers import Caller, Callers
from gateway.flows.modes import ModeBook
from gateway.flows.ports import Upstream, UpstreamReply
from gateway.flows.ruled_body import RuledBodies
from gateway.observe.metrics import Metrics
from gateway.rules.access_mode import AccessMode, AccountModes, header_value
from gateway.rules.data_centres import API_ORIGINS
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.headers import Pairs, to_client, to_upstream
from gateway.rules.operations import Body, Match, OperationTable
from gateway.rules.page_links import relink_page
from gateway.rules.queries import parse_query, seen_names
from gateway.rules.request_target import Target, read_target
from gateway.rules.token_reply import ReplyInvalid, read_token_reply

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_NOT_MODIFIED: Final = 304
_UNAUTHORIZED: Final = 401


class IncomingBody(Protocol):
    """A request's body, not read yet."""

    @property
    def is_there(self) -> bool:
        """Whether there is one."""
        ...

    async def read(self, limit: int) -> bytes:
        """Return it whole, as sent.

        Raises:
            RequestRefused: `body_too_large`.
        """
        ...

    def stream(self) -> AsyncIterator[bytes]:
        """Yield it as it arrives."""
        ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call as it came: method, raw target, all header lines, body."""

    method: str
    target: str
    headers: Pairs
    body: IncomingBody
    request_id: str


@dataclass(slots=True)
class CallFacts:
    """What the log line and the metrics want to know; filled on the way, so that a refusal has it too."""

    operation: str = "unmatched"
    client: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a whole body, or the upstream's reply to be streamed and then closed."""

    status: int
    headers: Pairs
    body: bytes | None
    streamed: UpstreamReply | None


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Limits and names of the proxied path.

    Attributes:
        public_url: the gateway's own origin.
        mode_header: name of the access-mode header.
        max_page_bytes: the largest page that is buffered.
        mode_wait: seconds that an answer waits for its mode, past the upstream's head.
    """

    public_url: str
    mode_header: str
    max_page_bytes: int
    mode_wait: float = 1.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """Carries calls to Cronofy and back."""

    table: OperationTable
    callers: Callers
    modes: ModeBook
    bindings: Bindings
    bodies: RuledBodies
    upstream: Upstream
    metrics: Metrics
    settings: ProxySettings

    async def call(self, incoming: Incoming, facts: CallFacts) -> Answer:
        """Carry one call.

        Raises:
            RequestRefused: a rule turned it down; nothing went upstream.
            CronofyUnavailable: there is no usable answer.
            StoreUnavailable: it cannot be known whose call it is.
        """
        target = read_target(incoming.target)
        match = self.table.match(incoming.method, target)
        operation = match.operation
        facts.operation = operation.name
        _refuse_shadows(target, match)
        caller = await self.callers.identify(incoming.headers, operation)
        body: bytes | AsyncIterator[bytes] | None = incoming.body.stream() if incoming.body.is_there else None
        if operation.body is Body.READ and incoming.body.is_there:
            caller, body = await self.bodies.judge(incoming, match, caller)
        if caller is None:
            caller = self.callers.by_body(None, None)
        facts.client = caller.client.id if caller.client else ""
        known, look_up = await self._begin_mode(caller)
        try:
            reply = await self._send(incoming, match, target, caller, body)
            if look_up is not None and known is None and reply.status != _UNAUTHORIZED:
                known = await self._await_mode(look_up)
        except CronofyUnavailable as error:
            self.metrics.upstream_failures.labels(error.code).inc()
            raise
        mode = header_value(known, _named_calendars(target, match)) if caller.is_person else AccessMode.NOT_APPLICABLE
        facts.mode = mode
        self.metrics.modes.labels(mode).inc()
        return await self._answer(reply, incoming, match, caller, mode)

    async def _begin_mode(
        self, caller: Caller
    ) -> "tuple[AccountModes | None, asyncio.Future[AccountModes | None] | None]":
        """Return what is known of the account, and the look-up that runs beside the call where one is needed."""
        if not caller.is_person or caller.bearer is None:
            return None, None
        known = await self.modes.known_for(caller.application, caller.account, caller.bearer)
        if not self.modes.needs_look_up(known):
            return known, None
        return known, self.modes.look_up(caller.application, caller.bearer)

    async def _await_mode(self, look_up: "asyncio.Future[AccountModes | None]") -> AccountModes | None:
        try:
            return await asyncio.wait_for(look_up, self.settings.mode_wait)
        except TimeoutError:
            return None

    async def _send(
        self,
        incoming: Incoming,
        match: Match,
        target: Target,
        caller: Caller,
        body: bytes | AsyncIterator[bytes] | None,
    ) -> UpstreamReply:
        headers = to_upstream(
            incoming.headers,
            authorization=f"Bearer {caller.bearer}" if caller.bearer else None,
            request_id=incoming.request_id,
            paged=match.operation.paged or match.operation.issues_tokens,
            impersonate=bool(caller.client and caller.client.may_impersonate),
        )
        if match.operation.body is Body.READ:
            # What was read was decoded, so the coding that it came in is not true any more.
            headers = [pair for pair in headers if pair[0].lower() != "content-encoding"]
        query = f"?{target.query}" if target.query else ""
        reply = await self.upstream.send(
            incoming.method, f"{caller.application.hosts.api}{target.path}{query}", headers, body
        )
        if reply.status in _REDIRECTS and reply.status != _NOT_MODIFIED:
            reply.close()
            raise CronofyUnavailable(
                Code.UPSTREAM_REDIRECTED,
                "Cronofy answered with a redirect, which its API never does.",
                detail=str(reply.status),
            )
        return reply

    async def _answer(
        self, reply: UpstreamReply, incoming: Incoming, match: Match, caller: Caller, mode: str
    ) -> Answer:
        headers = to_client(
            reply.headers, mode_header=self.settings.mode_header, mode=mode, request_id=incoming.request_id
        )
        buffered = reply.status == _OK and (match.operation.paged or match.operation.issues_tokens)
        if not buffered or incoming.method == "HEAD":
            return Answer(reply.status, headers, None, reply)
        try:
            page = await reply.read(self.settings.max_page_bytes)
            if match.operation.issues_tokens:
                await self._bind(page, caller)
            else:
                origins = API_ORIGINS | {caller.application.hosts.api}
                page = relink_page(page, public_url=self.settings.public_url, known_origins=origins)
        except CronofyUnavailable as error:
            self.metrics.upstream_failures.labels(error.code).inc()
            raise
        finally:
            reply.close()
        validators = {"etag", "content-md5", "digest"}  # they were of other bytes
        return Answer(reply.status, [pair for pair in headers if pair[0].lower() not in validators], page, None)

    async def _bind(self, reply: bytes, caller: Caller) -> None:
        """Bind the token set of a new application calendar to its client."""
        try:
            tokens = read_token_reply(reply)
        except ReplyInvalid as error:
            raise CronofyUnavailable(
                Code.UPSTREAM_REPLY_INVALID, "Cronofy's answer holds no usable token set.", detail=str(error)
            ) from None
        if caller.client is not None:
            await self.bindings.remember(caller.client, tokens, account=tokens.account, scope=tokens.scope)


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
