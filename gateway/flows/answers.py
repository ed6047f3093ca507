"""From an upstream's reply to what goes back: the headers that cross, the mode on them, pages that lead back here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from gateway.flows.bindings import Bindings
from gateway.flows.callers import Caller
from gateway.flows.custodian import Custodian
from gateway.flows.elements import Elements
from gateway.flows.ownership import Ownership
from gateway.flows.upstream_port import UpstreamReply
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.batches import MULTI_STATUS, merged_answers
from gateway.rules.client import Custody
from gateway.rules.content_coding import decode_body
from gateway.rules.data_centres import API_ORIGINS
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.headers import Pairs, to_client
from gateway.rules.operations import Match
from gateway.rules.page_links import relink_page
from gateway.rules.token_reply import ReplyInvalid, read_token_reply
from gateway.rules.withheld import repeats

_OK: Final = 200
_SUCCESS: Final = range(200, 300)
_ERROR: Final = 400
_VALIDATORS: Final = frozenset({"etag", "content-md5", "digest"})  # they were of other bytes

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a whole body, or the upstream's reply to be streamed and then closed."""

    status: int
    headers: Pairs
    body: bytes | None
    streamed: UpstreamReply | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer is to.

    Attributes:
        method: of the request.
        request_id: of the request.
        match: its operation.
        caller: whose call it is.
        refused: of a batch, the answers to items that were not sent, by index.
        sent: the body that went to Cronofy, where it was read; empty where it was streamed.
    """

    method: str
    request_id: str
    match: Match
    caller: Caller
    refused: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    sent: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """Limits and names of answers.

    Attributes:
        public_url: the gateway's own origin.
        mode_header: name of the access-mode header.
        max_page_bytes: the largest page that is buffered.
    """

    public_url: str
    mode_header: str
    max_page_bytes: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Makes answers."""

    bindings: Bindings
    ownership: Ownership
    elements: Elements
    metrics: Metrics
    settings: AnswerSettings
    custodian: Custodian

    async def make(self, reply: UpstreamReply, asked: Asked, mode: str) -> Answer:
        """Return what goes back for an upstream's reply, whose head has arrived.

        Args:
            reply: the upstream's.
            asked: what it answers.
            mode: the mode header's value.

        Raises:
            CronofyUnavailable: the answer cannot be read, or leads elsewhere.
            StoreUnavailable: new tokens could not be bound.
        """
        headers = to_client(
            reply.headers,
            mode_header=self.settings.mode_header,
            mode=mode,
            request_id=asked.request_id,
            session=asked.caller.is_of_page or asked.match.operation.issues_tokens,
        )
        withheld = asked.caller.withheld
        headers = [pair for pair in headers if not any(one in pair[1] for one in withheld)]
        if withheld and reply.status >= _ERROR and asked.method != "HEAD":
            return await self._error(reply, headers, withheld)
        operation = asked.match.operation
        # Any success of an operation that issues tokens is read: what is not read is not kept here either.
        issues = operation.issues_tokens or operation.issues_element_token
        read = reply.status == _OK and operation.paged
        read = read or (reply.status in _SUCCESS and (issues or operation.learns))
        merged = bool(asked.refused) and reply.status == MULTI_STATUS
        if not (read or merged) or asked.method == "HEAD":
            return Answer(reply.status, headers, None, reply)
        try:
            body = await reply.read(self.settings.max_page_bytes)
            if merged:
                body = merged_answers(body, asked.refused)
            elif operation.issues_tokens:
                body = await self._bind(body, asked.caller)
            elif operation.issues_element_token:
                await self.elements.bind(body, asked.sent, asked.caller)
            elif operation.learns:
                await self.ownership.learn(asked.match, body, asked.caller)
            else:
                body = self.relinked(body, asked.caller)
        except CronofyUnavailable as error:
            self.metrics.upstream_failures.labels(error.code).inc()
            raise
        finally:
            reply.close()
        return Answer(reply.status, [pair for pair in headers if pair[0].lower() not in _VALIDATORS], body, None)

    def relinked(self, body: bytes, caller: Caller) -> bytes:
        """Return a page with its link on this gateway.

        Raises:
            CronofyUnavailable: it cannot be read, or leads elsewhere.
        """
        origins = API_ORIGINS | {caller.application.hosts.api}
        return relink_page(body, public_url=self.settings.public_url, known_origins=origins)

    async def _error(self, reply: UpstreamReply, headers: Pairs, withheld: tuple[str, ...]) -> Answer:
        """Return Cronofy's error, with its body only where that does not repeat what the gateway had sent."""
        try:
            body = await reply.read(self.settings.max_page_bytes)
        except CronofyUnavailable as error:
            self.metrics.upstream_failures.labels(error.code).inc()
            raise
        finally:
            reply.close()
        coding = ", ".join(value for name, value in reply.headers if name.lower() == "content-encoding")
        try:
            plain = decode_body(body, coding, limit=self.settings.max_page_bytes)
        except RequestRefused:  # nobody knows what is in it
            plain = None
        if plain is not None and not repeats(plain, withheld):
            return Answer(reply.status, headers, body, None)
        _log.warning(events.ANSWER_WITHHELD, status=reply.status)
        of_body = _VALIDATORS | {"content-type", "content-encoding"}
        return Answer(reply.status, [pair for pair in headers if pair[0].lower() not in of_body], b"", None)

    def make_own(self, asked: Asked, mode: str) -> Answer:
        """Return the answer to a batch of which no item is left to be sent."""
        headers = to_client(
            [("Content-Type", "application/json; charset=utf-8")],
            mode_header=self.settings.mode_header,
            mode=mode,
            request_id=asked.request_id,
            session=asked.caller.is_of_page,
        )
        return Answer(MULTI_STATUS, headers, merged_answers(b"", asked.refused), None)

    async def _bind(self, reply: bytes, caller: Caller) -> bytes:
        """Bind the token set of a new application calendar to its client, or keep it and return handles for it."""
        try:
            tokens = read_token_reply(reply)
        except ReplyInvalid as error:
            raise CronofyUnavailable(
                Code.UPSTREAM_REPLY_INVALID, "Cronofy's answer holds no usable token set.", detail=str(error)
            ) from None
        if caller.client is not None and caller.client.custody is Custody.GATEWAY:
            return await self.custodian.take_in(caller.client, reply, tokens)
        if caller.client is not None:
            await self.bindings.remember(caller.client, tokens, account=tokens.account, scope=tokens.scope)
        return reply
