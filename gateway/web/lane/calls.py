"""The story of a call in the lane: as in `web/api` and `web/request_log`, but for who reads and writes HTTP."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass

import structlog
from multidict import CIMultiDict

from gateway.flows.answers import Answer
from gateway.flows.proxy import Judged
from gateway.flows.sending import check_reply
from gateway.flows.standings import standing_of
from gateway.flows.upstream_port import UpstreamReply, WholeReply
from gateway.flows.witnesses import Witness
from gateway.rules.client import Client
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.headers import REQUEST_ID, to_client
from gateway.web.api import Call, carry, page_of, show_way_back
from gateway.web.bodies import too_large
from gateway.web.browser import SignedIn
from gateway.web.cors import readable
from gateway.web.keys import PublicDoors, RequestFacts
from gateway.web.lane.blocks import MOST_WAYS, Blocks
from gateway.web.lane.message import Message
from gateway.web.lane.protocol import Lane
from gateway.web.lane.reply import NO_BODY, reply_head
from gateway.web.lane.swift import Swift
from gateway.web.lane.ways import Way
from gateway.web.problem import Shape, refusal_parts
from gateway.web.request_log import begin, finish, note_failure

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WholeBody:
    """A request's body that is there; see `IncomingBody`."""

    raw: bytes
    limit: int

    @property
    def is_there(self) -> bool:
        """Whether there is one."""
        return bool(self.raw)

    @property
    def length(self) -> int:
        """Its length, in bytes."""
        return len(self.raw)

    async def read(self, limit: int) -> bytes:
        """Return it."""
        if len(self.raw) > limit:
            raise too_large(limit)
        return self.raw

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield it."""
        yield self.raw

    def refuse_early(self) -> None:
        """Refuse one that is larger than any may be."""
        if len(self.raw) > self.limit:
            raise too_large(self.limit)


class LaneCalls:
    """Answers the plain calls of the public listener.

    Args:
        doors: the stories.

    Attributes:
        blocks: header blocks that were read before.
        swift: takes those calls that need no task; None where the way to Cronofy is not one for that.
    """

    def __init__(self, doors: PublicDoors) -> None:
        self.doors = doors
        self.blocks = Blocks()
        courses = doors.proxy.sender.courses
        self._courses = courses
        self.swift = None if courses is None else Swift(doors, self.blocks, self)

    async def serve(self, message: Message, lane: Lane) -> bool:
        """Answer a message on a lane; say whether the connection may be used again."""
        facts = begin(message.headers.get(REQUEST_ID, ""), self.doors.metrics)
        return await self._answer(self._carry(message, facts), message, facts, lane)

    async def go_on(self, message: Message, judged: Judged, reply: WholeReply, facts: RequestFacts, lane: Lane) -> bool:
        """Answer a message that was judged, and that Cronofy has replied to."""
        return await self._answer(self._finish(judged, reply, facts), message, facts, lane)

    async def fail(self, message: Message, error: Exception, facts: RequestFacts, lane: Lane) -> bool:
        """Answer a message with an error."""

        async def raising() -> Answer:
            raise error

        return await self._answer(raising(), message, facts, lane)

    async def _finish(self, judged: Judged, reply: WholeReply, facts: RequestFacts) -> Answer:
        try:
            check_reply(reply)
        except CronofyUnavailable as error:
            self.doors.metrics.upstream_failures.labels(error.code).inc()
            raise
        try:
            return await self.doors.proxy.finish(judged, reply, facts.call)
        except RequestRefused as refused:
            if judged.incoming.connection and judged.caller.client is not None:
                show_way_back(refused, judged.caller.client, self.doors)
            raise

    async def _answer(self, work: Awaitable[Answer], message: Message, facts: RequestFacts, lane: Lane) -> bool:
        doors, status = self.doors, 0  # 0: the client left, or the answer broke off after its head
        try:
            try:
                answer = await work
            except ConnectionError:
                raise
            except Exception as caught:  # noqa: BLE001  the last line: no traceback may reach a client
                status = self._refuse(caught, message, facts, lane)
            else:
                status = await self._write(answer, message, facts, lane)
        except ConnectionError:
            return False
        finally:
            finish(facts, doors.metrics, method=message.method, status=status)
        return status > 0 and not message.closes

    async def _carry(self, message: Message, facts: RequestFacts) -> Answer:
        body = WholeBody(message.body, self.doors.max_body_bytes)
        body.refuse_early()
        call = Call(message.method, message.raw_path, message.headers, message.raw_headers, body)

        session: SignedIn | None = None

        async def find(client: Client) -> SignedIn | None:
            nonlocal session
            session = await self.doors.browser.signed_in(client, message.headers)
            return session

        def page(asked: Call, doors: PublicDoors, told: RequestFacts) -> Client | None:
            block, version = message.block, doors.registry.version
            if block is None:
                return page_of(asked, doors, told)
            if block.page is None or block.page[0] != version:
                block.page = version, page_of(asked, doors, told)
            return block.page[1]

        def note(judged: Judged) -> None:
            sessions = self.doors.browser.sessions
            witness = sessions.witness(session.client, session.handle) if session else None
            self._learn(message, judged, witness)

        # Somebody who calls once is not worth it.
        learns = message.block is not None and message.block.is_met_again
        return await carry(call, self.doors, facts, find, page, note if learns else None)

    def _learn(self, message: Message, judged: Judged, session: Witness | None) -> None:
        """Keep the way of a call for the next ones like it."""
        block, proxy = message.block, self.doors.proxy
        if block is None or block.closes or self._courses is None:
            return
        standing = standing_of(proxy, judged, session)
        if standing is None:
            block.ways.pop(judged.match.operation.name, None)
            return
        lines = proxy.sender.headers(judged.incoming, judged.match, judged.caller)
        course = self._courses.course(judged.caller.application.hosts.api, lines)
        name, headers, raw_path = proxy.answers.settings.mode_header, message.headers, message.raw_path

        def ours(mode: str, request_id: str) -> CIMultiDict[str]:
            lines = to_client((), mode_header=name, mode=mode, request_id=request_id, session=judged.caller.is_of_page)
            made = CIMultiDict(lines)
            readable(headers, raw_path, made, self.doors)
            return made

        if len(block.ways) >= MOST_WAYS:
            block.ways.clear()
        offered = headers.get(REQUEST_ID, "")
        block.ways[judged.match.operation.name] = Way(standing, course, offered, ours, self.doors.metrics)

    def _refuse(self, caught: Exception, message: Message, facts: RequestFacts, lane: Lane) -> int:
        error = note_failure(caught, facts, self.doors.metrics)
        parts = refusal_parts(error, request_id=facts.request_id, shape=Shape.API)
        headers = CIMultiDict(parts.headers)
        message.closes = message.closes or headers.pop("Connection", "") == "close"
        headers.setdefault("Content-Type", parts.content_type)
        readable(message.headers, message.raw_path, headers, self.doors)
        closes = message.closes or lane.is_ending
        head = reply_head(parts.status, headers, length=len(parts.body), has_body=True, closes=closes)
        lane.write(head if message.method == "HEAD" else head + parts.body)
        return parts.status

    async def _write(self, answer: Answer, message: Message, facts: RequestFacts, lane: Lane) -> int:
        headers = CIMultiDict(answer.headers)
        readable(message.headers, message.raw_path, headers, self.doors)
        streamed, body = answer.streamed, answer.body
        closes = message.closes or lane.is_ending
        if streamed is None:
            whole = body or b""
            head = reply_head(answer.status, headers, length=len(whole), has_body=True, closes=closes)
            lane.write(head if message.method == "HEAD" else head + whole)
            return answer.status
        try:
            await self._stream(answer.status, streamed, headers, message, lane, closes=closes)
        except CronofyUnavailable as error:
            # Returning would turn a cut body into a complete 200.
            facts.code = str(error.code)
            self.doors.metrics.upstream_failures.labels(error.code).inc()
            lane.abort()
            raise ConnectionResetError from None
        finally:
            streamed.close()
        return answer.status

    async def _stream(
        self,
        status: int,
        streamed: UpstreamReply,
        headers: CIMultiDict[str],
        message: Message,
        lane: Lane,
        *,
        closes: bool,
    ) -> None:
        """Write an upstream's answer: in one piece where its body is there already, else as it arrives."""
        announced = next((value for name, value in streamed.headers if name.lower() == "content-length"), "")
        length = int(announced) if announced.isascii() and announced.isdecimal() else None
        bare = message.method == "HEAD" or status in NO_BODY
        ready = None if bare else streamed.ready
        if length is None and ready is not None:
            length = len(ready)
        head = reply_head(status, headers, length=length, has_body=not bare, closes=closes)
        if bare or ready is not None:
            lane.write(head + ready if ready else head)
            await lane.drain()
            return
        lane.write(head)
        async for chunk in streamed.chunks():
            lane.write(chunk if length is not None else b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await lane.drain()
        if length is None:
            lane.write(b"0\r\n\r\n")
