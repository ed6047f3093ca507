"""A request's head is written in one piece, and no value can become a line of its own."""

import pytest

from gateway.adapters.lean.request_head import request_head
from gateway.rules.errors import CronofyUnavailable


def test_the_head_has_the_target_as_it_is_and_no_line_that_nobody_named() -> None:
    head = request_head("GET", "/v1/a?b[]=%7e", "api.test", [("X-One", "1")], length=None, streamed=False)
    assert head == b"GET /v1/a?b[]=%7e HTTP/1.1\r\nHost: api.test\r\nX-One: 1\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "headers", "length", "streamed", "framing"),
    [
        ("POST", [], 3, False, b"Content-Length: 3"),
        ("POST", [], None, False, b"Content-Length: 0"),
        ("DELETE", [], None, False, b"Content-Length: 0"),
        ("POST", [], None, True, b"Transfer-Encoding: chunked"),
        ("POST", [("Content-Length", "9")], None, True, b"Content-Length: 9"),
    ],
)
def test_the_body_is_framed(
    method: str, headers: list[tuple[str, str]], length: int | None, streamed: bool, framing: bytes
) -> None:
    """An upstream that saw no length of an empty POST could wait for one."""
    lines = request_head(method, "/", "h", headers, length=length, streamed=streamed).split(b"\r\n")
    assert [line for line in lines if line.lower().startswith((b"content-length", b"transfer"))] == [framing]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"])
def test_a_line_break_in_a_value_sends_nothing(value: str) -> None:
    with pytest.raises(CronofyUnavailable):
        request_head("GET", "/", "h", [("X-One", value)], length=None, streamed=False)


def test_bytes_that_are_no_utf_8_go_out_as_they_came() -> None:
    assert b"X-A: \xe9\r\n" in request_head("GET", "/", "h", [("X-A", "\udce9")], length=None, streamed=False)
