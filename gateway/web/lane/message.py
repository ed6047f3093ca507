"""Which requests are so plain that they need no more than a few lines of HTTP.

Bytes in; a message, or NOT_YET (more has to come), or NOT_OURS (aiohttp shall read the very same bytes). Whatever is
unusual is not ours, and whatever is malformed: aiohttp's error path answers it. What is ours was read by llhttp, which
must find the message's end exactly where its length says.

Source: RFC 9112 sections 2 to 7.
"""

import re
from enum import Enum
from typing import Final

import httptools
from multidict import CIMultiDict

from gateway.web.lane.blocks import Block, Blocks

_STARTS: Final = (b"GET /v1/", b"POST /v1/", b"DELETE /v1/", b"HEAD /v1/", b"PUT /v1/", b"PATCH /v1/")
_LONGEST_START: Final = max(map(len, _STARTS))
_END: Final = b"\r\n\r\n"
# What llhttp reads in the same way; the target itself is judged later.
_LINE: Final = re.compile(rb"(GET|POST|DELETE|HEAD|PUT|PATCH) (/v1/[\x21-\x7e]*) HTTP/1\.1")
MAX_HEAD_BYTES: Final = 16_384
MAX_HEADERS: Final = 100
_MOST_DIGITS: Final = 6
MAX_BODY_BYTES: Final = 64 * 1024  # larger ones are streamed, by aiohttp
# Who sends one of these wants more of the protocol than is here.
_UNUSUAL: Final = ("transfer-encoding", "expect", "upgrade", "te", "trailer", "http2-settings")
_SINGLE: Final = ("host", "content-length", "authorization", "connection", "content-type", "content-encoding")


class Not(Enum):
    """Why there is no message."""

    YET = "more has to come"
    OURS = "aiohttp shall read it"


class Message:
    """A plain request; llhttp fills it in.

    Attributes:
        method: upper case.
        raw_path: the target, as sent.
        raw_headers: all header lines, in order.
        headers: the same, to look up by name.
        body: whole.
        closes: the client wants the connection to end with the answer.
        size: of all of it, in bytes.
        block: its header block, where that is one to remember.
    """

    __slots__ = ("_is_complete", "block", "body", "closes", "headers", "method", "raw_headers", "raw_path", "size")

    def __init__(self) -> None:
        self.method = ""
        self.raw_path = ""
        self.raw_headers: list[tuple[str, str]] = []
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.body = b""
        self.closes = False
        self.size = 0
        self.block: Block | None = None
        self._is_complete = False

    def on_url(self, raw: bytes) -> None:
        """Take in a piece of the target."""
        self.raw_path += raw.decode("ascii", "surrogateescape")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header line."""
        # llhttp leaves the blanks that stand at the end.
        pair = name.decode("ascii"), value.rstrip(b" \t").decode("utf-8", "surrogateescape")
        self.raw_headers.append(pair)
        self.headers.add(*pair)

    def on_body(self, piece: bytes) -> None:
        """Take in a piece of the body."""
        self.body += piece

    def on_message_complete(self) -> None:
        """Take in the end."""
        self._is_complete = True

    @property
    def is_complete(self) -> bool:
        """Whether llhttp has found the end."""
        return self._is_complete

    @property
    def path(self) -> str:
        """The raw target without its query."""
        return self.raw_path.partition("?")[0]


def take_message(buffer: bytearray, blocks: Blocks) -> Message | Not:
    """Read the message at the beginning of a buffer, which is left as it is."""
    head_size = _size_of_head(buffer)
    if isinstance(head_size, Not):
        return head_size
    line, _, raw = bytes(buffer[:head_size]).partition(b"\r\n")
    if (found := _LINE.fullmatch(line)) is None:
        return Not.OURS  # llhttp is more patient: two spaces, RTSP
    if (block := blocks.recall(raw)) is not None:
        return _known(found, block, head_size)
    message = _parsed(buffer, head_size)
    if isinstance(message, Message) and message.size == head_size:
        message.block = Block(message.raw_headers, message.headers, closes=message.closes)
        blocks.remember(raw, message.block)
    return message


def _known(line: "re.Match[bytes]", block: Block, size: int) -> Message:
    message = Message()
    message.method, message.raw_path = line[1].decode("ascii"), line[2].decode("ascii")
    message.raw_headers, message.headers, message.closes = block.raw_headers, block.headers, block.closes
    message.size, message.block, block.is_met_again = size, block, True
    return message


def _parsed(buffer: bytearray, head_size: int) -> Message | Not:
    message = Message()
    parser = httptools.HttpRequestParser(message)
    try:
        parser.feed_data(bytes(buffer[:head_size]))
        length = _length_of(message, parser)
        message.size = head_size + (length or 0)
        if length is not None and len(buffer) < message.size:
            return Not.YET
        if length:
            parser.feed_data(bytes(buffer[head_size : message.size]))
    except (httptools.HttpParserError, httptools.HttpParserUpgrade, UnicodeDecodeError):
        return Not.OURS
    if length is None or not message.is_complete:
        return Not.OURS
    message.method = parser.get_method().decode("ascii")
    return message


def _size_of_head(buffer: bytearray) -> int | Not:
    if not buffer.startswith(_STARTS):
        begins = len(buffer) < _LONGEST_START and any(one.startswith(buffer) for one in _STARTS)
        return Not.YET if begins else Not.OURS
    end = buffer.find(_END)
    if end < 0:
        return Not.OURS if len(buffer) > MAX_HEAD_BYTES else Not.YET
    return end + len(_END) if end + len(_END) <= MAX_HEAD_BYTES else Not.OURS


def _length_of(message: Message, parser: httptools.HttpRequestParser) -> int | None:
    """Return the length of a plain message's body, in bytes; None for one that is not plain."""
    headers = message.headers
    if parser.get_http_version() != "1.1" or len(message.raw_headers) > MAX_HEADERS or "host" not in headers:
        return None
    if any(name in headers for name in _UNUSUAL) or any(len(headers.getall(name, ())) > 1 for name in _SINGLE):
        return None
    connection = headers.get("connection", "").lower()
    if connection not in {"", "keep-alive", "close"}:
        return None
    message.closes = connection == "close"
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdecimal() or len(length) > _MOST_DIGITS:
        return None
    return int(length) if int(length) <= MAX_BODY_BYTES else None
