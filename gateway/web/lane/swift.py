"""Calls that need no task: who calls, and what may go, was judged a moment ago, and a connection to Cronofy is there.

A call is sent when its bytes are read, and answered when Cronofy's are. Whatever is not as plain as that goes on as any
other call does, from where it is: nothing is judged here, and nothing is left out.
"""

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Final, Protocol

from gateway.flows.answers import Asked
from gateway.flows.incoming import CallFacts
from gateway.flows.proxy import Judged
from gateway.flows.upstream_port import WholeReply
from gateway.rules.errors import GatewayError, RequestRefused
from gateway.rules.operations import Match
from gateway.rules.plain_queries import is_plain
from gateway.rules.request_target import Target
from gateway.web.keys import PublicDoors, RequestFacts
from gateway.web.lane.answer_heads import AnswerHeads
from gateway.web.lane.blocks import Block, Blocks
from gateway.web.lane.message import Message
from gateway.web.lane.protocol import Lane
from gateway.web.lane.ways import Way
from gateway.web.request_log import finish, request_id, tell

_GET: Final = b"GET /v1/"
_VERSION: Final = b" HTTP/1.1"
_MOST_LINES: Final = 2_000
_LONGEST_LINE: Final = 512  # bytes
_OK: Final = 200


class LongWay(Protocol):
    """How a call goes on that is not so plain after all."""

    async def go_on(self, message: Message, judged: Judged, reply: WholeReply, facts: RequestFacts, lane: Lane) -> bool:
        """Answer with Cronofy's reply; see `LaneCalls.serve`."""
        ...

    async def fail(self, message: Message, error: Exception, facts: RequestFacts, lane: Lane) -> bool:
        """Answer with an error."""
        ...


class Line:
    """A request line that was read before: a GET whose query holds nothing that a rule looks at."""

    __slots__ = ("match", "name", "raw", "sent", "target")

    def __init__(self, raw: str, target: Target, match: Match) -> None:
        self.raw = raw
        self.target = target
        self.match = match
        self.name = match.operation.name
        self.sent = f"{target.path}?{target.query}" if target.query else target.path


class Swift:
    """Sends and answers such calls.

    Args:
        doors: the stories.
        blocks: header blocks that were read before.
        long_way: takes what is not plain.
    """

    def __init__(self, doors: PublicDoors, blocks: Blocks, long_way: LongWay) -> None:
        self.doors = doors
        self.long_way = long_way
        settings = doors.proxy.answers.settings
        self.settings = settings
        self.to_pages = AnswerHeads(settings.mode_header, to_page=True)
        self.to_others = AnswerHeads(settings.mode_header, to_page=False)
        self._blocks = blocks
        self._clock = doors.proxy.clock
        self._lines: dict[bytes, Line] = {}
        self._metrics = doors.metrics

    def begin(self, data: bytes, lane: Lane) -> "SwiftCall | None":
        """Send a call whose bytes have come; None where it has to take the long way."""
        end = data.find(b"\r\n")
        block = self._blocks.recall(data[end + 2 :])
        if block is None or not block.ways:
            return None
        line = self._lines.get(data[:end]) or self._read(data[:end])
        if line is None:
            return None
        way = block.ways.get(line.name)
        if way is None:
            return None
        if not way.standing.holds(self._clock.now()):
            del block.ways[line.name]  # and the token in it
            return None
        facts = RequestFacts(request_id(way.offered), perf_counter(), way.standing.facts)
        call = SwiftCall(self, lane, block, line, way, facts)
        if not call.is_sent():
            return None
        self._metrics.begin_one()
        return call

    def _read(self, raw: bytes) -> Line | None:
        if not raw.startswith(_GET) or not raw.endswith(_VERSION) or len(raw) > _LONGEST_LINE:
            return None
        path = raw[4 : -len(_VERSION)].decode("ascii", "replace")
        try:
            target, match = self.doors.proxy.table.read("GET", path)
        except RequestRefused:
            return None
        if not is_plain(target.query):
            return None
        if len(self._lines) >= _MOST_LINES:
            self._lines.pop(next(iter(self._lines)))
        self._lines[raw] = found = Line(path, target, match)
        return found


class SwiftCall:
    """A call under way."""

    __slots__ = ("_block", "_facts", "_lane", "_leave", "_line", "_swift", "_way")

    def __init__(self, swift: Swift, lane: Lane, block: Block, line: Line, way: Way, facts: RequestFacts) -> None:
        self._swift = swift
        self._lane = lane
        self._block = block
        self._line = line
        self._way = way
        self._facts = facts
        self._leave: Callable[[], None] | None = None

    def is_sent(self) -> bool:
        """Send it; say False where no connection to Cronofy is there."""
        self._leave = self._way.course.begin(self._line.sent, self._facts.request_id, self)
        return self._leave is not None

    def take(self, reply: WholeReply) -> None:
        """Answer with Cronofy's reply."""
        facts, way, line, lane = self._facts, self._way, self._line, self._lane
        tail = way.tail(line.target, line.match)
        answer = None if lane.is_ending else self._plain(reply, tail.before, tail.after)
        if answer is None:
            self._leave = reply.close  # if the client leaves before the task has begun
            go_on = self._swift.long_way.go_on
            lane.go_on(partial(go_on, self._message(), self._judged(), reply, self._as_judged(), lane))
            return
        tail.count()
        facts.call = tail.facts
        status = _OK if lane.has_written(answer) else 0
        metrics = self._swift.doors.metrics
        metrics.end_one()
        tell(facts, metrics, method="GET", status=status)
        lane.answered(keeps=status > 0)

    def lose(self, error: Exception) -> None:
        """Answer that there is no answer."""
        metrics = self._swift.doors.metrics
        if isinstance(error, GatewayError):
            metrics.upstream_failures.labels(error.code).inc()
        lane = self._lane
        self._leave = None
        lane.go_on(partial(self._swift.long_way.fail, self._message(), error, self._as_judged(), lane))

    def abandon(self) -> None:
        """Give it up: the client has left."""
        if self._leave is not None:
            self._leave()
        finish(self._as_judged(), self._swift.doors.metrics, method="GET", status=0)  # it was begun a while ago

    def _plain(self, reply: WholeReply, before: bytes, after: bytes) -> bytes | None:
        """Return the whole answer, head and body; None where it is no plain one."""
        body, way, operation = reply.ready, self._way, self._line.match.operation
        if body is None or reply.status != _OK:
            return None
        swift = self._swift
        heads = swift.to_pages if way.is_of_page else swift.to_others
        lines = heads.kept(reply.lines, changed=operation.paged)
        if lines is None:
            return None
        if operation.paged:
            if len(body) > swift.settings.max_page_bytes:
                return None
            try:
                body = swift.doors.proxy.answers.relinked(body, way.standing.caller)
            except GatewayError:
                return None
        head = b"\r\n".join(lines)
        for secret in way.withheld:
            if secret in head:
                return None
        return b"HTTP/1.1 200 OK\r\n%b\r\n%b%b%bContent-Length: %d\r\n\r\n%b" % (
            head,
            before,
            self._facts.request_id.encode(),
            after,
            len(body),
            body,
        )

    def _as_judged(self) -> RequestFacts:
        """Return the facts of a call whose answer is still to be told."""
        known = self._way.standing.facts
        self._facts.call = CallFacts(known.operation, known.client, "")
        return self._facts

    def _message(self) -> Message:
        message = Message()
        message.method, message.raw_path = "GET", self._line.raw
        message.raw_headers, message.headers, message.block = self._block.raw_headers, self._block.headers, self._block
        return message

    def _judged(self) -> Judged:
        """Return the call as it would have been judged."""
        standing, line = self._way.standing, self._line
        incoming = standing.incoming(line.raw, self._block.raw_headers, self._facts.request_id)
        asked = Asked("GET", self._facts.request_id, line.match, standing.caller)
        return Judged(incoming, line.target, None, None, asked, standing.known, None)
