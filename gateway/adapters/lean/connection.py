"""A connection to Cronofy: one exchange at a time, parsed by llhttp.

Whatever is not as it should be (bytes that nobody asked for, a second answer, an answer before the request was out,
an upgrade) costs the connection: the next caller must never read what was meant for somebody else (CVE-2026-71324).

Source: RFC 9112 sections 6 (message body), 9.3 (persistence); RFC 9110 section 15.2 (interim answers).
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

import httptools

from gateway.adapters.lean.failures import told
from gateway.adapters.lean.plain_answer import read_plain
from gateway.adapters.lean.reply import LeanReply, PlainReply, Taker
from gateway.adapters.one_retry import ConnectionLost
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_LINE_BYTES: Final = 16 * 1024
MAX_HEADERS: Final = 200
# In a row, and none of it a body's: interim answers, lines that do not end, chunk extensions, trailers.
MAX_BETWEEN_BYTES: Final = 2 * MAX_HEAD_BYTES
_INTERIM: Final = range(100, 200)
_SWITCHING: Final = 101


class Connection(asyncio.Protocol):
    """One connection.

    Args:
        freed: is called with it when the next exchange may begin.
        lost: is called with it when it has ended.

    Attributes:
        touched_at: the loop's time at which something went in or out.
        is_waiting: an answer, or more of one, is awaited from Cronofy, so time counts.
    """

    def __init__(self, freed: Callable[["Connection"], None], lost: Callable[["Connection"], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._freed = freed
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._head: Taker | None = None
        self._answered: Taker | None = None
        self._reply: LeanReply | None = None
        self._fresh: LeanReply | None = None  # not handed over yet
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._between_bytes = 0
        self._is_head_request = False
        self._is_sending = False
        self._is_held = False
        self._may_be_plain = False  # nothing of the answer has come yet, and the parser knows nothing of it
        self._is_interim = False
        self._has_answered = False
        self._ends_with_connection = False
        self._keeps = True
        self._writable: asyncio.Future[None] | None = None
        self._is_full = False
        self.touched_at = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether something is awaited from Cronofy."""
        return self._is_under_way and not self._is_held

    @property
    def _is_under_way(self) -> bool:
        return self._head is not None or self._reply is not None

    @property
    def is_usable(self) -> bool:
        """Whether an exchange may begin."""
        return self._transport is not None and not self._transport.is_closing() and self._keeps

    # What the pool and the upstream do with it.

    def begin(self, head: bytes, taker: Taker, *, is_head_request: bool = False, is_sending: bool = False) -> None:
        """Write a request's head, with its body where that is whole.

        Args:
            head: bytes to write.
            taker: waits for the answer.
            is_head_request: its answer has no body, whatever its headers say.
            is_sending: the body is still to come; `sent` is called after it.
        """
        assert self._transport is not None  # noqa: S101  the pool hands out connected ones only
        self._is_head_request, self._is_sending, self._has_answered = is_head_request, is_sending, False
        self._headers, self._head_bytes, self._between_bytes = [], 0, 0
        self._head = taker
        self._may_be_plain = self._keeps and not is_head_request and not is_sending
        self.touched_at = self._loop.time()
        self._transport.write(head)

    async def write(self, piece: bytes) -> None:
        """Write a piece of a request's body, not faster than it is taken.

        Raises:
            ConnectionLost: it has ended.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLost
        self.touched_at = self._loop.time()
        self._transport.write(piece)
        if self._is_full:
            self._writable = self._loop.create_future()
            await self._writable
            self.touched_at = self._loop.time()

    def sent(self) -> None:
        """Note that the request is out as a whole."""
        self._is_sending = False

    def time_out(self) -> None:
        """Give up waiting for Cronofy."""
        self._break(told(Code.UPSTREAM_TIMEOUT, "no answer in time" if self._reply is None else "stalled in its body"))

    def hold(self) -> None:
        """Read no further for now."""
        self._is_held = True
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read on."""
        self._is_held = False
        self.touched_at = self._loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def drop(self) -> None:
        """Cut it."""
        self._keeps = False
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take in bytes."""
        if self._head is None and self._reply is None:
            self.drop()  # nobody has asked for anything
            return
        self.touched_at = self._loop.time()
        if self._may_be_plain and (plain := read_plain(data)) is not None:
            taker, self._head = self._head, None
            self._freed(self)
            cast("Taker", taker).take(PlainReply(*plain))
            return
        self._may_be_plain = False
        self._between_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._break(told(Code.UPSTREAM_REPLY_INVALID, "switched protocols unasked"))
            return
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._break(
                cause.args[0]
                if isinstance(cause, _HeadTooLarge)
                else told(Code.UPSTREAM_UNREACHABLE, f"not HTTP: {type(error).__name__}")
            )
            return
        self._end_exchange()
        self._tell()
        if self._between_bytes > MAX_BETWEEN_BYTES and self._is_under_way:
            self._break(told(Code.UPSTREAM_UNREACHABLE, "much that is neither a head nor a body"))

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._keeps = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_exception(ConnectionLost())
        head, self._head = self._head, None
        reply, self._reply = self._reply, None
        self._lost(self)
        if head is not None:
            has_begun = self._has_answered or self._head_bytes > 0
            head.lose(told(Code.UPSTREAM_UNREACHABLE, "broke off in its head")() if has_begun else ConnectionLost())
        elif reply is not None:
            if self._ends_with_connection and error is None:
                reply.finish()
            else:
                reply.fail(told(Code.UPSTREAM_UNREACHABLE, "broke off in its body"))

    def pause_writing(self) -> None:
        """Note that Cronofy takes no more for now."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Note that it takes more again."""
        self._is_full = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # What llhttp calls.

    def on_message_begin(self) -> None:
        """Begin an answer; a second one to one request is nobody's."""
        self._has_answered = True
        self._headers, self._head_bytes = [], 0
        if self._head is None:
            self._keeps = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header line; trailers are dropped."""
        if self._head is None:
            return
        self._head_bytes += len(name) + len(value) + 4
        too_long = len(name) > MAX_LINE_BYTES or len(value) > MAX_LINE_BYTES
        if too_long or self._head_bytes > MAX_HEAD_BYTES or len(self._headers) >= MAX_HEADERS:
            raise _HeadTooLarge(told(Code.UPSTREAM_UNREACHABLE, "a head of too many lines or bytes"))
        self._headers.append((name, value.rstrip(b" \t")))  # llhttp leaves what stands at the end

    def on_headers_complete(self) -> None:
        """Make the answer of the head; it is handed over when all that came with it has been read."""
        if self._head is None:
            return
        status = self._parser.get_status_code()
        self._is_interim = status in _INTERIM and status != _SWITCHING
        if self._is_interim:
            return
        names = {name.lower() for name, _ in self._headers}
        self._ends_with_connection = not names & {b"content-length", b"transfer-encoding"}
        self._reply = LeanReply(status, self._headers, self)
        self._answered, self._head = self._head, None
        self._fresh = self._reply
        if self._is_head_request:
            self._keeps = self._keeps and self._parser.should_keep_alive()
            self._reply.finish()

    def on_body(self, piece: bytes) -> None:
        """Take in a piece of an answer's body."""
        if self._reply is None or self._is_head_request or not self._keeps:
            self._keeps = False
            return
        self._between_bytes = 0
        self._reply.feed(piece)

    def on_message_complete(self) -> None:
        """Take in an answer's end."""
        if self._is_interim:
            self._is_interim = False
            return
        if self._reply is not None:
            self._keeps = self._keeps and self._parser.should_keep_alive()
            self._reply.finish()

    def _end_exchange(self) -> None:
        """Let the next exchange begin, when this one is over and nothing is left in doubt."""
        reply = self._reply
        if reply is None or not reply.is_whole:
            return
        self._reply = None
        if self._is_head_request:
            self._parser = httptools.HttpResponseParser(self)  # the old one waits for the body that the head promises
        if self._is_sending or not self._keeps:
            self.drop()
        else:
            self._freed(self)

    def _tell(self) -> None:
        """Hand over an answer whose head has just come."""
        if self._answered is not None:
            taker, self._answered = self._answered, None
            reply, self._fresh = self._fresh, None
            taker.take(cast("LeanReply", reply))

    def _break(self, error: Callable[[], CronofyUnavailable]) -> None:
        head, self._head = self._head, None
        reply, self._reply = self._reply, None
        self.drop()
        if head is not None:
            head.lose(error())
        elif reply is not None:
            reply.fail(error)
            self._tell()


class _HeadTooLarge(Exception):
    """Raised inside of a callback, so that the parser stops."""
