"""Exchanges as they go over the wire: some by hand, most put together from parts. Each is told by both transports."""

import gzip
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

_BODIES = (b"", b"x", b'{"a":1}', b"\r\n\r\n", bytes(range(256)) * 300)


@dataclass(frozen=True)
class Exchange:
    """A request, and what the server answers, in pieces between which it waits a moment.

    Attributes:
        name: for the test's id.
        pieces: raw bytes of the answer.
        method: of the request.
        closes: the server closes the connection afterwards.
        fails: it is no answer at all; how far each gets before it knows is a matter of timing.
    """

    name: str
    pieces: tuple[bytes, ...]
    method: str = "GET"
    closes: bool = False
    fails: bool = False


def _framed(body: bytes, framing: str) -> tuple[bytes, bytes]:
    """Return the header that frames a body, and the body as it goes over the wire."""
    match framing:
        case "length":
            return b"Content-Length: %d\r\n" % len(body), body
        case "chunked":
            half = len(body) // 2
            parts = [part for part in (body[:half], body[half:]) if part]
            return b"Transfer-Encoding: chunked\r\n", b"".join(
                b"%x\r\n%b\r\n" % (len(p), p) for p in parts
            ) + b"0\r\n\r\n"
        case "chunk extensions and trailers":
            chunk = b"%X;name=value\r\n%b\r\n" % (len(body), body) if body else b""
            return b"Transfer-Encoding: Chunked\r\n", chunk + b"0\r\nX-Trailer: 1\r\n\r\n"
        case _:
            return b"", body


def _split(raw: bytes, how: str) -> tuple[bytes, ...]:
    match how:
        case "whole":
            return (raw,)
        case "head first":
            head, mark, rest = raw.partition(b"\r\n\r\n")
            return (head + mark, rest)
        case "in the middle of the head":
            return (raw[:9], raw[9:])
        case _:
            at = raw.index(b"\r\n\r\n") + 5
            return (raw[:at], raw[at:])


def generated() -> Iterator[Exchange]:
    """Yield every combination of status, framing, body, method and split that a server may send."""
    framings = ("length", "chunked", "chunk extensions and trailers", "until the end")
    splits = ("whole", "head first", "in the middle of the head", "in the middle of the body")
    for status, framing, (number, body), how in itertools.product(
        (200, 207, 404, 422, 500), framings, enumerate(_BODIES), splits
    ):
        header, wire = _framed(body, framing)
        head = b"HTTP/1.1 %d Some Reason\r\nContent-Type: application/json\r\nX-Two: a\r\n%bX-Two: b\r\n\r\n" % (
            status,
            header,
        )
        name = f"{status} {framing} body {number} {how}"
        yield Exchange(name, _split(head + wire, how), closes=framing == "until the end")
    for status, method, header in itertools.product(
        (200, 204, 304, 404),
        ("HEAD", "GET"),
        (b"", b"Content-Length: 0\r\n", b"Content-Length: 12\r\n", b"Transfer-Encoding: chunked\r\n"),
    ):
        if method == "HEAD" or status in {204, 304}:
            raw = b'HTTP/1.1 %d X\r\nETag: "a"\r\n%b\r\n' % (status, header)
            yield Exchange(f"{method} {status} {header.decode().strip()}", (raw,), method, closes=not header)


BY_HAND = (
    Exchange(
        "early hints first",
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",),
    ),
    Exchange(
        "continue first, apart", (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    ),
    Exchange("an old server", (b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold",), closes=True),
    Exchange("an old server with a length", (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold",), closes=True),
    Exchange(
        "connection: close", (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",), closes=True
    ),
    Exchange("no reason", (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",)),
    Exchange("empty reason", (b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",)),
    Exchange(
        "packed",
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            % len(gzip.compress(b"x" * 99, mtime=0))
            + gzip.compress(b"x" * 99, mtime=0),
        ),
    ),
    Exchange("spaces around a value", (b"HTTP/1.1 200 OK\r\nX-A:   b  \r\nContent-Length: 0\r\n\r\n",)),
    Exchange("an empty value", (b"HTTP/1.1 200 OK\r\nX-A:\r\nContent-Length: 0\r\n\r\n",)),
    Exchange("Latin-1 in a value", (b"HTTP/1.1 200 OK\r\nX-A: caf\xe9\r\nContent-Length: 0\r\n\r\n",)),
    Exchange("UTF-8 in a value", ("HTTP/1.1 200 OK\r\nX-A: café\r\nContent-Length: 0\r\n\r\n".encode(),)),
    Exchange(
        "many headers",
        (
            b"HTTP/1.1 200 OK\r\n"
            + b"".join(b"X-%d: %d\r\n" % (i, i) for i in range(90))
            + b"Content-Length: 0\r\n\r\n",
        ),
    ),
    Exchange("byte by byte", tuple(bytes([one]) for one in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")),
    Exchange("cut in the head", (b"HTTP/1.1 200 OK\r\nContent-Le",), closes=True),
    Exchange("cut in the body", (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok",), closes=True),
    Exchange("cut in a chunk", (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",), closes=True),
    Exchange(
        "cut before the last chunk",
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",),
        closes=True,
    ),
    Exchange("two lengths", (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",), closes=True),
    Exchange("a length that is none", (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",), closes=True),
    Exchange("a negative length", (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",), closes=True),
    Exchange(
        "a chunk size that is none",
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",),
        closes=True,
        fails=True,
    ),
    Exchange("not HTTP", (b"SSH-2.0-OpenSSH_9.2\r\n",), closes=True),
    Exchange("a status that is none", (b"HTTP/1.1 abc OK\r\n\r\n",), closes=True),
    Exchange("a space before the colon", (b"HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length: 0\r\n\r\n",), closes=True),
)
