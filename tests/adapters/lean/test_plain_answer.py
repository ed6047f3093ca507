"""What is read without a parser is read as llhttp reads it; what is not as plain as that is left to it."""

from typing import Any

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.lean.plain_answer import read_plain
from tests.adapters.lean.exchanges import BY_HAND, generated

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PLAIN = HEAD + b"Content-Length: 2\r\n\r\nok"


class Seen:
    """What llhttp makes of an answer."""

    def __init__(self, data: bytes) -> None:
        self.lines: list[bytes] = []
        self.body = b""
        self.is_whole = False
        self.keeps = False
        self._parser: Any = httptools.HttpResponseParser(self)
        self._parser.feed_data(data)
        self.status = self._parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines.append(name + b": " + value)

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.is_whole, self.keeps = True, self._parser.should_keep_alive()


def agrees(data: bytes) -> bool:
    """Say whether an answer was read as a plain one, after checking that llhttp sees the very same."""
    plain = read_plain(data)
    if plain is None:
        return False
    seen = Seen(data)
    assert (seen.status, seen.lines, seen.body) == (200, *plain)
    assert seen.is_whole
    assert seen.keeps
    return True


def test_a_whole_answer_with_its_length_is_plain() -> None:
    assert agrees(PLAIN)
    assert agrees(HEAD + b"Content-Length: 0\r\nConnection: Keep-Alive\r\n\r\n")


@pytest.mark.parametrize(
    "data",
    [
        PLAIN[:-1],
        PLAIN + b"x",
        PLAIN + PLAIN,
        HEAD + b"\r\nok",
        HEAD + b"Content-Length: 2\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\ncontent-length: 3\r\n\r\nok",
        HEAD + b"Content-Length: +2\r\n\r\nok",
        HEAD + b"Content-Length:2\r\n\r\nok",
        HEAD + b"Content-Length : 2\r\n\r\nok",
        HEAD + b"Content-Length: 2 \r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: identity\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nConnection: x-secret\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nUpgrade: h2c\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nX-A: b\r\n c\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nX-A: b\nX-C: d\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nX-A: b\rX-C: d\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nX-A: caf\xe9\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nX-A: a\tb\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\n: b\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nX A: b\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\n" + b"X-A: b\r\n" * 200 + b"\r\nok",
        HEAD + b"Content-Length: 2\r\nX-A: " + b"b" * 20_000 + b"\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 204 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,
    ],
)
def test_whatever_is_unusual_is_llhttps(data: bytes) -> None:
    assert read_plain(data) is None


def test_every_exchange_of_the_conformance_suite_is_read_alike_or_not_at_all() -> None:
    whole = [b"".join(one.pieces) for one in (*BY_HAND, *generated()) if one.method == "GET"]
    # The generated ones have another reason phrase; with the usual one some of them are plain.
    usual = [one.replace(b" Some Reason\r\n", b" OK\r\n", 1) for one in whole]
    assert sum(agrees(one) for one in [*whole, *usual]) > 0


PIECES = st.sampled_from(
    (
        b"HTTP/1.1 200 OK\r\n",
        b"Content-Length: 2\r\n",
        b"Content-Length: 0\r\n",
        b"Connection: keep-alive\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"X-A: b\r\n",
        b"X-A:b\r\n",
        b"x: \x7f\r\n",
        b"\r\n",
        b"ok",
        b" ",
        b"\t",
        b"\n",
    )
)


@given(st.lists(PIECES, max_size=8).map(b"".join) | st.binary(max_size=60))
def test_whatever_is_read_as_plain_llhttp_reads_alike(tail: bytes) -> None:
    agrees(b"HTTP/1.1 200 OK\r\n" + tail)
    agrees(PLAIN[:-6] + tail)
    agrees(tail)


def test_what_is_remembered_of_lines_is_bounded() -> None:
    """ETag, Date and request ids are new with each answer."""
    from gateway.adapters.lean import plain_answer  # noqa: PLC0415  its memory is looked into here alone

    for number in range(plain_answer._MOST_LINES + 10):
        assert read_plain(HEAD + b'ETag: "%d"\r\nContent-Length: 0\r\n\r\n' % number) is not None
    assert len(plain_answer._known) <= plain_answer._MOST_LINES
